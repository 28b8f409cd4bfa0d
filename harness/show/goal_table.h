/* How far the steps of a run are from its goal, for people. */
#ifndef HARNESS_GOAL_TABLE_H
#define HARNESS_GOAL_TABLE_H

#include <stdio.h>

#include "harness/run/run.h"

/* The projections to run->goal, which must be there, the first step that meets it, and what was not run for
 * that. Sentences are wrapped at `columns` (0: at 120). */
void pf_goal_print(const pf_run *run, int columns, FILE *stream);

#endif
