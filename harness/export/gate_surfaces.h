/* What a gate found, for others' tools. */
#ifndef HARNESS_GATE_SURFACES_H
#define HARNESS_GATE_SURFACES_H

#include <stdio.h>

#include "harness/gate/gate.h"

void pf_gate_markdown(const pf_gate *gate, FILE *stream);
/* JUnit XML: INCONCLUSIVE and NEW are skipped with their reason, INVALID is an error, FAIL a failure. */
void pf_gate_junit(const pf_gate *gate, FILE *stream);
/* Workflow commands of GitHub Actions, one line for each workload that did not pass. */
void pf_gate_annotations(const pf_gate *gate, FILE *stream);

#endif
