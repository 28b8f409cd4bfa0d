/* The kinds of records, by their schemas. */
#ifndef HARNESS_RECORD_KIND_H
#define HARNESS_RECORD_KIND_H

#include <jansson.h>

#define PF_RECORD_SCHEMA "photofinish.run/1"
#define PF_TIME_SCHEMA "photofinish.time/1"
#define PF_LOAD_SCHEMA "photofinish.load/1"
#define PF_SOAK_SCHEMA "photofinish.soak/1"
#define PF_SWEEP_SCHEMA "photofinish.sweep/1" /* of several run records: its "runs" */
#define PF_AUDIT_SCHEMA "photofinish.audit/1"

typedef enum pf_record_kind {
	PF_RECORD_RUN,
	PF_RECORD_TIME,
	PF_RECORD_LOAD,
	PF_RECORD_SOAK,
	PF_RECORD_AUDIT,
	PF_RECORD_KINDS /* none of them */
} pf_record_kind;

pf_record_kind pf_record_kind_of(const json_t *record);

/* NULL, or what is wrong with what readers of that kind of record rest on (static text). */
const char *pf_record_fault(const json_t *record, pf_record_kind kind);

#endif
