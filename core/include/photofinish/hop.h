/* Bytes that one process takes from another: who sent how much to whom. */
#ifndef PHOTOFINISH_HOP_H
#define PHOTOFINISH_HOP_H

#include <stdint.h>

#include "photofinish/status.h"

#define PF_NO_SLOT UINT32_MAX

/* X(constant, name in records). What is sent. */
#define PF_HOP_LIST(X)                                      \
	X(PF_HOP_PHOTOS, "photos") /* decoded */            \
	X(PF_HOP_BURSTS, "bursts") /* that were detected */ \
	X(PF_HOP_EVENTS, "events") /* to the harness, which counts them */

#define PF_HOP_ENUM(constant, name) constant,
typedef enum pf_hop_kind { PF_HOP_NONE, PF_HOP_LIST(PF_HOP_ENUM) PF_HOP_COUNT } pf_hop_kind;
#undef PF_HOP_ENUM

/* What a worker took from one other process through pipes. */
typedef struct pf_hop {
	uint32_t kind; /* pf_hop_kind; PF_HOP_NONE: not in use */
	uint32_t from; /* slot of the sender; PF_NO_SLOT: a process that has none */
	uint64_t frames, bytes;
} pf_hop;

#define PF_TRACE_HOPS 4 /* that a worker's trace has room for */

/* "photos"; "none" for any other value. */
PF_API const char *pf_hop_name(pf_hop_kind kind);

/* Of a trace's PF_TRACE_HOPS hops, the one in which its worker counts what it receives of that kind from slot
 * `from`; NULL where all are in use. The worker alone adds to it. */
PF_API pf_hop *pf_hop_of(pf_hop *hops, pf_hop_kind kind, uint32_t from);

#endif
