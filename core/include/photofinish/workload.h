/* Workloads: pieces of work of a library that a tool sets up, runs, checks and times: the gate and
 * micro-benchmarks. Any C library takes part by exporting one table, pf_workloads_v1; this header is all that
 * it needs: plain C99, nothing to link. docs/examples/workload/ is such a library.
 *
 * What a library promises:
 * - The same size, seed and folder give the same inputs, and the same inputs the same outputs, in every
 *   process and on every call. Only another input gives another digest.
 * - Set-up makes the inputs and leaves the outputs empty: the digest before the first run differs from that
 *   after it, so that a run that does nothing is noticed.
 * - Calls print nothing, do not end the process, and leave signal handlers and the working folder alone.
 *
 * What the caller promises (threads): all calls for one state come from one thread. Other states, of the same
 * workload too, may be in use in other threads at the same time. No state is used after a fork by the process
 * that did not set it up. The library stays loaded, and the table is read-only. */
#ifndef PHOTOFINISH_WORKLOAD_H
#define PHOTOFINISH_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PF_WORKLOADS_VERSION 1
#define PF_WORKLOADS_SYMBOL "pf_workloads_v1" /* for dlsym; its type is pf_workloads */
#define PF_WORKLOADS_EXPORT __attribute__((visibility("default")))
#define PF_WORKLOAD_DIGEST_BYTES 32
#define PF_WORKLOAD_NAME_MAX 63 /* bytes of a name; of a-z, 0-9, "-", "_", "." and "/" */

enum {                               /* bits of pf_workload.flags */
       PF_WORKLOAD_TAKES_FOLDER = 1, /* input->folder may be given */
       PF_WORKLOAD_ON_REQUEST = 2,   /* a gate runs it only where it is asked for by name, or all are */
};

/* What to set up. Callers set struct_size to sizeof(pf_workload_input); fields are added at the end only. */
typedef struct pf_workload_input {
	uint32_t struct_size;
	uint32_t seed;      /* which input: others have the same size and other contents */
	uint64_t size;      /* size_least..size_most; the caller puts size_default where nobody asks */
	const char *folder; /* with inputs, in place of made ones; NULL: the library makes its own */
	const char *way;    /* one of pf_workload.ways; NULL: what the library chooses by itself */
} pf_workload_input;

typedef struct pf_workload pf_workload;
struct pf_workload {
	const char *name; /* unique in the table */
	const char *what; /* one line: what it does */
	const char *unit; /* what one unit of work is, in the singular: "photo" */
	/* Names of the workloads of this table that contain this one, ended by NULL: where both are slower,
	 * this one is the cause that is named. NULL: none. */
	const char *const *within;
	const char *size_unit; /* of sizes, in the plural: "pixels"; NULL: it has one size, all three 0 */
	uint64_t size_least, size_most, size_default;
	uint32_t flags;
	const void *context; /* the library's own, for functions that several workloads share */

	/* Makes inputs and working memory. 0, or another number and one line in `error`, which has
	 * error_bytes > 0 bytes (cut if longer; ended by 0). *state is NULL before; what is in it afterwards
	 * goes to tear_down, after a failure too. */
	int (*set_up)(const pf_workload *self, const pf_workload_input *input, void **state, char *error,
		      size_t error_bytes);
	/* Does `n` units of work, one after the other, all on the same inputs: outputs do not depend on n. It
	 * is what is timed and whose allocations are counted. 0 does nothing. Returns 0, or another number.
	 */
	int (*run)(void *state, uint64_t n);
	/* A digest of all outputs of the last run (none by now: of nothing). Any good hash; outside of what
	 * is timed. */
	void (*digest)(const void *state, uint8_t out[PF_WORKLOAD_DIGEST_BYTES]);
	/* Frees everything. NULL and the state of a failed set-up are fine. */
	void (*tear_down)(void *state);

	/* What follows was added later: a table whose workload_size does not cover it has one way. */

	/* Names of ways to the same outputs (sets of instructions, backends), as a name is written, ended by
	 * NULL: the plainest first, which the others are checked against. Set-up fails for one that is not
	 * here. NULL: there is one way. */
	const char *const *ways;
	/* Not 0 if the outputs of the last run are those of a state with the same input and the plainest way,
	 * as near as this workload promises. NULL: their digests are equal. */
	int (*agrees)(const void *state, const void *plainest);
};

/* The table. A reader takes tables of its own version; it steps from one workload to the next by
 * workload_size and reads only the fields that lie in it, so fields may be added at the end. */
typedef struct pf_workloads {
	uint32_t version;       /* PF_WORKLOADS_VERSION */
	uint32_t struct_size;   /* sizeof(pf_workloads) */
	uint32_t workload_size; /* sizeof(pf_workload) */
	uint32_t count;
	const pf_workload *workloads;
	const char *library; /* name and version, one line */
} pf_workloads;

/* Workload `i` of a table, whatever size its structs have; NULL behind the last. */
static inline const pf_workload *pf_workload_at(const pf_workloads *table, uint32_t i)
{
	return i < table->count ? (const pf_workload *)(const void *)((const char *)table->workloads +
								      (size_t)i * table->workload_size)
				: NULL;
}

/* Defined by the library. */
PF_WORKLOADS_EXPORT extern const pf_workloads pf_workloads_v1;

#ifdef __cplusplus
}
#endif

#endif
