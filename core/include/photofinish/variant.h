/* The contract of a variant: one way of executing the scoring of a dataset.
 * variants/null is the commented template. A variant never judges itself: the harness compares its scores. */
#ifndef PHOTOFINISH_VARIANT_H
#define PHOTOFINISH_VARIANT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/burst.h"
#include "photofinish/dataset.h"
#include "photofinish/placement.h"
#include "photofinish/score.h"
#include "photofinish/scorer.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"

#define PF_ABI_VERSION 6

/* What a variant is or needs. */
enum pf_cap {
	PF_CAP_FLOOR = 1u << 0,     /* scores nothing: its time is the harness's own cost */
	PF_CAP_WORKERS = 1u << 1,   /* uses env->workers; others run with one worker */
	PF_CAP_THREADS = 1u << 2,   /* its workers are threads */
	PF_CAP_GPU = 1u << 3,       /* needs a device */
	PF_CAP_MAY_CRASH = 1u << 4, /* a failure is what it is there to show */
	PF_CAP_COMMAND = 1u << 6,   /* a program from outside; the harness's own, not for variants */
	PF_CAP_APPROX = 1u << 5,    /* its scores may differ from the reference's: it states a tolerance */
	PF_CAP_SERVER = 1u << 7,    /* may execute, use sockets, write to TMPDIR; not for plug-ins */
};
#define PF_CAPS /* that a variant from outside may have */ \
	(PF_CAP_FLOOR | PF_CAP_WORKERS | PF_CAP_THREADS | PF_CAP_GPU | PF_CAP_MAY_CRASH | PF_CAP_APPROX)

/* The figure that a variant is there to improve. A journey keeps what is faster than the best before it; one
 * that is as fast is kept where it improves another figure that it names here, shown with an interval. */
enum pf_purpose {
	PF_PURPOSE_TIME,
	PF_PURPOSE_FIRST_RESULT, /* time until the first photo is scored */
	PF_PURPOSE_MEMORY,
};

typedef enum pf_option_type { PF_OPTION_INTEGER, PF_OPTION_FLAG } pf_option_type;

#define PF_MAX_OPTIONS 16 /* of one variant */

/* An option of a variant, given as NAME:option=value. Flags are 0 or 1. */
struct pf_option {
	const char *name; /* NULL ends the list */
	pf_option_type type;
	int64_t default_value, least, most;
	const char *help;
};

/* What a variant is given. Read-only but for the traces. */
struct pf_env {
	uint32_t abi_version, struct_size;
	uint32_t workers;               /* >= 1 */
	pf_trace *traces;               /* workers + 1, in shared memory; [0]: the variant's own process */
	const atomic_int *cancel;       /* in shared memory; not 0: finish the photo at hand and return */
	const pf_scorer_config *scorer; /* configuration of every scorer that it opens */
	uint64_t memory_limit_bytes;    /* 0: none */
	uint64_t photo_timeout_ns; /* a worker process longer than this on one photo is killed; 0: never */
	const int64_t *options;    /* values in the order of the variant's option list */
	pf_place *places;          /* workers + 1, in shared memory, for pf_worker_enter; NULL: nobody asks */
	/* In a process that was forked to work as `slot`, once it has entered the run: gives up what only the
	 * variant's own process needs, the sink and the traces of others among it. pf_pool_run calls it; so
	 * should a variant that forks. NULL: there is nothing to give up. */
	pf_status (*isolate)(const struct pf_env *env, uint32_t slot, pf_error *error);
};

static inline int pf_cancelled(const struct pf_env *env)
{
	return atomic_load_explicit(env->cancel, memory_order_relaxed);
}

/* The outcome of one photo. */
typedef struct pf_photo_result {
	uint32_t index; /* in the manifest */
	uint32_t burst; /* id of its burst */
	pf_status status;
	const char *message;   /* why it failed; "" if it did not */
	const pf_score *score; /* NULL if it failed */
	int32_t pid, tid;      /* process and thread that scored it; 0: the one that tells */
	uint64_t heap_bytes;   /* of that process (pf_result_heap); 0: not known */
	/* With pf_scorer_config.hash_files, of one whose scorer read the file in the thread that tells:
	 * SHA-256 of the very bytes that were scored, and the time from their read on (of photos that were
	 * scored two at a time the second one's lies in the first one's). NULL: not known. */
	const uint8_t *sha256;
	uint64_t service_ns;
} pf_photo_result;

/* Takes events as they happen, from any thread of the variant's own process, and from processes that were not
 * isolated. Each returns PF_OK, or PF_ERR_IO
 * once no one listens any more: then the variant should return. */
struct pf_sink {
	uint32_t struct_size;
	pf_status (*burst_found)(struct pf_sink *sink, const pf_burst *burst);
	pf_status (*photo_done)(struct pf_sink *sink, const pf_photo_result *result);
	pf_status (*burst_ranked)(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks);
};

/* As a limit of a factor or measure: any difference will do. Tables and records say how many there are. */
#define PF_NOT_COMPARED 1e300

/* How far the scores of a variant with PF_CAP_APPROX may be from the reference's; every trial is held to it.
 * The first three are largest absolute differences, finite and >= 0: what is not stated is 0, the same value.
 * Statuses and bursts have to be the reference's; ranks are held to the last two, which lie above 0 and are
 * at most 1. They count bursts with two scored photos at least. */
struct pf_variant_tolerance {
	double total;
	double factors[PF_FACTOR_COUNT], measures[PF_MEASURE_COUNT];
	double best_shots;       /* least share of the bursts whose best photo is the reference's */
	double rank_correlation; /* least Kendall's tau over all pairs of photos of one burst: (pairs in the
				    reference's order - pairs in the reverse) / all pairs */
};

/* Of variants whose pose network runs in fp16. That moves what comes of the pose: the box by a pixel of the
 * network's input (384 x 288) at most, and with it the tiles that sharpness is judged on. What is seen
 * without the pose is the reference's to the bit. */
extern PF_API const struct pf_variant_tolerance pf_half_tolerance;

struct pf_intake;
struct pf_intake_order;

struct pf_variant {
	uint32_t abi_version, struct_size;
	const char *name; /* as its folder */
	const char
		*parent; /* the variant that it changes in one thing; NULL for the baseline and the floor */
	const char *summary, *change, *principle, *hypothesis, *expected; /* one line each; never NULL */
	unsigned caps;                                                    /* of enum pf_cap */
	const struct pf_option *options;                                  /* NULL if it has none */
	const struct pf_variant_tolerance *tolerance; /* of PF_CAP_APPROX; NULL without it: the same bits */

	/* PF_OK, or PF_ERR_UNAVAILABLE with the reason (static text) in *why_not. May be NULL: always there.
	 */
	pf_status (*probe)(const struct pf_env *env, const char **why_not);

	/* Scores the dataset: every photo ends in exactly one photo_done, every burst in one burst_found and,
	 * once its photos are done, one burst_ranked. A photo that cannot be scored is an outcome, not an
	 * error. Fails only if the variant as a whole cannot go on; PF_ERR_CANCELLED when it stopped on
	 * request. */
	pf_status (*run)(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			 pf_error *error);
	enum pf_purpose purpose;
	/* PF_STRATEGY_* bits that all its scorers have; those without stand before the others in a journey,
	 * so that ways of executing are compared with each other. 0: the plain path. */
	uint32_t strategy;

	/* Optional, NULL where a variant has none: the same scores for photos that come one by one, by
	 * workers that live on with their models open (intake.h). The caller closes *out by
	 * pf_intake_close before what `env` points to goes. */
	pf_status (*open_intake)(const struct pf_env *env, const struct pf_intake_order *order,
				 struct pf_intake **out, pf_error *error);
};

/* All variants that were built in, ended by NULL (generated from the folders of variants/). */
extern const struct pf_variant *const pf_variant_registry[];

#endif
