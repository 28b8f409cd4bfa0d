/* Allocations of a run's steps. */
#ifndef HARNESS_ALLOCATION_TABLE_H
#define HARNESS_ALLOCATION_TABLE_H

#include <stdio.h>

#include "harness/run/memory_trials.h"

/* Stage by stage where there are one or two steps, else a line for each. */
void pf_allocation_print(const pf_run *run, int columns, FILE *stream);

#endif
