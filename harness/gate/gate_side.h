/* One arm inside a gate's process: a library, loaded here or in a twin process that takes turns with this
 * one. */
#ifndef HARNESS_GATE_SIDE_H
#define HARNESS_GATE_SIDE_H

#include "harness/gate/gate_protocol.h"

typedef struct pf_gate_side pf_gate_side;

/* Time of a run, less that in which it was ready and the kernel let something else run; and whether it did.
 * What it sleeps or waits for by itself counts. */
typedef struct pf_gate_slot {
	uint64_t wall_ns;
	bool preempted;
} pf_gate_slot;

/* Loads the library, here or (`twin`) in a process of its own that is forked now. PF_GATE_FINE, or what is
 * wrong, with details in `text`. Closed by pf_gate_side_close, also after a fault. */
pf_gate_fault pf_gate_side_open(const char *library, bool twin, pf_gate_side **out, char text[PF_GATE_TEXT]);
void pf_gate_side_close(pf_gate_side *side); /* NULL is fine */

const pf_workloads *pf_gate_side_table(const pf_gate_side *side); /* as it lies here; a twin has the same */

/* Of the workload with that name: an input of its default size divided by `cut`, not below its least. One at
 * a time. */
pf_gate_fault pf_gate_side_set_up(pf_gate_side *side, const char *name, unsigned cut,
				  char text[PF_GATE_TEXT]);
pf_gate_fault pf_gate_side_run(pf_gate_side *side, uint64_t units, pf_gate_slot *slot,
			       char text[PF_GATE_TEXT]);
pf_gate_fault pf_gate_side_digest(pf_gate_side *side, uint8_t out[PF_WORKLOAD_DIGEST_BYTES],
				  char text[PF_GATE_TEXT]);
void pf_gate_side_tear_down(pf_gate_side *side);

#endif
