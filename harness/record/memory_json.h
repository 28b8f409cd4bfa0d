/* Memory, allocations and moved bytes as JSON. */
#ifndef HARNESS_MEMORY_JSON_H
#define HARNESS_MEMORY_JSON_H

#include <jansson.h>

#include "harness/run/memory_trials.h"

/* What was sampled in a trial of its own; null where it was not. */
json_t *pf_memory_json(const pf_step_memory *step);

/* An array of what the counting trials counted; null where allocations were not counted. */
json_t *pf_allocations_json(const pf_step_memory *step);

/* What a trial read and wrote by the kernel's count; null where it does not tell. */
json_t *pf_io_json(const pf_io_count *io);

/* Bytes by sender, receiver and kind. */
json_t *pf_moved_json(const pf_trial *trial);

#endif
