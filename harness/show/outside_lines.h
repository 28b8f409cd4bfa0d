/* What is said of the scores of programs from outside. */
#ifndef HARNESS_OUTSIDE_LINES_H
#define HARNESS_OUTSIDE_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* "identical", or of an approximate program what was checked: "approximate: 3 measures within 0.5". */
const char *pf_scores_text(const pf_contestant *contestant, char *out, size_t capacity);

/* Below the table: programs that wrote no scores, with their times, which stand in no ratio. */
void pf_unchecked_print(const pf_run *run, FILE *stream);

#endif
