/* The record of a load scenario: photofinish.load/1 (docs/load.md). */
#ifndef HARNESS_LOAD_JSON_H
#define HARNESS_LOAD_JSON_H

#include "harness/load/load.h"
#include "harness/load/slo.h"

/* Each writes to `path` ("-": standard output), all or nothing. */
pf_status pf_load_write(const pf_load *load, const pf_slo *slos, size_t slo_count, const char *path,
			pf_error *error);
pf_status pf_offline_write(const pf_run *run, const pf_interval *rate, const pf_slo *slos, size_t slo_count,
			   const char *path, pf_error *error);

#endif
