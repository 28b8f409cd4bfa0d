/* What was counted of timed commands, below their table. */
#ifndef HARNESS_BENCH_COUNTERS_H
#define HARNESS_BENCH_COUNTERS_H

#include <jansson.h>
#include <stdio.h>

/* A row an event or derived figure, a column a command; then why there is nothing of some. Nothing where none
 * were asked for. `results`: of the record. */
void pf_bench_counters_print(const json_t *results, int columns, FILE *stream);

#endif
