/* What the gate and the processes in which it runs workloads tell each other: an order on descriptor 3,
 * frames on descriptor 4. Both ends are this program. */
#ifndef HARNESS_GATE_PROTOCOL_H
#define HARNESS_GATE_PROTOCOL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "photofinish/workload.h"

enum {
	PF_GATE_ORDER_FD = 3,
	PF_GATE_REPLY_FD = 4,
	PF_GATE_WORKLOADS_MOST = 64,
	PF_GATE_NAME = PF_WORKLOAD_NAME_MAX + 1,
	PF_GATE_TEXT = 256,
	/* Timed inputs have a sixteenth of their workload's default size, if it may be that small: short
	 * slots are disturbed less often. What is exact is looked at in the default size. */
	PF_GATE_CUT = 16,
	PF_GATE_LONG_CALL_NS = 2000000, /* a call that is longer has a slot of its own, and a wider margin */
};

typedef enum pf_gate_task {
	PF_GATE_LIST,  /* library[0]: a frame for each of its workloads */
	PF_GATE_EXACT, /* library[0]: digests, allocations */
	PF_GATE_COUNT, /* library[0]: set-up, one unit, then `units` more: for a tool that counts instructions
			*/
	PF_GATE_TIME,  /* both: slots of the one and the other in turn */
} pf_gate_task;

typedef enum pf_gate_way {
	PF_GATE_ONE_PROCESS,   /* both libraries loaded into one */
	PF_GATE_TWO_PROCESSES, /* one each, on one core; one waits on a futex while the other runs */
} pf_gate_way;

typedef struct pf_gate_order {
	uint32_t task, way, seed;
	uint32_t first; /* the arm that is loaded and set up first */
	int32_t cpu;    /* that it runs on; -1: any */
	uint32_t count; /* of workloads; 0: all of the table */
	uint64_t units;
	double seconds; /* of slots for each workload */
	char library[2][PATH_MAX];
	char workloads[PF_GATE_WORKLOADS_MOST][PF_GATE_NAME];
} pf_gate_order;

/* X(constant, name in records, what it means) */
#define PF_GATE_FAULT_LIST(X)                                                                         \
	X(PF_GATE_FINE, "none", "no fault")                                                           \
	X(PF_GATE_NO_LIBRARY, "not-loaded", "the library cannot be loaded")                           \
	X(PF_GATE_NO_TABLE, "no-table", "it has no table of workloads of this version")               \
	X(PF_GATE_MISSING, "missing", "it has no workload of that name")                              \
	X(PF_GATE_SET_UP_FAILED, "set-up-failed", "set-up failed")                                    \
	X(PF_GATE_RUN_FAILED, "run-failed", "a run failed")                                           \
	X(PF_GATE_IDLE, "idle", "a run leaves no output: it does nothing")                            \
	X(PF_GATE_NOT_LINEAR, "not-linear", "many units take no longer than one: it leaves out work") \
	X(PF_GATE_UNSTABLE, "unstable", "two runs on the same input differ")                          \
	X(PF_GATE_ENDED, "ended", "it ended the process")                                             \
	X(PF_GATE_CRASHED, "crashed", "it crashed")                                                   \
	X(PF_GATE_HUNG, "hung", "it did not end within the time limit")

#define PF_GATE_FAULT_ENUM(constant, name, text) constant,
typedef enum pf_gate_fault { PF_GATE_FAULT_LIST(PF_GATE_FAULT_ENUM) PF_GATE_FAULTS } pf_gate_fault;
#undef PF_GATE_FAULT_ENUM

/* Of one workload in one process. A frame with `begun` says which is at hand, should the process die. */
typedef struct pf_gate_frame {
	uint32_t begun;          /* 1: nothing else is filled in */
	uint32_t workload;       /* in the order's list, for PF_GATE_LIST in the table */
	uint32_t fault;          /* pf_gate_fault */
	uint32_t arm;            /* whose fault */
	uint32_t on_request;     /* it runs only where it is asked for by name */
	char text[PF_GATE_TEXT]; /* the fault's details */
	char name[PF_GATE_NAME], unit[PF_GATE_NAME];
	char within[PF_GATE_TEXT];  /* names, divided by blanks */
	char library[PF_GATE_TEXT]; /* pf_workloads.library */
	uint8_t digest[2][PF_WORKLOAD_DIGEST_BYTES];
	uint64_t units;             /* of one slot */
	uint32_t blocks, set_aside; /* of two slots each; not counted: something else ran meanwhile */
	uint64_t total_ns[2];       /* of each arm, over the blocks that count */
	uint64_t spent_ns;          /* set-up, checks and all slots of both arms */
	double median, total;       /* log(time of arm 1 / time of arm 0): of the middle block, of the sums */
	/* PF_GATE_EXACT: of one unit once warm. Not known without the object that counts them. */
	uint32_t allocations_known;
	uint64_t allocations, allocated_bytes, peak_bytes, leaked_bytes;
} pf_gate_frame;

const char *pf_gate_fault_name(pf_gate_fault fault); /* any value allowed */
const char *pf_gate_fault_text(pf_gate_fault fault);

#endif
