/* One process that runs workloads: started, listened to, ended. */
#ifndef HARNESS_GATE_ASK_H
#define HARNESS_GATE_ASK_H

#include "harness/gate/gate_protocol.h"
#include "photofinish/status.h"

typedef struct pf_gate_answer {
	pf_gate_frame *frames; /* of workloads that were ended; owned */
	size_t count;
	/* The process died or hung, and at which workload (UINT32_MAX: at none). PF_GATE_FINE else. */
	pf_gate_fault ending;
	uint32_t at;
	char text[PF_GATE_TEXT];
} pf_gate_answer;

typedef struct pf_gate_setting {
	double timeout_s;          /* of the whole process; > 0 */
	bool count_allocations;    /* by the preloaded object */
	const char *const *before; /* words before the program's own, as of valgrind; NULL: none */
} pf_gate_setting;

/* Runs an order to its end. A process that crashes, hangs or ends too early is an answer, not an error;
 * PF_ERR_CANCELLED after an interrupt. The caller frees *answer by pf_gate_answer_free, also after an error.
 */
pf_status pf_gate_ask(const pf_gate_order *order, const pf_gate_setting *setting, pf_gate_answer *answer,
		      pf_error *error);
void pf_gate_answer_free(pf_gate_answer *answer);

#endif
