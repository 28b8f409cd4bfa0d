/* Samples by the kernel's perf events: the software clock of each processor, for a process and all that it
 * starts. Needs no PMU. */
#ifndef HARNESS_PERF_SAMPLER_H
#define HARNESS_PERF_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/preload/sample_board.h"
#include "harness/profile/process_maps.h"

enum { PF_PERF_PERIODS = 3 };

typedef struct pf_perf_cpu {
	int fds[PF_PERF_PERIODS]; /* all write into the ring of the first one; -1: not open */
	void *ring;
} pf_perf_cpu;

typedef struct pf_perf_sampler {
	pf_perf_cpu *cpus;
	size_t cpu_count;
	bool user_only;  /* the kernel's part may not be looked at */
	uint64_t lost;   /* samples, as the kernel says */
	uint64_t slowed; /* how often the kernel throttled it */
} pf_perf_sampler;

/* 0 where perf events may be used for sampling here, with *user_only; else the errno. Tries it out. */
int pf_perf_allowed(bool *user_only);

/* Samples of `pid` and all that it starts from now on, or from the exec of what it starts; `hz` a second of
 * CPU time. Returns 0 or an errno. The kernel's period cannot be changed for a process that is running
 * already, so there are three clocks of different, incommensurable periods: no beat with what a program does
 * regularly. */
int pf_perf_open(pf_perf_sampler *sampler, pid_t pid, bool on_exec, uint32_t hz);

/* Takes all that has come: mappings into `maps`, then samples to `take`, of each processor in order of time.
 */
void pf_perf_drain(pf_perf_sampler *sampler, pf_maps *maps,
		   void (*take)(void *context, const pf_sample *sample), void *context);
void pf_perf_close(pf_perf_sampler *sampler);

#endif
