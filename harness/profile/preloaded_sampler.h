/* Samples by timers of each thread's CPU time, taken by an object that is preloaded
 * (preload/timer_sampler.c): for machines where perf events are not allowed. */
#ifndef HARNESS_PRELOADED_SAMPLER_H
#define HARNESS_PRELOADED_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/preload/sample_board.h"
#include "photofinish/status.h"

typedef struct pf_preloaded_sampler {
	pf_sample_board *board;
	int fd;
	uint64_t next;    /* ticket of the sample that is read next */
	uint64_t skipped; /* whose writer never ended it: it was killed */
	char library[4096];
} pf_preloaded_sampler;

/* `executable` as in pf_own_object. PF_ERR_UNAVAILABLE where the object is not there. */
pf_status pf_preloaded_open(pf_preloaded_sampler *sampler, const char *executable, uint32_t hz,
			    pf_error *error);

/* `last`: nobody writes any more. */
void pf_preloaded_drain(pf_preloaded_sampler *sampler, bool last,
			void (*take)(void *context, const pf_sample *sample), void *context);
uint64_t pf_preloaded_lost(const pf_preloaded_sampler *sampler);
void pf_preloaded_close(pf_preloaded_sampler *sampler);

#endif
