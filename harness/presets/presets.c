#include "harness/presets/presets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/presets/presets_parts.h"
#include "harness/stats/binomial.h"
#include "harness/stats/enough.h"
#include "harness/stats/shuffle.h"
#include "photofinish/file.h"

/* What trials have measured, by round and preset as wall_s. */
typedef struct measuring {
	pf_reference references[PF_PRESETS];
	double *cpu_s, *memory_bytes;
} measuring;

static void tell(const pf_presets *presets, const char *what, uint32_t done, uint32_t total)
{
	if (presets->tell) {
		presets->tell(presets->context, what, done, total);
	}
}

static pf_status make_references(const pf_presets *presets, measuring *own, pf_error *error)
{
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		char what[64];
		snprintf(what, sizeof what, "reference of %s", presets->rows[p].plan->name);
		tell(presets, what, p, PF_PRESETS);
		pf_status status = pf_reference_get(&presets->sessions[p], NULL, &own->references[p], error);
		if (status != PF_OK) {
			return status;
		}
	}
	return PF_OK;
}

/* Against the reference; against one that was made afresh before it is said to differ from a kept one. */
static pf_status check(pf_presets *presets, measuring *own, uint32_t preset, const pf_trial *trial,
		       bool *right, pf_error *error)
{
	pf_reference *reference = &own->references[preset];
	size_t first = 0, differ = pf_outcomes_differ(reference->outcomes, trial->outcomes, &first);
	if (differ && reference->from_cache) {
		pf_status status = pf_reference_renew(&presets->sessions[preset], reference, error);
		if (status != PF_OK) {
			return status;
		}
		differ = pf_outcomes_differ(reference->outcomes, trial->outcomes, &first);
	}
	*right = differ == 0 && trial->outcomes->bursts == reference->outcomes->bursts;
	if (differ) {
		char name[200], what[160];
		pf_outcome_describe_difference(&reference->outcomes->photos[first],
					       &trial->outcomes->photos[first], what, sizeof what);
		snprintf(presets->wrong, sizeof presets->wrong,
			 "preset %s: %zu of %zu photos differ from its reference, the first is %s: %s",
			 presets->rows[preset].plan->name, differ, trial->outcomes->count,
			 pf_escape(presets->dataset->photos[first].path, name, sizeof name), what);
	} else if (!*right) {
		snprintf(presets->wrong, sizeof presets->wrong,
			 "preset %s: it found other bursts than its reference",
			 presets->rows[preset].plan->name);
	}
	return PF_OK;
}

static pf_status run_one(pf_presets *presets, measuring *own, uint32_t round, uint32_t preset,
			 pf_error *error)
{
	const pf_contestant *contestant = presets->contestant;
	size_t at = (size_t)round * PF_PRESETS + preset;
	pf_trial trial = {0};
	bool right = false;
	pf_status status = pf_trial_run(&presets->sessions[preset], contestant->variant, contestant->workers,
					contestant->options, NULL, &trial, error);
	if (status == PF_OK && trial.ending == PF_ENDED_CANCELLED) {
		status = pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	} else if (status == PF_OK && trial.ending != PF_ENDED_OK) {
		if (!presets->uncounted[0]) {
			snprintf(presets->uncounted, sizeof presets->uncounted, "preset %s: %.400s",
				 presets->rows[preset].plan->name, trial.reason);
		}
	} else if (status == PF_OK) {
		status = check(presets, own, preset, &trial, &right, error);
	}
	if (status == PF_OK && right) {
		presets->wall_s[at] = (double)trial.wall_ns * 1e-9;
		own->cpu_s[at] = (double)trial.cpu_ns * 1e-9;
		own->memory_bytes[at] = (double)trial.peak_rss_bytes;
	}
	pf_trial_release(&trial);
	return status;
}

static pf_status run_rounds(pf_presets *presets, measuring *own, pf_error *error)
{
	pf_random random = {presets->seed};
	size_t order[PF_PRESETS];
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		order[p] = p;
	}
	for (uint32_t round = 0; round < presets->rounds && !presets->wrong[0]; round++) {
		pf_shuffle_round(&random, order, PF_PRESETS, round + 1);
		for (uint32_t i = 0; i < PF_PRESETS && !presets->wrong[0]; i++) {
			tell(presets, presets->rows[order[i]].plan->name, round * PF_PRESETS + i,
			     presets->rounds * PF_PRESETS);
			pf_status status = run_one(presets, own, round, (uint32_t)order[i], error);
			if (status != PF_OK) {
				presets->partial = status == PF_ERR_CANCELLED && presets->rounds_done > 0;
				return presets->partial ? PF_OK : status;
			}
		}
		presets->rounds_done = round + 1;
	}
	return PF_OK;
}

/* Of those rounds that count. */
static void mean_of(const pf_presets *presets, const double *values, uint32_t preset, pf_interval *mean)
{
	double *samples = pf_enough(calloc(presets->rounds_done + 1, sizeof *samples));
	size_t n = 0;
	for (size_t r = 0; r < presets->rounds_done; r++) {
		if (presets->wall_s[r * PF_PRESETS + preset] > 0) {
			samples[n++] = values[r * PF_PRESETS + preset];
		}
	}
	if (n) {
		*mean = pf_interval_within(pf_mean_interval(samples, n, PF_LEVEL), 0, INFINITY);
	}
	free(samples);
}

typedef struct taus {
	double *values;
	size_t count;
} taus;

static void take_tau(void *context, const pf_agreement *burst)
{
	taus *list = context;
	list->values[list->count++] = pf_agreement_rank_correlation(burst);
}

static void compare_with_ultra(const measuring *own, uint32_t preset, pf_preset_row *row)
{
	const pf_outcomes *ultra = own->references[PF_PRESET_ULTRA].outcomes,
			  *outcomes = own->references[preset].outcomes;
	taus list = {.values = pf_enough(calloc(ultra->count + 1, sizeof(double)))};
	pf_agreement all = pf_agreement_of(ultra, outcomes);
	pf_agreement_each(ultra, outcomes, take_tau, &list);
	row->bursts = all.bursts;
	row->same_best = all.best_shots;
	row->tau = (pf_interval){.mean = 1, .low = 1, .high = 1};
	if (row->bursts) {
		pf_binomial_interval(row->same_best, row->bursts, PF_LEVEL, &row->same_low, &row->same_high);
		row->tau = pf_interval_within(pf_mean_interval(list.values, list.count, PF_LEVEL), -1, 1);
	}
	free(list.values);
}

/* False, and an error, where a preset has no trial that counts. */
static pf_status fill_in(pf_presets *presets, const measuring *own, pf_error *error)
{
	char truth[4096];
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		pf_preset_row *row = &presets->rows[p];
		mean_of(presets, presets->wall_s, p, &row->wall_s);
		mean_of(presets, own->cpu_s, p, &row->cpu_s);
		mean_of(presets, own->memory_bytes, p, &row->memory_bytes);
		if (!row->wall_s.n) {
			return pf_fail(error, PF_ERR_INVALID, NULL, "no trial counts: %s",
				       presets->uncounted);
		}
		row->paths = pf_paths_of(p, own->references[p].outcomes);
		compare_with_ultra(own, p, row);
	}
	int length = snprintf(truth, sizeof truth, "%s/truth.json", presets->dataset->root);
	bool there = length > 0 && (size_t)length < sizeof truth && !pf_file_is_absent(truth);
	pf_status status = there ? pf_presets_add_truth(presets, own->references, truth, error) : PF_OK;
	if (status == PF_OK) {
		pf_presets_judge(presets);
	}
	return status;
}

pf_status pf_presets_measure(pf_presets *presets, pf_error *error)
{
	measuring own = {0};
	size_t cells = (size_t)presets->rounds * PF_PRESETS;
	presets->wall_s = pf_enough(calloc(cells, sizeof(double)));
	own.cpu_s = pf_enough(calloc(cells, sizeof(double)));
	own.memory_bytes = pf_enough(calloc(cells, sizeof(double)));
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		presets->rows[p] = (pf_preset_row){.plan = pf_preset_plan_of(p)};
	}
	pf_status status = make_references(presets, &own, error);
	if (status == PF_OK) {
		status = run_rounds(presets, &own, error);
	}
	if (status == PF_OK && !presets->wrong[0]) {
		status = fill_in(presets, &own, error);
	}
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		pf_reference_release(&own.references[p]);
	}
	free(own.cpu_s);
	free(own.memory_bytes);
	return status;
}

void pf_presets_release(pf_presets *presets)
{
	free(presets->wall_s);
	presets->wall_s = NULL;
}
