/* The claims of the published case study, answered from a run. Pure functions: nothing is measured here.
 * docs/claims.md tells each claim's rule. */
#ifndef HARNESS_CLAIMS_H
#define HARNESS_CLAIMS_H

#include "harness/run/first_result.h"
#include "harness/run/run.h"

#define PF_CLAIM_NEAR 1.5 /* a magnitude within this factor of the published one is the same */

/* X(constant, name) */
#define PF_VERDICT_LIST(X)                                                                           \
	X(PF_VERDICT_REPRODUCED, "reproduced")         /* direction shown, the magnitude is near */  \
	X(PF_VERDICT_DIRECTION_ONLY, "direction only") /* direction shown, the magnitude differs */  \
	X(PF_VERDICT_NOT_REPRODUCED, "not reproduced") /* the interval excludes the direction */     \
	X(PF_VERDICT_UNDECIDED, "undecided")           /* the interval spans it, or there is none */ \
	X(PF_VERDICT_NOT_TESTABLE, "not testable")     /* here, and why */

#define PF_VERDICT_ENUM(constant, name) constant,
typedef enum pf_verdict { PF_VERDICT_LIST(PF_VERDICT_ENUM) PF_VERDICT_COUNT } pf_verdict;
#undef PF_VERDICT_ENUM
const char *pf_verdict_name(pf_verdict verdict);

typedef enum pf_claim_unit { PF_CLAIM_RATIO, PF_CLAIM_SHARE, PF_CLAIM_NO_FIGURE } pf_claim_unit;

#define PF_CLAIM_COUNT 13

typedef struct pf_claim {
	const char *id;        /* as in the case study */
	const char *statement; /* what is claimed, in a few words */
	pf_claim_unit unit;
	double published;  /* NAN where the case study has no figure */
	const char *note;  /* an oddity of the published figures; NULL where there is none */
	bool has_measured; /* a figure is shown even where the claim cannot be tested with it */
	pf_interval measured;
	pf_verdict verdict;
	char why[640]; /* what was compared and what decided; complete sentences or parts divided by ";" */
} pf_claim;

/* What the answers rest on beside the run. */
typedef struct pf_claim_setting {
	uint32_t cores;                /* physical cores of this machine that may be used */
	size_t photos;                 /* of the dataset */
	double pixels;                 /* of its scored photos together; 0: unknown */
	const pf_first_results *first; /* NULL: those trials were not made */
} pf_claim_setting;

/* Answers every claim, in the order of the case study: claims[PF_CLAIM_COUNT]. */
void pf_claims_answer(const pf_run *run, const pf_claim_setting *setting, pf_claim *claims);

/* True if the trials of harness/run/first_result.h could decide streaming-ttfr: both variants are ok, and
 * finding the bursts takes a third of parallel's time to its first result. Otherwise why[capacity] says why
 * not. */
bool pf_claims_want_first_results(const pf_run *run, char *why, size_t capacity);

/* Where the time of a variant goes, in the parts that the case study has. */
enum { PF_PART_IO, PF_PART_AI, PF_PART_ANALYSIS, PF_PART_OVERHEAD, PF_PART_COUNT };
extern const double pf_published_shares[PF_PART_COUNT];
extern const char *const pf_part_names[PF_PART_COUNT]; /* with the stages that each has */

/* Shares of the wall time of each checked trial, of a contestant with one worker; everything that is neither
 * input, inference nor analysis is overhead. False without a checked trial. */
bool pf_part_shares(const pf_contestant *contestant, pf_interval shares[PF_PART_COUNT]);

#endif
