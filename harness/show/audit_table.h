/* The verdicts of an audit, as a table. */
#ifndef HARNESS_AUDIT_TABLE_H
#define HARNESS_AUDIT_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* The record of one (audit_json.h); texts of a stored one have to be plain (plain_json.h). */
void pf_audit_print(const json_t *record, FILE *stream);

#endif
