/* Samples of running threads as they are taken, and the ring in shared memory that the preloaded sampler
 * writes them to (timer_sampler.c). Plain data: the harness and an object that links nothing of it read this.
 */
#ifndef HARNESS_SAMPLE_BOARD_H
#define HARNESS_SAMPLE_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

enum { PF_SAMPLE_FRAMES = 64, PF_SAMPLE_SLOTS = 4096 }; /* the latter a power of two */

#define PF_SAMPLE_MAGIC 0x70667331u /* "pfs1" */
#define PF_SAMPLE_VARIABLE "PHOTOFINISH_SAMPLES"

/* One sample of one thread: where it was, and who had called it. */
typedef struct pf_sample {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	int32_t pid, tid;
	uint32_t count;                 /* of ips, the innermost first */
	uint32_t cut;                   /* not 0: there were more */
	uint64_t ips[PF_SAMPLE_FRAMES]; /* instructions; all but the first are return addresses */
} pf_sample;

/* Many writers, one reader, no lock: a slot's turn is its ticket while it is free, one more once it is filled
 * (D. Vyukov's bounded queue). */
typedef struct pf_sample_slot {
	_Atomic uint64_t turn;
	pf_sample sample;
} pf_sample_slot;

typedef struct pf_sample_board {
	uint32_t magic, hz;
	_Atomic uint64_t next;                    /* ticket of the next sample */
	_Atomic uint64_t lost;                    /* for want of a free slot */
	_Atomic uint32_t threads, threads_failed; /* that have a timer, that could get none */
	pf_sample_slot slots[PF_SAMPLE_SLOTS];
} pf_sample_board;

#endif
