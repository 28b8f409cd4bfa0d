/* The table of a run, for people. */
#ifndef HARNESS_RUN_TABLE_H
#define HARNESS_RUN_TABLE_H

#include <stdio.h>

#include "harness/run/run.h"

/* What was run where, one row for each contestant, the baseline's stages, photos that could not be scored. */
void pf_run_print(const pf_run *run, FILE *stream);

/* Its parts, for other tables of a run; `columns` is the terminal's width, 0: unlimited. */
void pf_run_print_heading(const pf_run *run, int columns, FILE *stream);
void pf_run_print_failed(const pf_run *run, int columns,
			 FILE *stream); /* contestants without a time, each in as many lines as it takes */
void pf_run_print_warnings(const pf_run *run, int columns,
			   FILE *stream); /* what a reader has to know before believing the figures */
void pf_run_print_lost_photos(const pf_run *run, FILE *stream); /* that could not be scored */

/* "parallel x2 (more workers than cores)". */
void pf_run_label(const pf_contestant *contestant, char *out, size_t capacity);

/* A failure has no figures: what happened instead, in words. */
void pf_run_failure_text(const pf_contestant *contestant, char *out, size_t capacity);

#endif
