/* The spec file as libcyaml reads it, before any check of ranges. */
#ifndef PF_SPEC_SCHEMA_H
#define PF_SPEC_SCHEMA_H

#include "datasets/dataset_spec.h"

typedef struct pf_raw_camera {
	char *make, *model, *serial, *lens;
	unsigned width, height;
	bool subseconds;
} pf_raw_camera;

typedef struct pf_raw_group {
	pf_group_kind kind;
	unsigned frames, frames_max;
	char *camera; /* NULL where none is given */
	bool no_subseconds;
} pf_raw_group;

typedef struct pf_raw_mix {
	unsigned portrait, second_athlete, crowd, frontal, close_up, blur, defocus, exposure, noise;
	unsigned variety; /* 0 where it is not given */
} pf_raw_mix;

typedef struct pf_raw_spec {
	char *name, *summary, *start;
	uint64_t seed;
	unsigned photos, quality, frames_per_second;
	pf_naming naming;
	pf_raw_camera *cameras;
	pf_raw_group *sequence;
	pf_motion *motions;
	pf_palette *palettes;
	pf_pattern *patterns;
	pf_backdrop *backdrops;
	unsigned camera_count, sequence_count, motion_count, palette_count, pattern_count, backdrop_count;
	pf_raw_mix mix;
} pf_raw_spec;

/* On success the caller frees *raw with pf_spec_parse_free. */
pf_status pf_spec_parse(const char *path, pf_raw_spec **raw, pf_error *error);
void pf_spec_parse_free(pf_raw_spec *raw);

#endif
