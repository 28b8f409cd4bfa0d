/* Timed commands, for people and for documents. */
#ifndef HARNESS_BENCH_TABLE_H
#define HARNESS_BENCH_TABLE_H

#include <stdio.h>

#include "harness/bench/bench.h"

/* One row a command, then the first one against each other; bench->rounds_done >= 1. */
void pf_bench_print(const pf_bench *bench, FILE *stream);

/* The tables that hyperfine exports, with intervals. */
void pf_bench_markdown(const pf_bench *bench, FILE *stream);
void pf_bench_csv(const pf_bench *bench, FILE *stream);

#endif
