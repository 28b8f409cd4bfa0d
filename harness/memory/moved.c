#include "harness/memory/moved.h"

#include <stdbool.h>
#include <stdlib.h>

void pf_event_note(pf_event_count *events, const pf_trace *traces, uint32_t workers, int32_t tid,
		   uint32_t bytes)
{
	uint32_t slot = 0;
	while (slot <= workers &&
	       (!tid || atomic_load_explicit(&traces[slot].tid, memory_order_relaxed) != tid)) {
		slot++;
	}
	events[slot].frames++;
	events[slot].bytes += bytes;
}

size_t pf_moved_collect(const pf_trace *traces, const pf_event_count *events, uint32_t workers,
			pf_moved **out)
{
	size_t count = 0, most = (size_t)(workers + 1) * PF_TRACE_HOPS + workers + 2;
	pf_moved *moved = calloc(most, sizeof *moved);
	*out = NULL;
	if (!moved) {
		return 0;
	}
	for (uint32_t slot = 0; slot <= workers; slot++) {
		for (int i = 0; i < PF_TRACE_HOPS; i++) {
			const pf_hop *hop = &traces[slot].hops[i];
			bool sane = hop->kind > PF_HOP_NONE && hop->kind < PF_HOP_EVENTS &&
				    (hop->from <= workers || hop->from == PF_NO_SLOT);
			if (sane && hop->frames) {
				moved[count++] = (pf_moved){(pf_hop_kind)hop->kind, hop->from, slot,
							    hop->frames, hop->bytes};
			}
		}
	}
	for (uint32_t slot = 0; slot <= workers + 1; slot++) {
		if (events[slot].frames) {
			moved[count++] = (pf_moved){PF_HOP_EVENTS, slot <= workers ? slot : PF_NO_SLOT,
						    PF_HARNESS_SLOT, events[slot].frames, events[slot].bytes};
		}
	}
	if (!count) {
		free(moved);
		return 0;
	}
	*out = moved;
	return count;
}
