/* What a reader has to know of where workers ran: lines below the table. */
#ifndef HARNESS_PLACEMENT_LINES_H
#define HARNESS_PLACEMENT_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* Prints nothing where every worker had a core of its own and kept it. */
void pf_placement_print(const pf_run *run, FILE *stream);

#endif
