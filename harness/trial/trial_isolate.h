/* What a worker process of a trial gives up before it works: docs/containment.md. */
#ifndef HARNESS_TRIAL_ISOLATE_H
#define HARNESS_TRIAL_ISOLATE_H

#include "harness/trial/trial_shared.h"
#include "photofinish/variant.h"

/* In the trial's process, while it may still open files: `shared` is its block, which lasts. */
pf_status pf_trial_isolate_prepare(struct pf_trial_shared *shared, pf_error *error);

/* pf_env.isolate: of the block, only its own trace, ring and place stay writable, and what probes ask for;
 * and it closes all that leads to the harness. */
pf_status pf_trial_isolate(const struct pf_env *env, uint32_t slot, pf_error *error);

#endif
