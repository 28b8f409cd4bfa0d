/* Micro-benchmarks: the workloads of libraries, by size and way, and what plug-ins register. Google Benchmark
 * executes them; the output of a workload is checked before it is timed. */
#ifndef HARNESS_MICRO_H
#define HARNESS_MICRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/counters/counters.h"
#include "photofinish/status.h"
#include "photofinish/workload.h"

enum { PF_MICRO_SIZES = 4, PF_MICRO_NAME = 160, PF_MICRO_WHY = 200 };

/* A time, or why there is none. */
typedef struct pf_micro_time {
	double real_ns, cpu_ns; /* of one unit, by the repetition of least CPU time; 0: not executed */
	char refused[PF_MICRO_WHY];
} pf_micro_time;

/* A workload in one way. */
typedef struct pf_micro_way {
	const pf_workloads *table;
	const pf_workload *workload;
	const char *way;                /* NULL: there is one */
	char name[PF_MICRO_NAME];       /* as it is registered, without sizes */
	uint64_t sizes[PF_MICRO_SIZES]; /* ascending; one of 0 where it has no size */
	size_t size_count;
	char missing[PF_MICRO_WHY]; /* it is not here, and why; "" : it is */
	pf_micro_time times[PF_MICRO_SIZES];
	bool checked[PF_MICRO_SIZES];
	uint8_t digests[PF_MICRO_SIZES][PF_WORKLOAD_DIGEST_BYTES];
} pf_micro_way;

typedef struct pf_micro {
	pf_micro_way *ways; /* those of a workload stand behind each other, the plainest first */
	size_t count;
	pf_counter_plan counters; /* counted in each loop; count 0: nothing */
	pf_counter_opening openings[PF_COUNTERS_MAX];
	size_t refused; /* executions that got no time, plug-ins' own too */
} pf_micro;

/* Adds all workloads of a table, each in all its ways, at 512, 1024, 2048 and 4096 squared where its size is
 * in pixels, else at the default and a quarter, a sixteenth and a sixty-fourth of it, within what it takes.
 * Aborts without memory. */
void pf_micro_add(pf_micro *micro, const pf_workloads *table);

/* Loads a shared object: its table of workloads, its own benchmarks, or both. It stays loaded. */
pf_status pf_micro_plugin(pf_micro *micro, const char *path, pf_error *error);

/* Registers all that is here, executes what matches (gbench_run.h) and fills in the times. Once. Returns how
 * many matched. */
size_t pf_micro_run(pf_micro *micro, const char *filter);
void pf_micro_release(pf_micro *micro);

#endif
