/* What limits writes, and what explain reads of it. */
#ifndef HARNESS_LIMITS_JSON_H
#define HARNESS_LIMITS_JSON_H

#include <jansson.h>

#include "harness/limits/limits.h"

/* New reference: schema photofinish.limits/1 (docs/limits.md). `dataset`: whose photos were decoded; NULL. */
json_t *pf_limits_json(const pf_limits *limits, const char *dataset, double seconds);

#endif
