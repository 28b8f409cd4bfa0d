/* What was counted of timed commands, in their record. */
#ifndef HARNESS_BENCH_COUNTERS_JSON_H
#define HARNESS_BENCH_COUNTERS_JSON_H

#include <jansson.h>

#include "harness/bench/bench.h"

/* A new reference; null where nothing was asked for: {"events": [...], "derived": [...]}. An event has the
 * value of each round (null: not known, never 0) and their mean, or why there is none. */
json_t *pf_bench_counters_json(const pf_bench *bench, const pf_bench_command *command);

#endif
