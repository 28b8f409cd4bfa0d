/* The record of an audit: photofinish.audit/1 (docs/audit.md). */
#ifndef HARNESS_AUDIT_JSON_H
#define HARNESS_AUDIT_JSON_H

#include "harness/audit/audit.h"

/* Writes it to `path` ("-": standard output), all or nothing. */
pf_status pf_audit_write(const pf_audit *audit, const char *path, pf_error *error);

#endif
