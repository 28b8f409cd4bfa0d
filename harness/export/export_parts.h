/* What the exports have in common: which figures of a record may be shown. */
#ifndef HARNESS_EXPORT_PARTS_H
#define HARNESS_EXPORT_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/record/notebook_parts.h"

/* True if a trial of the step counts (pf_note_counts): its times may be shown. */
bool pf_export_timed(const json_t *variant);

/* True if its scores are the reference's, bit by bit, in all trials that have a time: neither approximate nor
 * unchecked, and no floor. */
bool pf_export_identical(const json_t *variant);

/* The largest `key` of the trials that count; false without one. */
bool pf_export_most(const json_t *variant, const char *key, double *most);

/* How many times as fast as the baseline; false for the baseline itself and for what has no such ratio. */
bool pf_export_over_baseline(const json_t *record, const json_t *variant, pf_interval *ratio);

/* The verdict on a variant of a journey, of pf_keep_name; "" where nothing was decided. */
const char *pf_export_verdict(const json_t *variant);

/* True if any variant has one. */
bool pf_export_decided(const json_t *record);

/* How many times as fast as the incumbent that it was compared with; false without such a ratio. */
bool pf_export_over_incumbent(const json_t *variant, pf_interval *ratio);

/* True if a failure of this step is what it is there to show (PF_CAP_MAY_CRASH). */
bool pf_export_may_fail(const json_t *variant);

#endif
