/* What was counted in the trials of a run, below its table. */
#ifndef HARNESS_COUNTER_LINES_H
#define HARNESS_COUNTER_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* Nothing where no counters were asked for. By stage only of a run of one or two contestants, and of those
 * that change no other. */
void pf_counters_print(const pf_run *run, int columns, FILE *stream);

#endif
