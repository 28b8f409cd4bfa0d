/* What a reader of a run has to know of the machine before believing the figures. */
#ifndef HARNESS_MACHINE_LINES_H
#define HARNESS_MACHINE_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* A paragraph where the machine was busy with other things: how many trials are tagged, and by what; what
 * trials of one worker got of a core. Nothing on a quiet machine. `columns`: 0 is unlimited. */
void pf_machine_busy_print(const pf_run *run, int columns, FILE *stream);

#endif
