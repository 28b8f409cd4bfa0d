/* Where the processes of a trial count their allocations: one block of memory that is shared with the
 * harness. Written by the interposed functions (allocation_counter.c), read by harness/memory/allocations.c.
 */
#ifndef HARNESS_ALLOCATION_BOARD_H
#define HARNESS_ALLOCATION_BOARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/trace.h"

#define PF_ALLOCATION_MAGIC 0x70666163u                  /* "pfac" */
#define PF_ALLOCATION_VARIABLE "PHOTOFINISH_ALLOCATIONS" /* path of the block, in the environment */
#define PF_ALLOCATION_STAGE_SYMBOL "pf_allocation_stage"
#define PF_ALLOCATION_PROCESSES 256 /* of one trial; further ones are counted as lost */

/* Of one stage of one process; the last of the stages is "outside of all". */
typedef struct pf_allocation_cell {
	_Atomic uint64_t allocations, reallocations, frees; /* calls that did something */
	_Atomic uint64_t bytes;                             /* asked for by the first two */
	_Atomic int64_t peak_live_bytes; /* of the whole process while a thread of it was in the stage */
} pf_allocation_cell;

typedef struct pf_allocation_process {
	_Atomic int32_t pid;
	int64_t inherited_bytes; /* live heap that it had from its parent when it was forked */
	_Atomic int64_t live_bytes,
		peak_live_bytes; /* as the allocator rounds them; inherited ones included */
	pf_allocation_cell stages[PF_STAGE_COUNT + 1];
} pf_allocation_process;

typedef struct pf_allocation_board {
	uint32_t magic, capacity;
	_Atomic uint32_t used; /* may pass the capacity: what is beyond was lost */
	pf_allocation_process processes[PF_ALLOCATION_PROCESSES];
} pf_allocation_board;

/* Exported by the preloaded object: the stage that the calling thread is in from now on (PF_STAGE_COUNT:
 * none). Found by its name, in processes that have it. */
void pf_allocation_stage(uint32_t stage);
typedef void (*pf_allocation_stage_function)(uint32_t stage);

#endif
