/* Which processors workers run on: the machine's topology, the choice of a place for each worker, and what
 * came of asking for it. Processors have the kernel's numbers; those from PF_MAX_CPUS on are not used. */
#ifndef PHOTOFINISH_PLACEMENT_H
#define PHOTOFINISH_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

#define PF_MAX_CPUS 1024

/* Processors, as bits. */
typedef struct pf_cpus {
	uint64_t bits[PF_MAX_CPUS / 64];
} pf_cpus;

static inline bool pf_cpus_has(const pf_cpus *cpus, uint32_t cpu)
{
	return cpu < PF_MAX_CPUS && cpus->bits[cpu / 64] >> (cpu % 64) & 1;
}

static inline void pf_cpus_add(pf_cpus *cpus, uint32_t cpu)
{
	cpus->bits[cpu / 64] |= (uint64_t)1 << (cpu % 64);
}

PF_API uint32_t pf_cpus_count(const pf_cpus *cpus);

/* "0,2,4-7"; "" for none; cut with "..." where it does not fit. `capacity` >= 4. Returns `out`. */
PF_API char *pf_cpus_text(const pf_cpus *cpus, char *out, size_t capacity);

/* Processors that the calling thread may use now. Empty where that cannot be read. */
PF_API pf_cpus pf_cpus_allowed(void);

/* One logical processor. Cores, sockets and memory nodes count from 0 through the whole machine; `sibling`
 * is its number among the allowed processors of its core. */
typedef struct pf_cpu {
	uint16_t cpu, core, socket, node, sibling;
	uint16_t near_device; /* 1: next to the first NVIDIA device on the PCI buses; 0: not, or none is seen
			       */
} pf_cpu;

/* The processors that may be used, in the machine's own order: neighbours share caches. */
typedef struct pf_topology {
	uint32_t count, cores, sockets, nodes; /* of what may be used */
	pf_cpu cpus[PF_MAX_CPUS];
} pf_topology;

/* Reads this machine's topology once (milliseconds), or, for tests, that of a hwloc description: synthetic
 * ("pack:2 core:4 pu:2") or XML. Takes in only processors of `allowed` (NULL: pf_cpus_allowed). In a child
 * process: hwloc dies where memory is short. */
PF_API pf_status pf_topology_read(const char *description, const pf_cpus *allowed, pf_topology *out,
				  pf_error *error);

/* X(constant, name on the command line and in records) */
#define PF_PLACEMENT_LIST(X)               \
	X(PF_PLACEMENT_NONE, "none")       \
	X(PF_PLACEMENT_CORES, "cores")     \
	X(PF_PLACEMENT_SOCKETS, "sockets") \
	X(PF_PLACEMENT_DEVICE, "device")   \
	X(PF_PLACEMENT_GIVEN, "list")

#define PF_PLACEMENT_ENUM(constant, name) constant,
typedef enum pf_placement_kind { PF_PLACEMENT_LIST(PF_PLACEMENT_ENUM) PF_PLACEMENT_COUNT } pf_placement_kind;
#undef PF_PLACEMENT_ENUM
PF_API const char *pf_placement_name(pf_placement_kind kind);

/* Where workers go: worker k to place k modulo `places`. Plain data: may be copied. */
typedef struct pf_placement {
	pf_placement_kind kind;
	uint32_t places; /* 0 with none */
	uint32_t cores;  /* that the places lie on */
	uint32_t count;  /* processors, in the order of the places */
	struct {
		uint16_t cpu, place;
	} cpus[PF_MAX_CPUS];
} pf_placement;

/* `text` is none; cores: one processor a place, each core's first, then their siblings; sockets: a place is
 * all of a socket; device: as cores, of those next to the GPU; or a list of processors, "0,2,4-7", one a
 * place in that order. PF_ERR_USAGE says what is wrong with the text. */
PF_API pf_status pf_placement_choose(const pf_topology *topology, const char *text, pf_placement *out,
				     pf_error *error);

/* Processors of worker k's place, k from 0. Empty with none. */
PF_API pf_cpus pf_placement_place(const pf_placement *placement, uint32_t worker);

#define PF_UNKNOWN UINT64_MAX

/* What a worker's slot asked for and got, in shared memory. Zeroed to begin with; the harness fills `asked`,
 * pf_worker_enter and pf_worker_leave the rest, as the thread that works. */
typedef struct pf_place {
	pf_cpus asked;          /* empty: not to be bound */
	pf_cpus got;            /* read back after binding */
	pf_cpus kept;           /* read back when the worker left */
	int32_t bind_errno;     /* of sched_setaffinity, 0: it did as asked, or nothing was asked */
	int32_t memory_errno;   /* of asking for memory of the worker's own node */
	uint32_t entered, left; /* how many workers entered the slot and left it; a killed one never does */
	uint64_t migrations;    /* from one processor to another, of those that left; PF_UNKNOWN */
	uint64_t involuntary_switches; /* the kernel gave the processor to others, of those that left */
	int32_t thread;                /* in the slot now, 0: none */
	uint64_t migrations_before, switches_before; /* of that thread when it entered */
	unsigned char unused[3656];                  /* as in pf_trace */
} pf_place;

#endif
