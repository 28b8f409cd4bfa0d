/* Instructions of the scoring kernel, counted under callgrind: where there is no PMU, and as exact as nothing
 * else is. They are the kernel's own, whatever the variant: one photo at a time in one thread. */
#ifndef HARNESS_CALLGRIND_H
#define HARNESS_CALLGRIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/run/kernel_child.h"
#include "harness/run/run.h"

/* X(constant, name in records, what it is of the kernel's functions) */
#define PF_KERNEL_PART_LIST(X)                                           \
	X(PF_KERNEL_READ, "read", "pf_scorer_load without the next two") \
	X(PF_KERNEL_GATE, "gate", "pf_jpeg_gate and pf_exif_read")       \
	X(PF_KERNEL_DECODE, "decode", "pf_jpeg_decode")                  \
	X(PF_KERNEL_POSE, "pose", "pf_scorer_detect_pose")               \
	X(PF_KERNEL_FACES, "faces", "pf_scorer_detect_faces")            \
	X(PF_KERNEL_QUALITY, "quality", "pf_scorer_analyse")             \
	X(PF_KERNEL_SCORE, "score", "pf_scorer_fuse")

#define PF_KERNEL_ENUM(constant, name, text) constant,
typedef enum pf_kernel_part { PF_KERNEL_PART_LIST(PF_KERNEL_ENUM) PF_KERNEL_PARTS } pf_kernel_part;
#undef PF_KERNEL_ENUM
const char *pf_kernel_part_name(pf_kernel_part part);

enum { PF_CALLGRIND_TOP = 64, PF_CALLGRIND_NAME = 96, PF_CALLGRIND_WHY = 300 };

/* The instruction set that networks use meanwhile: valgrind knows no AVX-512, and does multiply-adds (FMA,
 * AVX2) by a library's function, thirty times slower. */
#define PF_CALLGRIND_ISA "AVX"

typedef struct pf_callgrind_photo {
	uint32_t index; /* in the manifest */
	uint64_t total; /* instructions */
	uint64_t parts[PF_KERNEL_PARTS];
	double score; /* total, under callgrind */
} pf_callgrind_photo;

typedef struct pf_callgrind {
	char why[PF_CALLGRIND_WHY]; /* it was not measured; "" where it was */
	pf_callgrind_photo photos[PF_KERNEL_PHOTOS];
	uint32_t count;
	bool known[PF_KERNEL_PARTS]; /* the library has the names of its functions */
	struct {
		char name[PF_CALLGRIND_NAME]; /* escaped; of code without a symbol its file's, or
						 "generated code" */
		uint64_t self;                /* instructions in it, all photos */
	} top[PF_CALLGRIND_TOP];              /* the most first */
	uint32_t top_count;
	double largest_difference; /* of a score from the reference's */
} pf_callgrind;

/* Scores the first photos that the reference has scored, at most PF_KERNEL_PHOTOS, in a process of its own
 * under valgrind. That there is none, or that it fails, is a result. Takes seconds for each photo. */
void pf_callgrind_measure(const pf_session *session, const pf_outcomes *reference, pf_callgrind *out);

/* Adds the profile of a photo: for pf_callgrind_measure and tests. */
struct pf_callgrind_profile;
void pf_callgrind_add(pf_callgrind *callgrind, const struct pf_callgrind_profile *profile, uint32_t index);

#endif
