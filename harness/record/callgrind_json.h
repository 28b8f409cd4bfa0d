/* Instructions under callgrind, as records have them. */
#ifndef HARNESS_CALLGRIND_JSON_H
#define HARNESS_CALLGRIND_JSON_H

#include <jansson.h>

#include "harness/run/callgrind.h"

/* A new reference; null for NULL. */
json_t *pf_callgrind_json(const pf_callgrind *callgrind);

#endif
