/* The background: a far part (stands, trees, houses) drawn once per group and a ground drawn per photo, both
 * at half the photo's resolution, since they lie out of the plane of focus. */
#ifndef PF_RENDER_BACKDROP_H
#define PF_RENDER_BACKDROP_H

#include "datasets/render/render_layer.h"

/* X(constant, name, far part, ground) */
#define PF_BACKDROP_LIST(X)                                                 \
	X(PF_BACKDROP_STADIUM, stadium, PF_FAR_STANDS, PF_GROUND_TARTAN)    \
	X(PF_BACKDROP_PITCH, pitch, PF_FAR_STANDS, PF_GROUND_GRASS)         \
	X(PF_BACKDROP_ARENA, arena, PF_FAR_ARENA, PF_GROUND_WOOD)           \
	X(PF_BACKDROP_PARK, park, PF_FAR_TREES, PF_GROUND_GRASS)            \
	X(PF_BACKDROP_STREET, street, PF_FAR_HOUSES, PF_GROUND_ASPHALT)     \
	X(PF_BACKDROP_BEACH, beach, PF_FAR_HILLS, PF_GROUND_SAND)           \
	X(PF_BACKDROP_BLUE_TRACK, blue_track, PF_FAR_TREES, PF_GROUND_BLUE) \
	X(PF_BACKDROP_MEADOW, meadow, PF_FAR_HILLS, PF_GROUND_MEADOW)

#define PF_BACKDROP_ENUM(constant, ...) constant,
typedef enum pf_backdrop { PF_BACKDROP_LIST(PF_BACKDROP_ENUM) PF_BACKDROP_COUNT } pf_backdrop;
#undef PF_BACKDROP_ENUM

typedef enum pf_far { PF_FAR_STANDS, PF_FAR_ARENA, PF_FAR_TREES, PF_FAR_HOUSES, PF_FAR_HILLS } pf_far;
typedef enum pf_ground {
	PF_GROUND_TARTAN,
	PF_GROUND_BLUE,
	PF_GROUND_GRASS,
	PF_GROUND_MEADOW,
	PF_GROUND_WOOD,
	PF_GROUND_ASPHALT,
	PF_GROUND_SAND
} pf_ground;

pf_backdrop pf_backdrop_find(const char *name); /* PF_BACKDROP_COUNT where there is none */
pf_far pf_backdrop_far(pf_backdrop backdrop);
pf_ground pf_backdrop_ground(pf_backdrop backdrop);

/* Three planes of the same size, 16 units a level, Cb and Cr around 0. */
typedef struct pf_picture {
	int width, height;
	int16_t *y, *cb, *cr, *scratch;
	size_t capacity;
} pf_picture;

pf_status pf_picture_reset(pf_picture *picture, int width, int height); /* contents undefined */
void pf_picture_free(pf_picture *picture);

/* Lays a layer over the picture, both at the same scale. */
void pf_picture_lay(pf_picture *picture, const pf_layer *layer);

typedef struct pf_far_scene {
	pf_far far;
	uint64_t seed;
	float metre;  /* pixels per metre at the far part's distance */
	float foot_y; /* picture row of its foot */
	float blur;   /* radius of the lens' blur there, pixels */
	float light;  /* brightness, 1 neutral */
	float warm;
	int crowd; /* per cent of the seats taken */
} pf_far_scene;

/* Fills `picture`, which continues periodically to both sides. */
void pf_far_draw(const pf_far_scene *scene, const pf_noise_tiles *tiles, pf_picture *picture);

/* Smaller and smaller copies of the cloud tile: level k has side 256 >> k. */
typedef struct pf_mips {
	int8_t level[6][256 * 256];
} pf_mips;

void pf_mips_fill(pf_mips *mips, const pf_noise_tiles *tiles);

typedef struct pf_ground_scene {
	pf_ground ground;
	pf_view view;             /* of this picture's scale */
	float heading;            /* direction of the lanes */
	float travel_m;           /* way of the camera along the heading */
	float offset_u, offset_v; /* of the texture, metres */
	float lens;               /* blur radius in pixels per dioptre-like unit |1/d - 1/d0| */
	float light, warm;
	int first_row;
} pf_ground_scene;

void pf_ground_draw(const pf_ground_scene *scene, const pf_mips *mips, pf_picture *picture);

#endif
