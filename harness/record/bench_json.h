/* The record of timed commands: photofinish.time/1 (docs/time.md). */
#ifndef HARNESS_BENCH_JSON_H
#define HARNESS_BENCH_JSON_H

#include <jansson.h>

#include "harness/bench/bench.h"
#include "harness/record/record_head.h"

/* A new reference; NULL on failure. "partial" where it was stopped, or a command failed. */
json_t *pf_bench_record(const pf_bench *bench, const pf_record_head *head);

#endif
