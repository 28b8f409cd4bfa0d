/* How times grow, as JSON: photofinish.complexity/1. */
#ifndef HARNESS_COMPLEXITY_JSON_H
#define HARNESS_COMPLEXITY_JSON_H

#include <jansson.h>

#include "harness/micro/complexity.h"

#define PF_COMPLEXITY_SCHEMA "photofinish.complexity/1"

/* A new reference. */
json_t *pf_growth_json(const pf_growth *list, size_t count, double seconds, bool complete);

#endif
