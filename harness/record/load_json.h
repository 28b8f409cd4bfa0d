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

/* What records of loads on servers have, too (url_load_json.h): percentiles are null where the sample does
 * not allow them; the last one adds what any record has, which is read from the rest. */
json_t *pf_load_percentiles_json(const pf_histogram *histogram);
json_t *pf_load_slos_json(const pf_slo *slos, size_t count);
json_t *pf_load_finish_json(json_t *record, const pf_record_head *head, const pf_session *session);

#endif
