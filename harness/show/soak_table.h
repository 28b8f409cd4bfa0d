/* The trends of a soak, as a table. */
#ifndef HARNESS_SOAK_TABLE_H
#define HARNESS_SOAK_TABLE_H

#include <stdio.h>

#include "harness/load/soak.h"

void pf_soak_print(const pf_soak *soak, FILE *stream);

#endif
