/* What several claims are answered with. */
#ifndef HARNESS_CLAIMS_FIGURES_H
#define HARNESS_CLAIMS_FIGURES_H

#include "harness/claims/claims.h"

typedef struct pf_claim_input {
	const pf_run *run;
	const pf_claim_setting *setting;
} pf_claim_input;

/* Adds a part to claim->why, after "; " where something stands there. */
void pf_claim_say(pf_claim *claim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The contestant that runs variant `name` and is ok, or NULL: then the claim is not testable, and why is
 * said. */
const pf_contestant *pf_claim_need(const pf_claim_input *in, const char *name, pf_claim *claim);

/* A device took part: the gpu variant is ok. */
bool pf_claim_device(const pf_claim_input *in);

/* How many times as long `slow` takes as `fast`, into claim->measured; false and said where there is none. */
bool pf_claim_ratio(pf_claim *claim, const pf_contestant *slow, const pf_contestant *fast);

/* What the journey decided on a variant that is said to fail: kept or not, by the one rule of run/decision.h.
 */
void pf_claim_say_decision(const pf_claim_input *in, const pf_contestant *contestant, pf_claim *claim);

/* Judges claim->measured, a ratio that is above 1 if the claim is true. `comparable`: NULL, or why the
 * published magnitude cannot be expected here. */
void pf_claim_judge_ratio(pf_claim *claim, const char *not_comparable);

/* The trials of one round of both, checked: pairs[][0] of a, [1] of b. Returns how many; at most `most`. */
size_t pf_claim_pairs(const pf_contestant *a, const pf_contestant *b, const pf_trial *(*pairs)[2],
		      size_t most);

/* Chunks of photos that chunked and pipelined loaded ahead, by their own count. */
uint64_t pf_claim_chunks(const pf_contestant *contestant);

/* The answers, each in the file that its kind of figure has. */
void pf_claim_io_share(const pf_claim_input *in, pf_claim *claim);
void pf_claim_ai_share(const pf_claim_input *in, pf_claim *claim);
void pf_claim_amdahl(const pf_claim_input *in, pf_claim *claim);
void pf_claim_streaming_ttfr(const pf_claim_input *in, pf_claim *claim);
void pf_claim_streaming_gain(const pf_claim_input *in, pf_claim *claim);
void pf_claim_live_same_speed(const pf_claim_input *in, pf_claim *claim);

#endif
