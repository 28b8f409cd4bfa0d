/* The verdicts of an audit, as a table. */
#ifndef HARNESS_AUDIT_TABLE_H
#define HARNESS_AUDIT_TABLE_H

#include <stdio.h>

#include "harness/audit/audit.h"

void pf_audit_print(const pf_audit *audit, FILE *stream);

#endif
