/* What bench measured: operation by size, ways side by side. */
#ifndef HARNESS_MICRO_TABLE_H
#define HARNESS_MICRO_TABLE_H

#include <stdio.h>

#include "harness/micro/micro.h"

/* The ways of each workload that has several, beside each other; what was not counted, and why. Prints
 * nothing where there is nothing of it. */
void pf_micro_print(const pf_micro *micro, FILE *stream);

/* The ways that are not here, of workloads whose names contain one that was executed or of all, and why. */
void pf_micro_print_missing(const pf_micro *micro, FILE *stream);

#endif
