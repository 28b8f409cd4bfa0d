/* The record of a load on a server: photofinish.load/1 with `url` (docs/load.md). */
#ifndef HARNESS_URL_LOAD_JSON_H
#define HARNESS_URL_LOAD_JSON_H

#include <jansson.h>

#include "harness/load/stress.h"
#include "harness/record/record_head.h"

/* A new reference; NULL on failure. `stress` NULL: it was none. */
json_t *pf_url_load_record(const pf_url_load *load, const pf_stress *stress, const pf_slo *slos,
			   size_t slo_count, const pf_record_head *head);

#endif
