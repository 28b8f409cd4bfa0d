/* The record of a soak: photofinish.soak/1 (docs/load.md). */
#ifndef HARNESS_SOAK_JSON_H
#define HARNESS_SOAK_JSON_H

#include <jansson.h>

#include "harness/load/soak.h"
#include "harness/record/record_head.h"

/* A new reference; NULL on failure. */
json_t *pf_soak_record(const pf_soak *soak, const pf_record_head *head);

#endif
