/* What observing cost, for people. */
#ifndef HARNESS_OBSERVER_LINES_H
#define HARNESS_OBSERVER_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* One line on the trial that suffered most of all that scored photos; nothing where no costs are known.
 * `columns`: 0 is unlimited. */
void pf_observer_print(const pf_run *run, int columns, FILE *stream);

/* The table of unit costs, with their spread and how many batches. */
void pf_observer_print_costs(const pf_observer *observer, FILE *stream);

#endif
