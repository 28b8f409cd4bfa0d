/* The record of an audit: photofinish.audit/1 (docs/audit.md). */
#ifndef HARNESS_AUDIT_JSON_H
#define HARNESS_AUDIT_JSON_H

#include <jansson.h>

#include "harness/audit/audit.h"
#include "harness/record/record_head.h"

/* A new reference; NULL on failure. */
json_t *pf_audit_record(const pf_audit *audit, const pf_record_head *head);

#endif
