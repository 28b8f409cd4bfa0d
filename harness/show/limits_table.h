/* What this machine can do at most, as a table. */
#ifndef HARNESS_LIMITS_TABLE_H
#define HARNESS_LIMITS_TABLE_H

#include <stdio.h>

#include "harness/limits/limits.h"

void pf_limits_print(const pf_limits *limits, FILE *stream);

#endif
