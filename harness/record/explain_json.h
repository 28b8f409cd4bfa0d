/* What explain found, as JSON. */
#ifndef HARNESS_EXPLAIN_JSON_H
#define HARNESS_EXPLAIN_JSON_H

#include <jansson.h>

#include "harness/explain/explanation.h"

/* New reference: schema photofinish.explain/1 (docs/limits.md). */
json_t *pf_explain_json(const pf_explanation *own);

#endif
