/* The memory of a trial's processes over its time: PSS, sampled from outside. Looking costs the trial time
 * (page tables are walked under its locks), so that how often is bounded by what it costs. */
#ifndef HARNESS_MEMORY_SAMPLER_H
#define HARNESS_MEMORY_SAMPLER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/machine/smaps.h"
#include "photofinish/trace.h"

#define PF_MEMORY_POINTS 512 /* of a series at most; where there are more, every other one is dropped */
#define PF_MEMORY_ABSENT UINT64_MAX

typedef struct pf_memory_process {
	pid_t pid;
	uint32_t slot;    /* that it had when it was seen last; PF_NO_SLOT: none */
	uint32_t samples; /* in which it was there */
	pf_smaps peak;    /* at its largest PSS */
	uint64_t *pss;    /* of each point in bytes; PF_MEMORY_ABSENT: it was not there; owned */
} pf_memory_process;

typedef struct pf_memory_point {
	uint64_t at_ns;  /* since the trial began */
	pf_smaps all;    /* sums over its processes, which are read one after another */
	uint32_t probed; /* how many they were */
} pf_memory_point;

typedef struct pf_memory_series {
	pf_memory_process *processes;
	size_t process_count;
	pf_memory_point points[PF_MEMORY_POINTS];
	size_t point_count;
	uint32_t samples; /* that were taken; 0: none, and nothing else is told */
	pf_memory_point peak;
	uint64_t cost_ns; /* CPU time that looking took */
	int why_errno;    /* of the first look that told nothing of any process; 0: there was none */
} pf_memory_series;

typedef struct pf_memory_sampler {
	pf_memory_series *series;
	double share;           /* of the trial's time that looking may take, in CPU time of one core */
	uint64_t begin_ns;      /* of the trial, pf_now_ns */
	uint64_t last_ns;       /* of the last sample */
	uint64_t expected_ns;   /* what the next one costs */
	size_t stride, skipped; /* every stride-th sample becomes a point */
} pf_memory_sampler;

/* `share` > 0. The series is freed by pf_memory_series_free. False without memory. */
bool pf_memory_sampler_open(pf_memory_sampler *sampler, double share, uint64_t begin_ns);

/* Milliseconds until a sample may be taken, at most `most`. */
int pf_memory_sampler_wait_ms(const pf_memory_sampler *sampler, uint64_t now_ns, int most);

/* Takes a sample of all processes of group `group` if one is due. `traces` (workers + 1) tell the slots. */
void pf_memory_sampler_look(pf_memory_sampler *sampler, pid_t group, const pf_trace *traces,
			    uint32_t workers);

void pf_memory_series_free(pf_memory_series *series); /* NULL is fine */

#endif
