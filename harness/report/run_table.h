/* The table of a run, for people. */
#ifndef HARNESS_RUN_TABLE_H
#define HARNESS_RUN_TABLE_H

#include <stdio.h>

#include "harness/measure/run.h"

/* What was run where, one row for each contestant, the baseline's stages, photos that could not be scored. */
void pf_run_print(const pf_run *run, FILE *stream);

#endif
