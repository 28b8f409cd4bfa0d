/* The record of timed commands: one JSON document, schema "photofinish.time/1" (docs/time.md), whose
 * "results" are those of hyperfine's export. */
#ifndef HARNESS_BENCH_JSON_H
#define HARNESS_BENCH_JSON_H

#include <stdio.h>

#include "harness/bench/bench.h"

/* Writes it, keys sorted; bench->rounds_done >= 1. */
pf_status pf_bench_json(const pf_bench *bench, FILE *stream, pf_error *error);

#endif
