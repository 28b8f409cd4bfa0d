/* What tuning tries: the variant as it is, and others of its numbers. Pure functions but for the parsing. */
#ifndef HARNESS_TUNE_CANDIDATES_H
#define HARNESS_TUNE_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

#include "harness/run/run.h"

#define PF_TUNE_CANDIDATES_MOST 24
#define PF_TUNE_PRODUCT_MOST 8 /* where all combinations are no more than that, all are tried */

/* Candidate 0 is `name` with its defaults and `workers` workers. The axes are the workers (1, half of the
 * cores, all of them, one more, twice as many) and each whole-number option of the variant (half and twice
 * its default, or 4, 16 and 64 where that is "choose yourself", 0). All combinations, or each axis by itself
 * with the others at their defaults where those would be too many. Returns how many, at least 1; out has
 * PF_TUNE_CANDIDATES_MOST. */
pf_status pf_tune_candidates(const char *name, uint32_t workers, uint32_t cores, pf_contestant *out,
			     size_t *count, pf_error *error);

/* "workers=3,chunk=16": what of a label is set; "" for the variant as it is. */
const char *pf_tune_settings(const char *label);

#endif
