/* Figures of a run, computed in one place for all who show them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/counters/trial_counters.h"
#include "harness/run/run.h"
#include "harness/stats/enough.h"

typedef double (*figure_of)(const pf_trial *trial); /* 0: it has none */

static double wall_seconds(const pf_trial *trial)
{
	return (double)trial->wall_ns * 1e-9;
}

static double first_seconds(const pf_trial *trial)
{
	return (double)trial->first_result_ns * 1e-9;
}

/* Over the trials that count in that way. */
static bool mean_of(const pf_contestant *contestant, pf_trial_counting counting, figure_of figure,
		    pf_interval *mean)
{
	double *samples = pf_enough(calloc(contestant->trial_count + 1, sizeof *samples));
	size_t count = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (pf_run_counts(contestant, trial) == counting && figure(trial) > 0) {
			samples[count++] = figure(trial);
		}
	}
	if (count) {
		*mean = pf_interval_within(pf_mean_interval(samples, count, PF_LEVEL), 0, INFINITY);
	}
	free(samples);
	return count > 0;
}

bool pf_run_time(const pf_contestant *contestant, pf_interval *seconds)
{
	return mean_of(contestant, PF_COUNTS, wall_seconds, seconds);
}

bool pf_run_unchecked_time(const pf_contestant *contestant, pf_interval *seconds)
{
	return mean_of(contestant, PF_COUNTS_UNCHECKED, wall_seconds, seconds);
}

const pf_tolerance *pf_run_tolerance(const pf_contestant *contestant)
{
	for (size_t i = contestant->trial_count; i-- > 0;) {
		const pf_trial *trial = &contestant->trials[i];
		if (pf_run_counts(contestant, trial) == PF_COUNTS && trial->tolerance.declared) {
			return &trial->tolerance;
		}
	}
	return NULL;
}

bool pf_run_first_result(const pf_contestant *contestant, pf_interval *seconds)
{
	return mean_of(contestant, PF_COUNTS, first_seconds, seconds);
}

uint64_t pf_run_most_memory(const pf_contestant *contestant)
{
	uint64_t most = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		most = pf_run_counts(contestant, trial) == PF_COUNTS && trial->peak_rss_bytes > most
			       ? trial->peak_rss_bytes
			       : most;
	}
	return most;
}

double pf_run_core_share(const pf_run *run)
{
	double cpu = 0, wall = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_trial *trial = &contestant->trials[k];
			if (pf_run_counts(contestant, trial) == PF_COUNTS && trial->photos_scored &&
			    !(contestant->variant->caps & (PF_CAP_WORKERS | PF_CAP_COMMAND))) {
				cpu += (double)trial->cpu_ns;
				wall += (double)trial->wall_ns;
			}
		}
	}
	return wall > 0 ? cpu / wall : 0;
}

static const pf_trial *trial_of_round(const pf_contestant *contestant, uint32_t round)
{
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (trial->round == round && pf_run_counts(contestant, trial) == PF_COUNTS) {
			return trial;
		}
	}
	return NULL;
}

size_t pf_run_pairs(const pf_contestant *a, const pf_contestant *b, pf_trial_pair *out)
{
	size_t count = 0;
	bool both = a->status == PF_RUN_OK && b->status == PF_RUN_OK;
	for (size_t i = 0; both && i < a->trial_count; i++) {
		const pf_trial *own = &a->trials[i];
		const pf_trial *other = pf_run_counts(a, own) == PF_COUNTS ? trial_of_round(b, own->round)
									   : NULL;
		if (other) {
			out[count++] = (pf_trial_pair){own, other};
		}
	}
	return count;
}

bool pf_run_speedup(const pf_contestant *contestant, const pf_contestant *other, pf_interval *ratio)
{
	size_t capacity = contestant->trial_count + 1;
	pf_trial_pair *pairs = pf_enough(calloc(capacity, sizeof *pairs));
	double *own = pf_enough(calloc(2 * capacity, sizeof *own)), *others = own + capacity;
	size_t count = pf_run_pairs(contestant, other, pairs);
	for (size_t i = 0; i < count; i++) {
		own[i] = (double)pairs[i].a->wall_ns;
		others[i] = (double)pairs[i].b->wall_ns;
	}
	if (count) {
		*ratio = pf_ratio_interval(others, own, count, PF_LEVEL);
	}
	free(pairs);
	free(own);
	return count > 0;
}

bool pf_run_stayed_warm(const pf_run *run)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < run->session->dataset->count; i++) {
		bytes += run->session->dataset->photos[i].size_bytes;
	}
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_trial *trial = &contestant->trials[k];
			if (pf_run_counts(contestant, trial) == PF_COUNTS &&
			    trial->device_read_bytes > PF_WARM_BYTES &&
			    (double)trial->device_read_bytes > PF_WARM_SHARE * (double)bytes) {
				return false;
			}
		}
	}
	return true;
}

const pf_contestant *pf_run_find(const pf_run *run, const char *name)
{
	for (size_t i = 0; name && i < run->contestant_count; i++) {
		if (strcmp(run->contestants[i].variant->name, name) == 0) {
			return &run->contestants[i];
		}
	}
	return NULL;
}

const pf_contestant *pf_run_baseline(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const struct pf_variant *variant = run->contestants[i].variant;
		if (!variant->parent && !(variant->caps & (PF_CAP_FLOOR | PF_CAP_COMMAND))) {
			return &run->contestants[i];
		}
	}
	return NULL;
}

double pf_run_counters_cost(const pf_run *run)
{
	double most = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		/* A floor scores nothing: its trial is so short that the share of anything is large. */
		bool floor = run->contestant_count > 1 && run->contestants[i].variant->caps & PF_CAP_FLOOR;
		for (size_t k = 0; !floor && k < run->contestants[i].trial_count; k++) {
			const pf_trial_counters *counters =
				run->contestants[i].trials[k].found[PF_PROBE_counters];
			most = counters && counters->cost_share > most ? counters->cost_share : most;
		}
	}
	return most;
}

static int by_wall(const void *left, const void *right)
{
	const pf_trial *a = *(const pf_trial *const *)left, *b = *(const pf_trial *const *)right;
	return a->wall_ns != b->wall_ns ? (a->wall_ns < b->wall_ns ? -1 : 1) : (int)a->round - (int)b->round;
}

const pf_trial *pf_run_median_trial(const pf_contestant *contestant)
{
	const pf_trial **counted = calloc(contestant->trial_count + 1, sizeof(const pf_trial *));
	size_t count = 0;
	if (!counted) {
		pf_out_of_memory();
	}
	for (size_t i = 0; i < contestant->trial_count; i++) {
		if (pf_run_counts(contestant, &contestant->trials[i]) == PF_COUNTS) {
			counted[count++] = &contestant->trials[i];
		}
	}
	qsort(counted, count, sizeof(const pf_trial *), by_wall);
	const pf_trial *median = count ? counted[(count - 1) / 2] : NULL;
	free(counted);
	return median;
}
