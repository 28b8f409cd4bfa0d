/* What a journey kept, below its table: nothing where nothing was decided. */
#ifndef HARNESS_DECISION_LINES_H
#define HARNESS_DECISION_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* A paragraph for each verdict, with each variant's time over that of the incumbent it met. */
void pf_decisions_print(const pf_run *run, int columns, FILE *stream);

#endif
