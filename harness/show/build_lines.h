/* Which builds of photofinish took part, where one was another than this. */
#ifndef HARNESS_BUILD_LINES_H
#define HARNESS_BUILD_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* One line for each such contestant: its program, and in what it was built otherwise than this one. */
void pf_builds_print(const pf_run *run, int columns, FILE *stream);

#endif
