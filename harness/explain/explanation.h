/* Why a run takes as long as it does: which stage bounds it, what is idle and why, what it would gain. */
#ifndef HARNESS_EXPLANATION_H
#define HARNESS_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/limits/limits.h"
#include "harness/run/run.h"
#include "harness/scores/paths.h"
#include "harness/stats/student.h"

typedef struct pf_explained_stage {
	pf_stage stage;
	double own_s;      /* of all workers together */
	double path_share; /* of the time that the end waited for */
	double main_share; /* of own_s that the variant's own process did */
	double half, none; /* at most so many times as fast with half of its time, with none of it */
} pf_explained_stage;

/* Shares of what is measured to be possible; 0: not known. */
typedef struct pf_explained_limits {
	double run;                          /* photos a second, of decoding alone on all cores */
	double photos_per_s;                 /* that limit: libjpeg-turbo alone */
	double run_of_own, own_photos_per_s; /* the same of the decoder of our own */
	bool own_decoder;                    /* it is the one that the variant uses */
	size_t reduced; /* photos that a preset decodes at a reduced size: by our own decoder, whatever the
			   variant, and as no limit was measured; then no share of decoding is known */
	double decode;  /* the stage, while it runs, of its decoder alone on that many cores */
	double network; /* of the peak: counted multiply-adds over the time of pose.network; not where a
			   device does it */
	double network_gflops, peak_gflops; /* of one core */
	const char *peak; /* name of that limit: the best of fp32, of a network of 8 bits int8 */
	/* The roofline (Williams, Waterman, Patterson 2009) of the network: operations a byte, computed as if
	 * no cache kept a value from one layer to the next; what memory gives a core; what both allow,
	 * min(peak, memory times intensity). */
	double intensity, memory_gb_per_s, roof_gflops;
} pf_explained_limits;

typedef struct pf_explanation {
	const char *label; /* of the contestant */
	double wall_s;     /* of the trial that is explained: the median one */
	uint32_t workers, cores;
	uint64_t photos;
	size_t trials; /* that count */
	uint32_t preset;
	pf_paths paths; /* that photos took by their size and the preset */
	bool has_workers;
	bool replayed; /* single spans were there; else gains are bounds by the critical path alone */
	pf_explained_stage stages[PF_STAGE_COUNT]; /* what would gain most first */
	size_t stage_count;
	/* Shares of the time of all that work (workers times wall time); they add up to 1. */
	double busy, others_ran, blocked, starved, between, not_begun, finished;
	double serial_s, parallel_s; /* stages of main where workers do the scoring, and of the workers */
	double what_if_factors[PF_STAGE_COUNT];
	bool asked;          /* for a what-if */
	pf_interval what_if; /* times as fast; by replay an interval over the trials */
	pf_explained_limits limits;
} pf_explanation;

/* Explains a contestant with spans by its trials that count. `factors`: for a what-if, or NULL.
 * PF_ERR_NOT_FOUND where no trial counts, or none has spans. */
pf_status pf_explain(const pf_contestant *contestant, uint32_t cores, const double *factors,
		     pf_explanation *out, pf_error *error);

/* Of a run of the pose network; 0: unknown. */
typedef struct pf_network_work {
	uint64_t macs, value_bytes; /* as pf_network_stats has them */
	bool int8;                  /* most of its multiply-adds are of 8 bits */
} pf_network_work;

/* Fills in out->limits; out->paths is there by then. */
void pf_explain_limits(const pf_contestant *contestant, const pf_limits *limits, const pf_network_work *work,
		       pf_explanation *out);

/* "decode bounds chunked: ...", one sentence. `out` has room for 400 bytes. Returns it. */
char *pf_explain_sentence(const pf_explanation *own, char *out);

#endif
