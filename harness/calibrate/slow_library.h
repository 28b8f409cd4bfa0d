/* Libraries that are slower by a known amount: copies of harness/preload/slowed.c around a library, and how
 * much work makes how many percent. The amount is found once, by time, with both in turn in processes of
 * their own; from then on it is counted work. */
#ifndef HARNESS_SLOW_LIBRARY_H
#define HARNESS_SLOW_LIBRARY_H

#include "harness/calibrate/cell.h"
#include "photofinish/status.h"

enum { PF_DOSE_PERCENT = 5 }; /* that doses are found at; smaller ones are shares of it */

/* What makes a unit of a workload PF_DOSE_PERCENT slower. */
typedef struct pf_dose {
	char workload[PF_GATE_NAME];
	unsigned long rounds, lines; /* of arithmetic; of cache lines */
	double unit_ns;
} pf_dose;

typedef struct pf_slow_recipe {
	char object[PATH_MAX]; /* the built slowed.c */
	pf_slowdown slowdown;  /* PF_SLOWDOWN_COMPUTE, _MEMORY, _RARE */
	double percent;        /* 0: wrapped, and nothing added */
	const pf_dose *doses;
	size_t count;
} pf_slow_recipe;

/* PF_ERR_UNAVAILABLE: the object is not there. */
pf_status pf_slow_object(char path[PATH_MAX], pf_error *error);

/* Writes the library `path` around `within`, with PATH.slow beside it; replaces what is there. */
pf_status pf_slow_write(const pf_slow_recipe *recipe, const char *within, const char *path, pf_error *error);

/* Finds the dose of dose->workload on processor `cpu`, with libraries written into `folder`. Some 10 s. */
pf_status pf_slow_find_dose(const char *within, const char *folder, int cpu, pf_dose *dose, pf_error *error);

#endif
