/* Allocations of a trial, counted by an object that is preloaded into its processes (harness/preload/). Such
 * a trial is profiled: its time is not that of a timed one. */
#ifndef HARNESS_ALLOCATIONS_H
#define HARNESS_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"

/* Of one stage; sums over the processes but for the peak. */
typedef struct pf_allocation_count {
	uint64_t allocations, reallocations, frees;
	uint64_t bytes; /* asked for by the first two */
} pf_allocation_count;

typedef struct pf_allocated_process {
	uint32_t slot; /* the lowest one that it has; PF_NO_SLOT: none, or another process has it by now */
	uint64_t inherited_bytes; /* live heap at its fork, which came from its parent */
	uint64_t peak_live_bytes; /* with what it inherited, as the allocator rounds sizes */
	uint64_t end_live_bytes;  /* when it ended: what it never freed, and what it inherited */
	pf_allocation_count total;
} pf_allocated_process;

#define PF_OUTSIDE_STAGES PF_STAGE_COUNT /* index of what is counted outside of all stages */

typedef struct pf_allocations {
	pf_allocation_count stages[PF_STAGE_COUNT + 1];
	uint64_t stage_peak_live_bytes[PF_STAGE_COUNT + 1]; /* of the process that had the most */
	pf_allocation_count total;
	pf_allocated_process *processes; /* owned */
	size_t process_count;
	uint64_t lost_processes; /* for which there was no room: the counts are too low */
	/* Of the calls of each stage, not of bytes: equal where every stage made as many, in any order. */
	uint8_t digest[PF_SHA256_BYTES];
} pf_allocations;

typedef struct pf_allocation_board pf_allocation_board;

/* The object to be preloaded: beside the program, or where an installed one has it. PF_ERR_UNAVAILABLE with
 * why: a build with sanitizers, which have an allocator of their own, or it is not there. */
pf_status pf_allocation_library(const char *executable, char *path, size_t capacity, pf_error *error);

/* A board for one trial; *fd is its memory, which its processes open as /proc/PID/fd/FD. Closed by
 * pf_allocation_board_close. */
pf_status pf_allocation_board_open(pf_allocation_board **board, int *fd, pf_error *error);
void pf_allocation_board_close(pf_allocation_board *board, int fd); /* NULL and -1 are fine */

/* The environment of a trial's process: this one's, with the object preloaded before what already is.
 * Freed by pf_allocation_environment_free. NULL without memory. */
char **pf_allocation_environment(const char *library, int fd);
void pf_allocation_environment_free(char **environment);

/* What was counted. NULL where no process has come to the board, or without memory. */
pf_allocations *pf_allocations_collect(const pf_allocation_board *board, const pf_trace *traces,
				       uint32_t workers);
void pf_allocations_free(pf_allocations *allocations); /* NULL is fine */

/* In a trial's process: has spans told to the preloaded object. Does nothing where none is. */
void pf_allocation_hook_install(void);

#endif
