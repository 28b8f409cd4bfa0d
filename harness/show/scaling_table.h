/* One variant with several numbers of workers: speedup, Amdahl's bound, the Universal Scalability Law. */
#ifndef HARNESS_SCALING_TABLE_H
#define HARNESS_SCALING_TABLE_H

#include <stdio.h>

#include "harness/run/run.h"

/* Contestants of one variant that differ in their workers; the first one has one worker: speedups are over
 * it, paired by round. */
void pf_scaling_print(const pf_run *run, FILE *stream);

#endif
