/* Executing what was registered: Google Benchmark's part behind gbench.h. */
#ifndef HARNESS_GBENCH_RUN_H
#define HARNESS_GBENCH_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/micro/gbench.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called by each thread of a benchmark around its loop and its pauses. */
typedef struct pf_gbench_hooks {
	void (*begin)(void);
	void (*pause)(void);
	void (*resume)(void);
	void (*end)(pf_gbench_state *state); /* the loop is over */
} pf_gbench_hooks;

/* One line of its report: a run, or an aggregate of repetitions. */
typedef struct pf_gbench_line {
	const char *name;
	const char *aggregate;  /* "" of a run, else "mean", "BigO", ... */
	const char *refused;    /* NULL, or why there is no time */
	double real_ns, cpu_ns; /* of an iteration */
} pf_gbench_line;

/* What is taken from its command line (--benchmark_*): removed from argv. Once, before all else. False: one
 * is not known; it was named on standard error. */
bool pf_gbench_flags(int *argc, char **argv);
/* Whether results for people go to standard output. */
bool pf_gbench_is_for_people(void);
bool pf_gbench_only_lists(void);

/* A line of the context that reports begin with. */
void pf_gbench_context(const char *key, const char *value);

/* Executes what `filter` (a regular expression; NULL: as the flags say) matches. Its report goes where its
 * flags say; `take`, which may be NULL, gets each line. Returns how many benchmarks matched. */
size_t pf_gbench_run(const char *filter, const pf_gbench_hooks *hooks,
		     void (*take)(void *context, const pf_gbench_line *line), void *context);

#ifdef __cplusplus
}
#endif

#endif
