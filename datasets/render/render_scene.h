/* Scenes: everything about a group of photos (who, where, from where) and about each photo of it (phase,
 * blur, exposure), drawn from a seed, and the truth that follows. All lengths in pixels are those of the
 * upright picture. */
#ifndef PF_RENDER_SCENE_H
#define PF_RENDER_SCENE_H

#include <stdbool.h>

#include "datasets/render/render_backdrop.h"
#include "datasets/render/render_body.h"

/* What a spec lets scenes choose from. */
typedef struct pf_scene_choice {
	pf_motion motions[PF_MOTION_COUNT];
	pf_palette palettes[PF_PALETTE_COUNT];
	pf_pattern patterns[PF_PATTERN_COUNT];
	pf_backdrop backdrops[PF_BACKDROP_COUNT];
	unsigned motion_count, palette_count, pattern_count, backdrop_count; /* each at least 1 */
	float portrait, second_athlete, crowd, frontal, close_up;            /* probabilities, 0 .. 1 */
	float blur, defocus, exposure, noise;                                /* severities, 1 is usual */
	float variety; /* probability that an athlete's joints are turned at random besides the motion */
} pf_scene_choice;

typedef enum pf_group_kind { PF_GROUP_BURST, PF_GROUP_SINGLE, PF_GROUP_BRACKET } pf_group_kind;

typedef struct pf_scene_request {
	const pf_scene_choice *choice;
	uint64_t seed;
	uint32_t group;
	pf_group_kind kind;
	unsigned frames;
	float frames_per_second;
	unsigned sensor_width, sensor_height; /* landscape */
} pf_scene_request;

typedef struct pf_actor {
	pf_look look;
	pf_motion motion;
	pf_body_pose variation; /* added to the motion's angles; all 0 for most */
	float heading, phase0;
	float x_m, z_m; /* place in the scene; the main athlete's is 0, 0 */
} pf_actor;

/* A group's scene. Plain data: copy it freely. */
typedef struct pf_scene {
	pf_scene_request request;
	unsigned width, height; /* upright */
	int orientation;        /* EXIF: 1, 6 or 8 */
	bool frontal, close_up;
	pf_actor actors[2];
	int actor_count;
	pf_view view; /* of the first photo, before its jitter */
	pf_light light;
	bool hard_shadow;
	pf_backdrop backdrop;
	pf_far_scene far_scene; /* for the half-size background */
	float far_distance_m;
	float lens; /* blur in pixels of the full picture per 1/m */
	float exposure_s, f_number;
	unsigned iso;
	float group_ev, noise_sigma, vignette;
} pf_scene;

typedef enum pf_blur { PF_BLUR_NONE, PF_BLUR_SUBJECT, PF_BLUR_SHAKE } pf_blur;

/* COCO: 0 outside the picture, 1 hidden, 2 visible */
typedef struct pf_figure_point {
	float x, y;
	int visibility;
} pf_figure_point;

typedef struct pf_figure {
	pf_figure_point keypoints[PF_KEYPOINT_COUNT];
	float box[4]; /* x0, y0, x1, y1 of the whole body, not cut at the picture's edges */
	bool face;    /* its face is frontal, unhidden and inside the picture */
	float face_box[4];
} pf_figure;

/* A photo of a scene, with its truth. */
typedef struct pf_shot {
	unsigned frame;
	pf_view view;
	float phase, peak_distance;
	pf_blur blur;
	float blur_x, blur_y;    /* motion of the athlete on the sensor during the exposure, pixels */
	float pan_x, pan_y;      /* motion of the background at the athlete's distance, pixels */
	float defocus;           /* blur radius on the athlete, pixels */
	float ev_error, ev_bias; /* total error (bias included), and the bracket's part */
	float travel_m;
	float cut;  /* share of the athlete's box outside the picture */
	float cost; /* of docs/datasets.md: the best photo of a burst has the least */
	pf_figure figures[2];
	pf_body bodies[2];
} pf_shot;

void pf_scene_draw(const pf_scene_request *request, pf_scene *scene);

/* `frame` 0 .. frames - 1. Independent of other frames. */
void pf_scene_shot(const pf_scene *scene, unsigned frame, pf_shot *shot);

#endif
