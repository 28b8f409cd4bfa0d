/* Memory and allocations of a step, from trials of their own, as records have them. */
#ifndef HARNESS_MEMORY_JSON_H
#define HARNESS_MEMORY_JSON_H

#include <jansson.h>

#include "harness/run/memory_trials.h"

/* Sets the members "memory", "allocations" and "not_measured" of a step; NULL: nothing was asked for. */
void pf_step_memory_put(json_t *object, const pf_step_memory *step);

/* The reverse, for a step with so many workers; released with the report that it is part of. */
void pf_step_memory_of(const json_t *object, uint32_t workers, pf_step_memory *out);

#endif
