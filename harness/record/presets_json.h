/* The record of what presets cost and are worth. */
#ifndef HARNESS_PRESETS_JSON_H
#define HARNESS_PRESETS_JSON_H

#include <jansson.h>

#include "harness/presets/presets.h"

/* New reference ("photofinish.presets/1"); NULL on failure. docs/formats.md. */
json_t *pf_presets_json(const pf_presets *presets);

#endif
