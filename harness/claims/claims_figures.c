#include "harness/claims/claims_figures.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/run/run_device.h"

void pf_claim_say(pf_claim *claim, const char *format, ...)
{
	size_t used = strlen(claim->why);
	if (used) {
		snprintf(claim->why + used, sizeof claim->why - used, "; ");
		used = strlen(claim->why);
	}
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(claim->why + used, sizeof claim->why - used, format, arguments);
	va_end(arguments);
}

const pf_contestant *pf_claim_need(const pf_claim_input *in, const char *name, pf_claim *claim)
{
	const pf_contestant *found = NULL;
	for (size_t i = 0; i < in->run->contestant_count; i++) {
		const pf_contestant *contestant = &in->run->contestants[i];
		if (strcmp(contestant->variant->name, name) == 0) {
			if (contestant->status == PF_RUN_OK) {
				return contestant;
			}
			found = found || contestant->status == PF_RUN_NOT_RUN ? found : contestant;
		}
	}
	claim->verdict = PF_VERDICT_NOT_TESTABLE;
	if (!found) {
		pf_claim_say(claim, "%s was not run", name);
	} else {
		pf_claim_say(claim, "%s has no time: %s%s%.160s", name, pf_run_status_name(found->status),
			     found->reason[0] ? ": " : "", found->reason);
	}
	return NULL;
}

bool pf_claim_device(const pf_claim_input *in)
{
	const pf_contestant *gpu = pf_run_find(in->run, "gpu");
	return gpu && gpu->status == PF_RUN_OK && !pf_run_fallen(gpu, NULL);
}

bool pf_claim_ratio(pf_claim *claim, const pf_contestant *slow, const pf_contestant *fast)
{
	claim->has_measured = pf_run_speedup(fast, slow, &claim->measured);
	if (!claim->has_measured) {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "no round has times of both %s and %s", slow->label, fast->label);
	}
	return claim->has_measured;
}

void pf_claim_say_decision(const pf_claim_input *in, const pf_contestant *contestant, pf_claim *claim)
{
	const pf_decision *decision = &contestant->decision;
	if (in->run->decided && decision->incumbent[0]) {
		pf_claim_say(claim, "the journey's verdict: %s, against %s", pf_keep_name(decision->keep),
			     decision->incumbent);
	} else if (in->run->decided) {
		pf_claim_say(claim, "the journey's verdict: %s", pf_keep_name(decision->keep));
	}
}

void pf_claim_judge_ratio(pf_claim *claim, const char *not_comparable)
{
	const pf_interval *ratio = &claim->measured;
	double off = fabs(log(ratio->mean / claim->published));
	if (!ratio->has_interval) {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "one round has no interval");
	} else if (ratio->high < 1) {
		claim->verdict = PF_VERDICT_NOT_REPRODUCED;
		pf_claim_say(claim, "the whole interval says the opposite");
	} else if (ratio->low <= 1) {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "the interval holds both directions");
	} else if (not_comparable) {
		claim->verdict = PF_VERDICT_DIRECTION_ONLY;
		pf_claim_say(claim, "%s", not_comparable);
	} else if (off > log(PF_CLAIM_NEAR)) {
		claim->verdict = PF_VERDICT_DIRECTION_ONLY;
		pf_claim_say(claim, "%.1f times the published figure", ratio->mean / claim->published);
	} else {
		claim->verdict = PF_VERDICT_REPRODUCED;
		pf_claim_say(claim, "within %.1f times of what was to be expected", PF_CLAIM_NEAR);
	}
}

size_t pf_claim_pairs(const pf_contestant *a, const pf_contestant *b, const pf_trial *(*pairs)[2],
		      size_t most)
{
	size_t count = 0;
	for (size_t i = 0; i < a->trial_count; i++) {
		for (size_t k = 0;
		     k < b->trial_count && pf_run_counts(a, &a->trials[i]) == PF_COUNTS && count < most;
		     k++) {
			if (pf_run_counts(b, &b->trials[k]) == PF_COUNTS &&
			    b->trials[k].round == a->trials[i].round) {
				pairs[count][0] = &a->trials[i];
				pairs[count++][1] = &b->trials[k];
			}
		}
	}
	return count;
}

uint64_t pf_claim_chunks(const pf_contestant *contestant)
{
	uint64_t chunks = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		chunks = pf_run_counts(contestant, trial) == PF_COUNTS && trial->chunks > chunks
				 ? trial->chunks
				 : chunks;
	}
	return chunks;
}
