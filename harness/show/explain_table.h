/* Why a run takes as long as it does, for people. */
#ifndef HARNESS_EXPLAIN_TABLE_H
#define HARNESS_EXPLAIN_TABLE_H

#include <stdio.h>

#include "harness/explain/explanation.h"

void pf_explain_print(const pf_explanation *own, FILE *stream);

#endif
