/* How times grow, as a table. */
#ifndef HARNESS_COMPLEXITY_TABLE_H
#define HARNESS_COMPLEXITY_TABLE_H

#include <stdio.h>

#include "harness/micro/complexity.h"

void pf_growth_print(const pf_growth *list, size_t count, FILE *stream);

#endif
