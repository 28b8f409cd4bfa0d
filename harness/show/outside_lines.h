/* What is said of scores that are not identical to the reference's: approximate ones, and none at all; and
 * of what a step was refused. */
#ifndef HARNESS_OUTSIDE_LINES_H
#define HARNESS_OUTSIDE_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* For a column of scores: "identical", or "-" for approximate ones, of which pf_approximate_print tells: no
 * cell of that column may be taken for another. */
const char *pf_scores_text(const pf_contestant *contestant);

/* Below the table, for each step with a time whose scores are approximate: "opencv  approximate: 3 measures
 * within 0.5". `columns` is the terminal's width, 0: unlimited. */
void pf_approximate_print(const pf_run *run, int columns, FILE *stream);

/* "Scores are approximate: 3 measures within 0.5." in a line of its own; nothing where none is declared. */
void pf_tolerance_print(const pf_tolerance *tolerance, FILE *stream);

/* Below the table: programs that wrote no scores, with their times, which stand in no ratio. */
void pf_unchecked_print(const pf_run *run, FILE *stream);

/* Below the table: system calls that processes of a step were refused. */
void pf_refused_print(const pf_run *run, FILE *stream);

#endif
