/* What a gate found, for people. */
#ifndef HARNESS_GATE_TABLE_H
#define HARNESS_GATE_TABLE_H

#include <stdio.h>

#include "harness/gate/gate.h"

/* The table, the sentence, the command. `columns` of the terminal; 0: unlimited. */
void pf_gate_print(const pf_gate *gate, int columns, FILE *stream);

/* What can be decided with these rules, for so many workloads. */
void pf_gate_print_plan(const pf_gate_request *request, size_t count, FILE *stream);

#endif
