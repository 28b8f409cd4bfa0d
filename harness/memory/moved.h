/* Bytes that the processes of a trial moved between each other, and to the harness. */
#ifndef HARNESS_MOVED_H
#define HARNESS_MOVED_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/trace.h"

#define PF_HARNESS_SLOT (UINT32_MAX - 1)

/* Bytes that one process sent to another, without the frames' heads but for events. */
typedef struct pf_moved {
	pf_hop_kind kind;
	uint32_t from, to; /* slots; PF_NO_SLOT: a process that has none; to: PF_HARNESS_SLOT for events */
	uint64_t frames, bytes;
} pf_moved;

/* Events, by the slot that sent them: workers + 2, the last one of threads without a slot. */
typedef struct pf_event_count {
	uint64_t frames, bytes;
} pf_event_count;

/* Adds an event that thread `tid` sent. */
void pf_event_note(pf_event_count *events, const pf_trace *traces, uint32_t workers, int32_t tid,
		   uint32_t bytes);

/* All of a trial, in the order of the receiving slots, events last. *out is freed by the caller; NULL and 0
 * where nothing moved, or without memory. */
size_t pf_moved_collect(const pf_trace *traces, const pf_event_count *events, uint32_t workers,
			pf_moved **out);

#endif
