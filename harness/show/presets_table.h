/* What presets cost and what they are worth, as a table. */
#ifndef HARNESS_PRESETS_TABLE_H
#define HARNESS_PRESETS_TABLE_H

#include <stdio.h>

#include "harness/presets/presets.h"

void pf_presets_print(const pf_presets *presets, FILE *stream);

#endif
