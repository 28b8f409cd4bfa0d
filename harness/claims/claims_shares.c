/* Claims about the baseline's stages. */
#include <stdlib.h>

#include "harness/claims/claims_figures.h"
#include "harness/stats/enough.h"

const double pf_published_shares[PF_PART_COUNT] = {0.38, 0.51, 0.09, 0.02};
const char *const pf_part_names[PF_PART_COUNT] = {
	"image I/O: read, decode",
	"AI inference: pose, faces",
	"image analysis: quality",
	"overhead: all else",
};

static void shares_of_trial(const pf_trial *trial, double shares[PF_PART_COUNT])
{
	const uint64_t *ns = trial->stage_ns;
	double wall = (double)trial->wall_ns;
	shares[PF_PART_IO] = (double)(ns[PF_STAGE_READ] + ns[PF_STAGE_DECODE]) / wall;
	shares[PF_PART_AI] = (double)(ns[PF_STAGE_POSE] + ns[PF_STAGE_FACES]) / wall;
	shares[PF_PART_ANALYSIS] = (double)ns[PF_STAGE_QUALITY] / wall;
	shares[PF_PART_OVERHEAD] = 1 - shares[PF_PART_IO] - shares[PF_PART_AI] - shares[PF_PART_ANALYSIS];
}

/* A part's share in each trial that counts, less that of analysis and overhead if asked for. Returns how
 * many. */
static size_t samples(const pf_contestant *contestant, int part, bool less_the_rest, double *out)
{
	size_t count = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		double shares[PF_PART_COUNT];
		if (pf_run_counts(contestant, &contestant->trials[i]) == PF_COUNTS) {
			shares_of_trial(&contestant->trials[i], shares);
			out[count++] = shares[part] -
				       (less_the_rest ? shares[PF_PART_ANALYSIS] + shares[PF_PART_OVERHEAD]
						      : 0);
		}
	}
	return count;
}

bool pf_part_shares(const pf_contestant *contestant, pf_interval shares[PF_PART_COUNT])
{
	double *values = pf_enough(calloc(contestant->trial_count + 1, sizeof *values));
	size_t count = 0;
	for (int part = 0; part < PF_PART_COUNT; part++) {
		count = samples(contestant, part, false, values);
		if (count) {
			shares[part] = pf_interval_within(pf_mean_interval(values, count, PF_LEVEL), 0, 1);
		}
	}
	free(values);
	return count > 0;
}

/* Direction of a share: one of the two large parts, more than analysis and overhead together. */
static void answer(const pf_claim_input *in, pf_claim *claim, int part)
{
	const pf_contestant *baseline = pf_claim_need(in, "double-load", claim);
	pf_interval shares[PF_PART_COUNT];
	if (!baseline || !pf_part_shares(baseline, shares)) {
		return;
	}
	double *values = calloc(baseline->trial_count, sizeof *values);
	if (!values) {
		pf_out_of_memory();
	}
	size_t count = samples(baseline, part, true, values);
	pf_interval lead = pf_mean_interval(values, count, PF_LEVEL);
	free(values);
	claim->has_measured = true;
	claim->measured = shares[part];
	double ratio = shares[part].mean / claim->published;
	pf_claim_say(claim, "analysis and overhead together take %.0f %%",
		     100 * (shares[PF_PART_ANALYSIS].mean + shares[PF_PART_OVERHEAD].mean));
	if (!lead.has_interval) {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "one round has no interval");
	} else if (lead.high < 0) {
		claim->verdict = PF_VERDICT_NOT_REPRODUCED;
	} else if (lead.low <= 0) {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "which is more is not clear");
	} else if (ratio > PF_CLAIM_NEAR || ratio < 1 / PF_CLAIM_NEAR) {
		claim->verdict = PF_VERDICT_DIRECTION_ONLY;
		pf_claim_say(claim, "%.1f times the published share", ratio);
	} else {
		claim->verdict = PF_VERDICT_REPRODUCED;
	}
}

void pf_claim_io_share(const pf_claim_input *in, pf_claim *claim)
{
	answer(in, claim, PF_PART_IO);
}

void pf_claim_ai_share(const pf_claim_input *in, pf_claim *claim)
{
	answer(in, claim, PF_PART_AI);
}
