/* Two contestants of a run against each other, for people. */
#ifndef HARNESS_COMPARE_TABLE_H
#define HARNESS_COMPARE_TABLE_H

#include <stdio.h>

#include "harness/run/run_comparison.h"

/* What was run where, both contestants, the word with what it rests on, the difference by stage. */
void pf_compare_print(const pf_run *run, const pf_run_comparison *comparison, FILE *stream);

#endif
