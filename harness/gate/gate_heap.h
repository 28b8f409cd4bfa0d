/* The heap of this process, as the preloaded object counts it (harness/preload/). */
#ifndef HARNESS_GATE_HEAP_H
#define HARNESS_GATE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct pf_gate_heap {
	uint64_t calls, bytes; /* allocations and reallocations so far, what they asked for */
	int64_t live_bytes, peak_bytes;
} pf_gate_heap;

/* What it is now; the peak is that since the last look. False in a process without that object. */
bool pf_gate_heap_look(pf_gate_heap *heap);

#endif
