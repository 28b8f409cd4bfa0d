/* Dataset specs: YAML files under datasets/specs, read with a strict schema. */
#ifndef PF_DATASET_SPEC_H
#define PF_DATASET_SPEC_H

#include "datasets/render/render_scene.h"
#include "photofinish/status.h"

enum { PF_SPEC_CAMERAS_MAX = 4, PF_SPEC_SEQUENCE_MAX = 64, PF_SPEC_ID_CHARS = 32 };

typedef struct pf_spec_camera {
	char letter; /* A, B, ... by its place in the spec; part of file names */
	char make[32], model[32], serial[32], lens[48];
	unsigned width, height; /* of the sensor; landscape, even */
	bool subseconds;        /* writes SubSecTimeOriginal */
} pf_spec_camera;

typedef struct pf_spec_group {
	pf_group_kind kind;
	unsigned frames_min, frames_max;
	int camera;      /* index, or -1: drawn */
	bool subseconds; /* false: this group has none even on a body that writes them */
} pf_spec_group;

typedef enum pf_naming {
	PF_NAMING_TIME,   /* photos/20260607_101502_310_A_00311.jpg: one folder, renamed on ingest */
	PF_NAMING_FOLDERS /* photos/100NORD_A/A_00311.jpg: one folder for each body, as on the cards */
} pf_naming;

typedef struct pf_spec {
	char name[64], summary[160];
	uint64_t seed;
	unsigned photos;
	int quality;
	pf_naming naming;
	int64_t start_s; /* capture time of the first photo, local time counted as UTC, seconds since 1970 */
	unsigned frames_per_second;
	unsigned camera_count, sequence_count;
	pf_spec_camera cameras[PF_SPEC_CAMERAS_MAX];
	pf_spec_group sequence[PF_SPEC_SEQUENCE_MAX]; /* repeated until there are `photos` */
	pf_scene_choice choice;
	char id[PF_SPEC_ID_CHARS +
		1]; /* hexadecimal; over all that decides the photos' bytes, and the renderer's version */
} pf_spec;

/* Reads a spec: the path of a .yaml file, or the name of one in the installed folder. Errors name the file
 * and what is wrong with which key. PF_ERR_NOT_FOUND, PF_ERR_INVALID, PF_ERR_NO_MEMORY. */
pf_status pf_spec_load(const char *name_or_path, pf_spec *spec, pf_error *error);

/* Gives every camera about so many megapixels in its own proportions, and the spec another id. PF_ERR_INVALID
 * where a side would be too small or too large. */
pf_status pf_spec_resize(pf_spec *spec, double megapixels, pf_error *error);

/* Calls `visit` with the name of each installed spec in byte order. */
pf_status pf_spec_list(void (*visit)(void *context, const char *name), void *context, pf_error *error);

#endif
