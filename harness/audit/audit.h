/* Honesty audits after MLPerf's: does a variant do the work that its time is for? Runs it on photos that it
 * has never seen, the way every trial is run, and compares with a reference that is made afterwards. */
#ifndef HARNESS_AUDIT_H
#define HARNESS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/audit/audit_set.h"
#include "harness/run/run.h"
#include "harness/stats/student.h"

/* X(constant, name in records, what has to hold) */
#define PF_AUDIT_LIST(X)                                                                                   \
	X(PF_AUDIT_FRESH, "fresh_photos", "photos that nobody has seen get the reference's scores")        \
	X(PF_AUDIT_SWAPPED, "swapped_contents", "scores follow the contents, not names, sizes, dates")     \
	X(PF_AUDIT_KEPT, "kept_reference", "a kept reference is not copied: wrong scores lay there")       \
	X(PF_AUDIT_CONSTANT, "differing_scores", "photos that differ get scores that differ")              \
	X(PF_AUDIT_TIMED, "timed_output", "scores of a timed round, drawn by chance, are the reference's") \
	X(PF_AUDIT_REPEATED, "repeated_photo", "one photo again and again is no faster than others")       \
	X(PF_AUDIT_SEEN, "seen_photos", "photos scored before are no faster than new ones")                \
	X(PF_AUDIT_READ, "bytes_read", "all bytes of the photos are read")                                 \
	X(PF_AUDIT_DECODE, "decode_size", "a photo of more pixels takes more CPU time")                    \
	X(PF_AUDIT_STAGES, "stages", "its spans hold a decode of each photo, and fit into its time")

#define PF_AUDIT_ENUM(constant, name, text) constant,
typedef enum pf_audit_check { PF_AUDIT_LIST(PF_AUDIT_ENUM) PF_AUDIT_COUNT } pf_audit_check;
#undef PF_AUDIT_ENUM
const char *pf_audit_name(pf_audit_check check);
const char *pf_audit_text(pf_audit_check check);

typedef enum pf_audit_verdict {
	PF_AUDIT_PASSED,
	PF_AUDIT_CAUGHT,
	PF_AUDIT_UNDECIDED,
	PF_AUDIT_NOT_TESTABLE,
} pf_audit_verdict;
const char *pf_audit_verdict_name(pf_audit_verdict verdict); /* "not testable" */

/* How many times as fast a photo seen before may be (MLPerf has a like limit), how much of the files has to
 * be read, and how much of the CPU time that a larger photo takes the reference more: a decoder may be
 * better. */
#define PF_AUDIT_FASTER 1.02
#define PF_AUDIT_SURE 0.999 /* level of the intervals that accuse by times */
#define PF_AUDIT_READ_SHARE 0.98
#define PF_AUDIT_DECODE_SHARE 0.25
#define PF_AUDIT_DECODE_LEAST_NS 5000000u /* of that difference: below it is noise */

typedef struct pf_audit_result {
	pf_audit_verdict verdict;
	char figure[80];      /* "" where there is none */
	char detail[320];     /* why, where it did not pass; names are escaped */
	pf_interval interval; /* of the figure; n 0: it has none */
	pf_interval cpu;      /* the same of CPU time, where the figure is one of wall time */
} pf_audit_result;

/* One timed round. A wall time is 0 where the trial was disturbed. */
typedef struct pf_audit_round {
	uint64_t fresh_ns, again_ns, same_ns; /* wall, of `photos` photos */
	uint64_t fresh_cpu_ns, again_cpu_ns, same_cpu_ns;
	uint64_t small_cpu_ns;                         /* of a quarter of the pixels */
	uint64_t fresh_read_bytes, small_read_bytes;   /* by read calls, of all its processes */
	uint64_t fresh_photo_bytes, small_photo_bytes; /* of the files */
	bool reads_known;
} pf_audit_round;

typedef struct pf_audit {
	const pf_contestant *contestant;
	const pf_session *session; /* whose limits and scorer count; its dataset is the base */
	size_t photos;             /* of a set, 2 .. PF_AUDIT_PHOTOS_MOST */
	uint32_t rounds;           /* 0: what needs times is not tested, and stays undecided */
	uint64_t seed;
	void (*progress)(void *context, size_t done, size_t total); /* trials; may be NULL */
	void *context;
	/* Results. */
	pf_audit_result results[PF_AUDIT_COUNT];
	pf_audit_round *timed; /* owned; rounds_done of them */
	uint32_t rounds_done, drawn_round;
	uint64_t reference_more_ns; /* CPU time, that the whole photos of the drawn round took the reference
				       more */
	size_t trials;
	bool partial;
} pf_audit;

/* Runs it. A variant that does not end well is an error, PF_ERR_CRASHED with its reason; one that cannot run
 * here PF_ERR_UNAVAILABLE. An interrupt leaves audit->partial with what was settled. */
pf_status pf_audit_run(pf_audit *audit, pf_error *error);
void pf_audit_release(pf_audit *audit);

/* Caught: one check at least; passed: all that can be tested, and at least fresh_photos; else undecided. */
pf_audit_verdict pf_audit_verdict_of(const pf_audit *audit);

#endif
