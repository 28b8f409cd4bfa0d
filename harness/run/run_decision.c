#include "harness/run/run_decision.h"

#include <stdlib.h>

#include "harness/machine/disturbances.h"
#include "harness/stats/enough.h"

/* Fills `trials` (contestant->trial_count of them) and the step that has them. */
static void fill(const pf_contestant *contestant, pf_decision_trial *trials, pf_decision_step *step)
{
	const struct pf_variant *variant = contestant->variant;
	bool within = false, beyond = false;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		char text[PF_DISTURBANCES_TEXT];
		trials[i] = (pf_decision_trial){
			.round = trial->round,
			.counts = pf_run_counts(contestant, trial) == PF_COUNTS,
			.disturbed = pf_disturbances_text(&trial->machine, text)[0],
			.figures = {[PF_PURPOSE_TIME] = (double)trial->wall_ns,
				    [PF_PURPOSE_FIRST_RESULT] = (double)trial->first_result_ns,
				    [PF_PURPOSE_MEMORY] = (double)trial->peak_rss_bytes},
		};
		within = within || (trials[i].counts && trial->tolerance.declared);
		beyond = beyond || (trials[i].counts && !trial->tolerance.declared);
	}
	*step = (pf_decision_step){
		.name = contestant->label,
		.reason = contestant->reason,
		.status = contestant->status,
		.approximate = variant->caps & PF_CAP_APPROX || within,
		.tolerance_checked = within && !beyond,
		.processes = variant->caps & PF_CAP_WORKERS && !(variant->caps & PF_CAP_THREADS),
		.purpose = variant->purpose,
		.trials = trials,
		.trial_count = contestant->trial_count,
	};
}

/* Decisions on the first `count` contestants, newly allocated. */
static pf_decision *decide(const pf_run *run, size_t count)
{
	pf_decision_step *steps = pf_enough(calloc(count + 1, sizeof *steps));
	pf_decision_trial **trials = pf_enough(calloc(count + 1, sizeof(pf_decision_trial *)));
	pf_decision *out = pf_enough(calloc(count + 1, sizeof *out));
	for (size_t i = 0; i < count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		trials[i] = pf_enough(calloc(contestant->trial_count + 1, sizeof *trials[i]));
		fill(contestant, trials[i], &steps[i]);
	}
	pf_decide(steps, count, out);
	for (size_t i = 0; i < count; i++) {
		free(trials[i]);
	}
	free(trials);
	free(steps);
	return out;
}

void pf_run_decide(pf_run *run)
{
	pf_decision *decisions = decide(run, run->contestant_count);
	for (size_t i = 0; i < run->contestant_count; i++) {
		run->contestants[i].decision = decisions[i];
	}
	run->decided = true;
	free(decisions);
}

const pf_contestant *pf_run_incumbent(const pf_run *run, size_t count)
{
	const pf_contestant *incumbent = NULL;
	pf_decision *decisions = decide(run, count);
	for (size_t i = 0; i < count; i++) {
		incumbent = decisions[i].becomes_incumbent ? &run->contestants[i] : incumbent;
	}
	free(decisions);
	return incumbent;
}
