/* What a load scenario gave: percentiles or throughput, and the objectives. */
#ifndef HARNESS_LOAD_TABLE_H
#define HARNESS_LOAD_TABLE_H

#include <stdio.h>

#include "harness/load/load.h"
#include "harness/load/slo.h"

void pf_load_print(const pf_load *load, const pf_slo *slos, size_t slo_count, FILE *stream);

/* The offline scenario is a run; `rate` its photos/s. */
void pf_offline_print(const pf_run *run, const pf_interval *rate, const pf_slo *slos, size_t slo_count,
		      FILE *stream);

#endif
