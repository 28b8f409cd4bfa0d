/* A variant against workers and chunks: throughput, latency, memory, the knee; speedup, Amdahl's bound, the
 * Universal Scalability Law. */
#ifndef HARNESS_SWEEP_TABLE_H
#define HARNESS_SWEEP_TABLE_H

#include <stdio.h>

#include "harness/run/run.h"

/* Contestants of one variant in groups that differ in their workers alone, each group beginning with one
 * worker: speedups are over it, paired by round. */
void pf_sweep_print(const pf_run *run, FILE *stream);

/* Index of the knee of `count` points by ascending concurrency: where throughput over latency, the power, is
 * largest (Kleinrock, ICC 1979). Latency is concurrency / throughput (Little's law), so that the power is
 * throughput^2 / concurrency. Throughputs of 0 are no points. `count` where there are fewer than two. */
size_t pf_sweep_knee(const double *concurrency, const double *throughput, size_t count);

#endif
