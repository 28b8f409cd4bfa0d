/* Intervals in records. */
#ifndef HARNESS_INTERVAL_JSON_H
#define HARNESS_INTERVAL_JSON_H

#include <jansson.h>

#include "harness/stats/student.h"

/* New reference: mean, low and high (null without an interval), level, method, n; null if not `known`. */
json_t *pf_interval_json(const pf_interval *interval, bool known);

#endif
