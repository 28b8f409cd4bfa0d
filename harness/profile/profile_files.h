/* A profile as files that other tools read. Each function writes to `stream` and returns PF_ERR_IO where that
 * fails, PF_ERR_NO_MEMORY. */
#ifndef HARNESS_PROFILE_FILES_H
#define HARNESS_PROFILE_FILES_H

#include <stdio.h>

#include "harness/profile/profile.h"
#include "photofinish/status.h"

/* Folded stacks: "stage;outer;inner COUNT", a line each (https://github.com/brendangregg/FlameGraph). */
pf_status pf_profile_write_folded(const pf_profile *profile, FILE *stream, pf_error *error);

/* https://www.speedscope.app/file-format-schema.json: one sampled profile a worker. */
pf_status pf_profile_write_speedscope(const pf_profile *profile, FILE *stream, pf_error *error);

/* https://github.com/google/pprof/blob/main/proto/profile.proto in gzip (stored). Labels: stage, part,
 * variant, worker. */
pf_status pf_profile_write_pprof(const pf_profile *profile, FILE *stream, pf_error *error);

/* An SVG that zooms on a click and searches, without anything from elsewhere. */
pf_status pf_profile_write_flame_graph(const pf_profile *profile, FILE *stream, pf_error *error);

/* The same of `profile`, coloured by the difference of shares: red where it is more than in `base`, blue
 * where it is less. What only `base` has has no width here: draw it the other way round, too. */
pf_status pf_profile_write_difference(const pf_profile *profile, const pf_profile *base, FILE *stream,
				      pf_error *error);

#endif
