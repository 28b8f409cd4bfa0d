/* What a reader of timed commands has to know before believing the figures. */
#ifndef HARNESS_BENCH_NOTES_H
#define HARNESS_BENCH_NOTES_H

#include <stdio.h>

#include "harness/bench/bench.h"

/* A paragraph where the machine was busy with other things, then what is odd about the times of each command:
 * failed runs, outliers, a slow first run, drift, very short runs. Nothing where all is well. `columns`: 0 is
 * unlimited. */
void pf_bench_notes_print(const pf_bench *bench, int columns, FILE *stream);

/* The same notes one by one, each a sentence or two without a line break. */
void pf_bench_notes(const pf_bench *bench, void (*tell)(void *context, const char *note), void *context);

#endif
