/* What a trial's process and the harness share: descriptors by number, and one block of memory. */
#ifndef HARNESS_TRIAL_SHARED_H
#define HARNESS_TRIAL_SHARED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/probe/probe.h"
#include "harness/registry/command.h"
#include "harness/trial/trial_order.h"
#include "photofinish/placement.h"
#include "photofinish/trace.h"
#include "photofinish/variant.h"

enum {
	PF_TRIAL_FD_EVENTS = 3,
	PF_TRIAL_FD_SHARED = 4,
	PF_TRIAL_FD_MANIFEST = 5,
	PF_TRIAL_FD_CONTAINMENT = 7
};

#define PF_TRIAL_MAGIC 0x70667432u /* "pft2" */

struct pf_trial_shared {
	uint32_t magic;
	uint32_t inbox_slots;  /* not 0: photos come one by one (photo_stream.h), in so many slots */
	uint32_t inbox_preset; /* the next two are of them */
	uint64_t inbox_slot_bytes;
	uint32_t takes_queries; /* not 0: what to score comes from PF_TRIAL_FD_QUERIES (queries.h) */
	uint64_t layout; /* pf_trial_layout of the harness's build: the process's own has to be the same */
	uint64_t bytes;  /* of the whole block */
	uint64_t known_offset; /* of the bits of photos that need not be scored (known_part.h); 0: none */
	pf_trial_order order;
	atomic_int cancel;
	pf_command_note command;
	uint64_t probe_offsets[PF_PROBE_COUNT]; /* of each probe's part in this block; 0: it has none */
	_Atomic int32_t died_tid; /* the thread that took the process with it; 0: none, or not known */
	/* workers + 1, as many rings after them, as many pf_place after those: whole pages for each worker */
	_Alignas(PF_SLOT_ALIGNMENT) pf_trace traces[];
};

/* Spans that are kept of each worker, the latest; their pages come into being as they are written. */
#define PF_TRIAL_RING 65536u

typedef struct pf_trial_ring {
	pf_span spans[PF_TRIAL_RING];
} pf_trial_ring;

_Static_assert(sizeof(pf_trace) % PF_SLOT_ALIGNMENT == 0 && sizeof(pf_place) % PF_SLOT_ALIGNMENT == 0 &&
		       sizeof(pf_trial_ring) % PF_SLOT_ALIGNMENT == 0,
	       "each worker has whole pages");

/* What the block takes with so many workers. */
static inline size_t pf_trial_shared_bytes(uint32_t workers)
{
	return sizeof(struct pf_trial_shared) +
	       (workers + 1) * (sizeof(pf_trace) + sizeof(pf_trial_ring) + sizeof(pf_place));
}

static inline pf_trial_ring *pf_trial_rings(struct pf_trial_shared *shared, uint32_t workers)
{
	return (pf_trial_ring *)(shared->traces + workers + 1);
}

static inline pf_place *pf_trial_places(struct pf_trial_shared *shared, uint32_t workers)
{
	return (pf_place *)(pf_trial_rings(shared, workers) + workers + 1);
}

#endif
