#include "harness/run/profile_trials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/run/other_build.h"
#include "harness/spans/trial_spans.h"
#include "harness/stats/shuffle.h"

enum { ROUNDS_MOST = 1000 };

/* Times of one contestant's trials, [round]. */
struct times {
	double cpu[2][ROUNDS_MOST], wall[2][ROUNDS_MOST]; /* [0]: looked into; in seconds, 0: none */
	bool has_digest;
	uint8_t digest[PF_SHA256_BYTES];
};

static pf_status check(const pf_contestant *contestant, const pf_trial *trial, struct times *times,
		       pf_error *error)
{
	if (trial->ending == PF_ENDED_CANCELLED) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	if (trial->ending != PF_ENDED_OK && trial->ending != PF_ENDED_DISTURBED) {
		return pf_fail(error,
			       trial->ending == PF_ENDED_UNAVAILABLE ? PF_ERR_UNAVAILABLE : PF_ERR_INVALID,
			       NULL, "%s did not end well: %s", contestant->label, trial->reason);
	}
	if (trial->ending != PF_ENDED_OK || trial->unscored) {
		return PF_OK;
	}
	if (times->has_digest && memcmp(times->digest, trial->digest, sizeof times->digest) != 0) {
		return pf_fail(error, PF_ERR_INVALID, NULL,
			       "%s gave other scores in another trial: \"photofinish run\" tells more",
			       contestant->label);
	}
	times->has_digest = true;
	memcpy(times->digest, trial->digest, sizeof times->digest);
	return PF_OK;
}

static void take_in(pf_profiled *profiled, pf_trial *trial)
{
	pf_profile *found = trial->found[PF_PROBE_profile];
	if (!found) {
		return;
	}
	snprintf(found->label, sizeof found->label, "%s", profiled->contestant->label);
	found->cpu_ns = trial->cpu_ns;
	pf_profile_add(&profiled->profile, found);
	for (int i = 0; i < PF_STAGE_COUNT && trial->spans; i++) {
		const pf_stage_sum *sum = &trial->spans->stages[i];
		profiled->stages[i].own_ns += sum->own_ns;
		profiled->stages[i].cpu_ns += sum->cpu_ns;
		profiled->stages[i].run_delay_ns += sum->run_delay_ns;
	}
}

/* One trial of a round: `off` is not looked into. */
static pf_status once(const pf_profile_trials *trials, size_t index, bool off, uint32_t round,
		      struct times *times, pf_error *error)
{
	pf_profiled *profiled = &trials->profiled[index];
	const pf_contestant *contestant = profiled->contestant;
	pf_session session = *trials->session;
	pf_profile_order order = *trials->order;
	pf_trial trial;
	order.variant = contestant->label;
	memset(session.asked, 0, sizeof session.asked);
	session.asked[PF_PROBE_profile] = off ? NULL : &order;
	session.observer = NULL; /* what looking costs is measured here */
	session.executable = contestant->build ? contestant->build->executable : session.executable;
	pf_status status = pf_trial_run(&session, contestant->variant, contestant->workers,
					contestant->options, NULL, &trial, error);
	if (status != PF_OK) {
		return status;
	}
	status = check(contestant, &trial, &times[index], error);
	if (status == PF_OK && !off) {
		take_in(profiled, &trial);
	}
	if (status == PF_OK && trial.ending == PF_ENDED_OK) {
		times[index].cpu[off][round] = (double)trial.cpu_ns * 1e-9;
		times[index].wall[off][round] = (double)trial.wall_ns * 1e-9;
	}
	pf_trial_release(&trial);
	return status;
}

static void find_cost(pf_profiled *profiled, const struct times *times, uint32_t rounds)
{
	double cpu[2][ROUNDS_MOST], wall[2][ROUNDS_MOST];
	uint32_t n = 0;
	for (uint32_t i = 0; i < rounds; i++) {
		if (times->cpu[0][i] > 0 && times->cpu[1][i] > 0) {
			for (int k = 0; k < 2; k++) {
				cpu[k][n] = times->cpu[k][i];
				wall[k][n] = times->wall[k][i];
			}
			n++;
		}
	}
	profiled->pairs = n;
	if (n) {
		profiled->cpu = pf_ratio_interval(cpu[0], cpu[1], n, PF_LEVEL);
		profiled->wall = pf_ratio_interval(wall[0], wall[1], n, PF_LEVEL);
	}
}

pf_status pf_profile_trials_run(pf_profile_trials *trials, pf_error *error)
{
	size_t each = trials->compare_off ? 2 : 1, units = trials->count * each;
	size_t *order = calloc(units + 1, sizeof *order);
	pf_random random = {.state = trials->seed};
	struct times *times = calloc(trials->count + 1, sizeof *times);
	pf_status status = PF_OK;
	if (!order || !times) {
		free(order);
		free(times);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	uint32_t rounds = trials->rounds < ROUNDS_MOST ? trials->rounds : ROUNDS_MOST;
	for (uint32_t round = 0; round < rounds && status == PF_OK && !pf_interrupts; round++) {
		pf_shuffle_round(&random, order, units, round + 1);
		for (size_t i = 0; i < units && status == PF_OK; i++) {
			size_t index = order[i] / each;
			bool off = order[i] % each;
			if (trials->told) {
				trials->told(trials->profiled[index].contestant->label, round * units + i,
					     rounds * units);
			}
			status = once(trials, index, off, round, times, error);
		}
	}
	if (status == PF_ERR_CANCELLED) { /* what there is of a profile says something all the same */
		trials->stopped = true;
		status = PF_OK;
	}
	for (size_t i = 0; i < trials->count; i++) {
		find_cost(&trials->profiled[i], &times[i], rounds);
	}
	free(order);
	free(times);
	return status;
}

void pf_profile_trials_release(pf_profile_trials *trials)
{
	for (size_t i = 0; i < trials->count; i++) {
		pf_profile_release(&trials->profiled[i].profile);
	}
}
