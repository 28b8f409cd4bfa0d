#include "harness/tune/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "photofinish/trace.h"

enum { CONFIRM_MOST = 200, FINALISTS = 2 };
#define TUNING_SHARE 0.5 /* of the budget: the rest is for the confirmation */

/* The state of both parts. */
struct tuning {
	const pf_tune_order *order;
	pf_tune *out;
	pf_contestant candidates[PF_TUNE_CANDIDATES_MOST];
	uint64_t begin_ns;
	pf_tune_evidence evidence;
};

/* Whether what takes another `more_s` would end behind its share of the budget. */
static bool is_over(const struct tuning *tuning, double share, double more_s)
{
	double spent_s = (double)(pf_now_ns() - tuning->begin_ns) * 1e-9;
	return pf_interrupts > 0 || spent_s + more_s > share * tuning->order->budget_s;
}

/* What a round of the run took so far, on average; 0 before the first. */
static double round_s(const pf_run *run)
{
	double sum_s = 0;
	size_t rounds = 0;
	for (size_t c = 0; c < run->contestant_count; c++) {
		const pf_contestant *contestant = &run->contestants[c];
		for (size_t i = 0; i < contestant->trial_count; i++) {
			sum_s += (double)contestant->trials[i].wall_ns * 1e-9;
		}
		rounds = contestant->trial_count > rounds ? contestant->trial_count : rounds;
	}
	return rounds ? sum_s / (double)rounds : 0;
}

/* What one would take of those that are left, by their last heat; 0 before the first. */
static double next_round_s(const struct tuning *tuning, const size_t *left, size_t count)
{
	double sum_s = 0;
	for (size_t i = 0; i < count; i++) {
		const pf_tune_row *row = &tuning->out->rows[left[i]];
		sum_s += row->timed ? row->seconds : 0;
	}
	return sum_s;
}

/* Geometric mean of the seconds of the trials that count; NAN: there are none. */
static double mean_time(const pf_contestant *contestant)
{
	double sum = 0;
	size_t count = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (pf_run_counts(contestant, trial) == PF_COUNTS) {
			sum += log((double)trial->wall_ns * 1e-9);
			count++;
		}
	}
	return count ? exp(sum / (double)count) : NAN;
}

static bool tuning_is_over(void *context, const pf_run *run)
{
	return is_over(context, TUNING_SHARE, round_s(run));
}

/* One heat: `rounds` of each of the `count` candidates whose numbers are in `left`. Sorts them by time, those
 * that did not end well behind all others; candidate 0 stays where it is, in front. */
static pf_status run_heat(struct tuning *tuning, const pf_session *session, size_t *left, size_t count,
			  uint32_t rounds, pf_error *error)
{
	pf_contestant contestants[PF_TUNE_CANDIDATES_MOST];
	pf_run run = {.session = session,
		      .command = "tune",
		      .contestants = contestants,
		      .contestant_count = count,
		      .rounds = rounds,
		      .enough = tuning_is_over,
		      .enough_context = tuning,
		      .seed = tuning->order->seed + rounds};
	for (size_t i = 0; i < count; i++) {
		contestants[i] = tuning->candidates[left[i]];
	}
	pf_status status = pf_run_execute(&run, tuning->order->listener, error);
	for (size_t i = 0; i < count; i++) {
		pf_tune_row *row = &tuning->out->rows[left[i]];
		double seconds = mean_time(&contestants[i]);
		row->timed = isfinite(seconds);
		row->seconds = row->timed ? seconds : INFINITY;
		row->ratio = row->seconds / tuning->out->rows[0].seconds; /* the default is the first */
		row->rounds = (uint32_t)contestants[i].trial_count;
		row->heats++;
		snprintf(row->reason, sizeof row->reason, "%.150s", contestants[i].reason);
	}
	tuning->out->interrupted = run.partial;
	pf_run_release(&run);
	for (size_t i = 2; i < count; i++) { /* insertion: few */
		for (size_t k = i;
		     k > 1 && tuning->out->rows[left[k]].seconds < tuning->out->rows[left[k - 1]].seconds;
		     k--) {
			size_t other = left[k];
			left[k] = left[k - 1];
			left[k - 1] = other;
		}
	}
	return status;
}

static pf_status halve(struct tuning *tuning, const pf_session *session, pf_error *error)
{
	size_t left[PF_TUNE_CANDIDATES_MOST], count = tuning->out->count;
	pf_tune *out = tuning->out;
	uint32_t rounds = 1;
	pf_status status = PF_OK;
	for (size_t i = 0; i < count; i++) {
		left[i] = i;
	}
	while (count > 1 && status == PF_OK) {
		status = run_heat(tuning, session, left, count, rounds, error);
		if (status == PF_OK && !out->rows[0].timed && !out->interrupted) {
			status = pf_fail(error, PF_ERR_INVALID, NULL, "%s itself cannot be timed: %s",
					 out->rows[0].label,
					 out->rows[0].reason[0] ? out->rows[0].reason
								: "no trial of it counts");
		}
		/* With as many as that there is nothing to halve, and the numbers are the better by then. */
		if (out->interrupted || (count <= FINALISTS && rounds > 1)) {
			break;
		}
		count = 1 + (count - 1 + 1) / 2;
		while (count > 1 && !out->rows[left[count - 1]].timed) {
			count--;
		}
		rounds *= 2;
		if (is_over(tuning, TUNING_SHARE, next_round_s(tuning, left, count))) {
			break;
		}
	}
	bool faster = count > 1 && out->rows[left[1]].timed &&
		      out->rows[left[1]].seconds < out->rows[0].seconds;
	out->best = status == PF_OK && faster ? left[1] : 0;
	return status;
}

void pf_tune_evidence_start(pf_tune_evidence *evidence)
{
	*evidence = (pf_tune_evidence){.log_ratios = 0};
	pf_eprocess_start(&evidence->process, PF_MARGIN, PF_TUNE_ALPHA);
}

bool pf_tune_is_decided(pf_tune *out, pf_tune_evidence *evidence, const pf_run *run)
{
	pf_trial_pair pairs[CONFIRM_MOST + 1];
	if (run->contestants[0].status != PF_RUN_OK || run->contestants[1].status != PF_RUN_OK) {
		return true; /* its output differs there, or it dies: not the winner */
	}
	size_t count = run->contestants[0].trial_count <= CONFIRM_MOST
			       ? pf_run_pairs(&run->contestants[1], &run->contestants[0], pairs)
			       : out->pairs;
	for (; out->pairs < count && out->word == PF_WORD_UNDECIDED; out->pairs++) {
		double d = log((double)pairs[out->pairs].a->wall_ns / (double)pairs[out->pairs].b->wall_ns);
		out->word = pf_eprocess_add(&evidence->process, d);
		evidence->log_ratios += d;
	}
	out->ratio = out->pairs ? exp(evidence->log_ratios / (double)out->pairs) : NAN;
	return out->word != PF_WORD_UNDECIDED;
}

/* After each round of the confirmation. */
static bool is_over_or_decided(void *context, const pf_run *run)
{
	struct tuning *tuning = context;
	bool decided = pf_tune_is_decided(tuning->out, &tuning->evidence, run);
	tuning->out->out_of_time = !decided && is_over(tuning, 1, round_s(run));
	return decided || tuning->out->out_of_time;
}

static pf_status confirm(struct tuning *tuning, const pf_session *session, pf_error *error)
{
	pf_contestant contestants[2] = {tuning->candidates[0], tuning->candidates[tuning->out->best]};
	pf_run run = {.session = session,
		      .command = "tune",
		      .contestants = contestants,
		      .contestant_count = 2,
		      .rounds = CONFIRM_MOST,
		      .enough = is_over_or_decided,
		      .enough_context = tuning,
		      .seed = tuning->order->seed};
	pf_tune_evidence_start(&tuning->evidence);
	pf_status status = pf_run_execute(&run, tuning->order->listener, error);
	tuning->out->interrupted = pf_interrupts > 0;
	pf_run_release(&run);
	return status;
}

static pf_status run_part(struct tuning *tuning, bool for_tuning, pf_error *error)
{
	pf_session session = {.manifest_fd = -1};
	pf_dataset *dataset = NULL;
	pf_status status = tuning->order->open(tuning->order->context, for_tuning, &session, &dataset, error);
	if (status == PF_OK) {
		tuning->out->photos[!for_tuning] = dataset->count;
		status = for_tuning ? halve(tuning, &session, error) : confirm(tuning, &session, error);
	}
	pf_session_close(&session);
	pf_dataset_free(dataset);
	return status;
}

pf_status pf_tune_run(const pf_tune_order *order, pf_tune *out, pf_error *error)
{
	struct tuning *tuning = calloc(1, sizeof *tuning);
	*out = (pf_tune){0};
	if (!tuning) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	tuning->order = order;
	tuning->out = out;
	tuning->begin_ns = pf_now_ns();
	pf_status status = pf_tune_candidates(order->variant, order->workers, order->cores,
					      tuning->candidates, &out->count, error);
	for (size_t i = 0; status == PF_OK && i < out->count; i++) {
		snprintf(out->rows[i].label, sizeof out->rows[i].label, "%s", tuning->candidates[i].label);
		out->rows[i].workers = tuning->candidates[i].workers;
	}
	if (status == PF_OK && out->count < 2) {
		status = pf_fail(error, PF_ERR_USAGE, NULL, "variant %s has no numbers to tune",
				 order->variant);
	}
	status = status == PF_OK ? run_part(tuning, true, error) : status;
	if (status == PF_OK && out->best && !out->interrupted) {
		status = run_part(tuning, false, error);
	}
	free(tuning);
	return status;
}
