/* What the exports have in common: which figures of a record may be shown. */
#ifndef HARNESS_EXPORT_PARTS_H
#define HARNESS_EXPORT_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/record/notebook_parts.h"

/* True if the step's times may be shown: its scores were checked ("ok"), or it scores nothing by design
 * ("floor"), and so was a trial of it. */
bool pf_export_timed(const json_t *variant);

/* True if this trial's times may be shown: it was checked and ended well, and its step is ok or the floor. */
bool pf_export_trial_timed(const json_t *variant, const json_t *trial);

/* A non-negative number, of an object's member; false where it was not measured. */
bool pf_export_number(const json_t *object, const char *key, double *value);

/* Mean of `key` (and `part` within it) over the trials whose times may be shown; false without one. */
bool pf_export_mean(const json_t *variant, const char *key, const char *part, double *mean);

/* The largest of them; false without one. */
bool pf_export_most(const json_t *variant, const char *key, double *most);

/* How many times as fast as the baseline; false for the baseline itself and for what has no such ratio. */
bool pf_export_over_baseline(const json_t *record, const json_t *variant, pf_interval *ratio);

/* True if a failure of this step is what it is there to show (PF_CAP_MAY_CRASH). */
bool pf_export_may_fail(const json_t *variant);

#endif
