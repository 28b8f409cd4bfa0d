/* Timed commands, for people and for documents. */
#ifndef HARNESS_BENCH_TABLE_H
#define HARNESS_BENCH_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "harness/bench/bench.h"

/* One row a command, then the first one against each other; bench->rounds_done >= 1. */
/* The table, from the record (bench_json.h); texts of a stored one have to be plain (json_values.h). */
void pf_bench_print(const json_t *record, FILE *stream);

/* The tables that hyperfine exports, with intervals. */
void pf_bench_markdown(const pf_bench *bench, FILE *stream);
void pf_bench_csv(const pf_bench *bench, FILE *stream);

#endif
