/* The noise floor: how much two measurements of the very same work differ on this machine, measured with two
 * fixed kernels in short slots on each processor. */
#ifndef HARNESS_NOISE_FLOOR_H
#define HARNESS_NOISE_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* X(constant, name in records, what it does) */
#define PF_KERNEL_LIST(X)                                                                  \
	X(PF_KERNEL_COMPUTE, "compute", "a chain of integer multiplications in registers") \
	X(PF_KERNEL_MEMORY, "memory", "reading through more memory than the caches hold")

#define PF_KERNEL_ENUM(constant, name, text) constant,
typedef enum pf_kernel { PF_KERNEL_LIST(PF_KERNEL_ENUM) PF_KERNEL_COUNT } pf_kernel;
#undef PF_KERNEL_ENUM
const char *pf_kernel_name(pf_kernel kernel);
const char *pf_kernel_text(pf_kernel kernel);

enum {
	PF_NOISE_LEVELS = 12,      /* of lengths, each twice the one before */
	PF_NOISE_LEAST_PAIRS = 16, /* of a length: with fewer its deviation is not told */
	PF_NOISE_CHUNKS = 64,      /* of a slot, each timed */
};

/* Deviation of the log-ratio of two measurements of the same work, one right after the other, each of that
 * length: the square root of the mean square (the true log-ratio is 0), as Allan's deviation over time has
 * it. */
typedef struct pf_noise_level {
	double length_ns; /* mean of the measurements */
	double deviation; /* of the log-ratio */
	size_t pairs;     /* that do not overlap */
} pf_noise_level;

/* One kernel on one processor. */
typedef struct pf_slot_noise {
	uint32_t cpu;
	size_t slots, chunks;
	double median_ns;       /* of a slot */
	double low_ns, high_ns; /* 5 and 95 % of the slots */
	double longest_ns;      /* largest interruption: a chunk's time beyond the median chunk's */
	double stolen;          /* share of the time in interruptions */
	size_t interruptions;   /* chunks of more than 1.5 times the median and 1 us more */
	pf_noise_level levels[PF_NOISE_LEVELS];
	size_t level_count;
} pf_slot_noise;

typedef struct pf_noise_floor {
	pf_slot_noise *noises; /* PF_KERNEL_COUNT for each processor: compute, memory, compute, ...; owned */
	size_t processors;
	double seconds;      /* that it took */
	double buffer_bytes; /* that the memory kernel reads through */
	bool complete;       /* false: stopped by an interrupt; what was measured until then is there */
} pf_noise_floor;

/* Takes about `seconds`, at least 0.1 s a processor, on each processor that the caller may use, one after the
 * other. `tell` (may be NULL) hears of each processor. PF_ERR_NO_MEMORY, PF_ERR_CANCELLED with nothing
 * measured. */
pf_status pf_noise_measure(double seconds, void (*tell)(size_t done, size_t total), pf_noise_floor *out,
			   pf_error *error);
void pf_noise_release(pf_noise_floor *floor);

/* From chunk times to a summary but for `cpu`: `count` chunks in ns, whole slots of PF_NOISE_CHUNKS. For
 * tests, too. `scratch` has room for as many numbers. */
void pf_noise_summarise(const uint32_t *chunks, size_t count, double *scratch, pf_slot_noise *out);

/* The longest measurements' level; NULL where there is none. */
const pf_noise_level *pf_noise_longest(const pf_slot_noise *noise);

/* The worst of a kernel's processors, by the deviation at the longest length; NULL if nothing was measured.
 */
const pf_slot_noise *pf_noise_worst(const pf_noise_floor *floor, pf_kernel kernel);

/* A margin (a share) within which `n` pairs of equal things are called equivalent at least 19 times of 20, if
 * the log-ratios deviate by `deviation` and are normal: the half width of the comparison's strict interval,
 * t(n - 1, 1 - alpha / 2) times deviation over the root of n, with the deviation that the samples show in the
 * worst of 20 cases (chi-squared), and 1.96 deviations of the mean for where its middle may lie. n >= 2. */
double pf_noise_margin(double deviation, size_t n, double alpha);

#endif
