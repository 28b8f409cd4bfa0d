/* Which variants take part in a journey. */
#ifndef HARNESS_JOURNEY_CHOICE_H
#define HARNESS_JOURNEY_CHOICE_H

#include "harness/run/run.h"

/* The contestants of a journey, in the order of pf_variants_in_order: all variants where `only` is NULL,
 * otherwise those that it lists, "NAME[:option=value,...],NAME,...": a part without a colon that has a "="
 * belongs to the options before it. A name may stand more than once with different options. PF_ERR_USAGE: a
 * name that is none, or one that stands twice. The caller frees *out. */
pf_status pf_journey_choose(const char *only, uint32_t workers, pf_contestant **out, size_t *count,
			    pf_error *error);

#endif
