/* Memory, bytes and allocations of a run's steps, below its table. */
#ifndef HARNESS_MEMORY_TABLE_H
#define HARNESS_MEMORY_TABLE_H

#include <stdio.h>

#include "harness/memory/memory_sampler.h"
#include "harness/run/memory_trials.h"

/* Everything that run->memory has; nothing where it is NULL. `columns` 0: unlimited. */
void pf_memory_print(const pf_run *run, int columns, FILE *stream);

/* The memory column of a step's row, and its head: what was sampled where it was, else the upper bound. */
const char *pf_memory_head(const pf_run *run);
void pf_memory_cell(const pf_run *run, const pf_contestant *contestant, char *out);

/* Largest PSS of a process (NULL: of all together) in each of `width` equal spans of the trial's time, as
 * characters from '.' to '#', blank where it was not there. Writes width + 1 bytes. */
void pf_memory_sparkline(const pf_memory_series *series, const pf_memory_process *process, int width,
			 char *out);

#endif
