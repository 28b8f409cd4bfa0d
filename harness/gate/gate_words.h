/* What a gate found, in words: the same on every surface. */
#ifndef HARNESS_GATE_WORDS_H
#define HARNESS_GATE_WORDS_H

#include <stdio.h>

#include "harness/gate/gate.h"

enum { PF_GATE_SENTENCE = 512 };

const char *pf_gate_verdict_upper(pf_gate_verdict verdict); /* "PASS" */

/* "+1.2 % (0.9 to 1.5)"; "-" where nothing was timed. */
char *pf_gate_effect(const pf_gate_workload *workload, char *out, size_t capacity);

/* The sentence that follows from the table. */
void pf_gate_sentence(const pf_gate *gate, char out[PF_GATE_SENTENCE]);

/* The command that runs the same gate again, for a shell, without a line's end: all that was not left as it
 * is by default. Not where results go. */
void pf_gate_replay(const pf_gate *gate, FILE *stream);

/* Processes a workload that fit into the time; 0: none. */
size_t pf_gate_affordable(const pf_gate_request *request, size_t count);

#endif
