/* The worker processes of a make: started, watched, replaced when they die. */
#ifndef PF_MAKE_POOL_H
#define PF_MAKE_POOL_H

#include "datasets/dataset_make.h"
#include "datasets/make_worker.h"

/* Runs `workers` processes until all photos are done, one fails, or the options' cancel flag is set. No child
 * is left when it returns; if the caller dies, they are killed. `began` is the clock (seconds) for the
 * progress, `resumed` the photos that were done before. */
pf_status pf_make_pool_run(const pf_make_job *job, const pf_make_options *options, unsigned workers,
			   double began, uint32_t resumed, pf_error *error);

/* Monotonic seconds. */
double pf_make_clock(void);

#endif
