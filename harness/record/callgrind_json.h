/* Instructions under callgrind, as records have them. */
#ifndef HARNESS_CALLGRIND_JSON_H
#define HARNESS_CALLGRIND_JSON_H

#include <jansson.h>

#include "harness/run/callgrind.h"

/* A new reference; null for NULL. */
json_t *pf_callgrind_json(const pf_callgrind *callgrind);

/* The reverse; false where nothing was asked for. */
bool pf_callgrind_of(const json_t *object, pf_callgrind *out);

#endif
