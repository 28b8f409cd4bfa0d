/* What variants whose workers are threads are built from: a pool of threads. */
#ifndef PHOTOFINISH_THREADS_H
#define PHOTOFINISH_THREADS_H

#include "photofinish/exec.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Runs every unit of the job, in order of their numbers, each on the next free of env->workers threads. A
 * thread is a worker with a slot and a trace of its own; its functions run in it, `tick` in the caller,
 * `died` never: what kills a thread kills the process. Returns the first failure (the others finish the unit
 * at hand), or PF_ERR_CANCELLED; all threads are gone then. */
PF_API pf_status pf_threads_run(const struct pf_env *env, const pf_pool_job *job, pf_error *error);

#endif
