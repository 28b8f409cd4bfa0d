/* The record of a load scenario: photofinish.load/1 (docs/load.md). */
#ifndef HARNESS_LOAD_JSON_H
#define HARNESS_LOAD_JSON_H

#include <jansson.h>

#include "harness/load/load.h"
#include "harness/load/slo.h"
#include "harness/record/record_head.h"

/* New references; NULL on failure. The offline scenario is a run, `rate` its photos/s. */
json_t *pf_load_record(const pf_load *load, const pf_slo *slos, size_t slo_count, const pf_record_head *head);
json_t *pf_offline_record(const pf_run *run, const pf_interval *rate, const pf_slo *slos, size_t slo_count,
			  const char *label);

#endif
