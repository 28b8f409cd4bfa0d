#include "harness/claims/goal.h"

#include <math.h>
#include <stdlib.h>

#include "harness/run/run_facts.h"
#include "harness/stats/enough.h"

#define WEEK_S (7 * 24 * 3600.0)

#define PF_GOAL_WORD_NAME(constant, name) name,
static const char *const word_names[] = {PF_GOAL_WORD_LIST(PF_GOAL_WORD_NAME)};

const char *pf_goal_word_name(pf_goal_word word)
{
	return word_names[word];
}

/* Mean wall time of the trials that score nothing: starting a process, loading its libraries, ending it. 0
 * where none was run. */
static double process_seconds(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_interval seconds;
		if (run->contestants[i].status == PF_RUN_FLOOR &&
		    pf_run_time(&run->contestants[i], &seconds)) {
			return seconds.mean;
		}
	}
	return 0;
}

/* What a trial took once, however many its photos were. A program from outside tells nothing of it: all its
 * time is taken to grow. */
static double startup_seconds(const pf_contestant *contestant, const pf_trial *trial, double process)
{
	double wall = (double)trial->wall_ns * 1e-9;
	bool unknown = contestant->variant->caps & PF_CAP_COMMAND;
	return unknown ? 0 : fmin(process + (double)trial->startup_ns * 1e-9, wall);
}

static pf_goal_word word_of(const pf_interval *seconds, double goal)
{
	if (!seconds->has_interval) {
		return PF_GOAL_UNDECIDED;
	}
	return seconds->high <= goal ? PF_GOAL_MET : seconds->low > goal ? PF_GOAL_MISSED : PF_GOAL_UNDECIDED;
}

bool pf_goal_project(const pf_run *run, const pf_contestant *contestant, pf_projection *out)
{
	const pf_goal *goal = run->goal;
	double process = process_seconds(run), startup = 0, each = 0, cpu = 0;
	double *samples = pf_enough(calloc(contestant->trial_count + 1, sizeof *samples));
	size_t count = 0;
	for (size_t i = 0; contestant->status == PF_RUN_OK && i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		double photos = (double)(trial->photos_scored + trial->photos_failed);
		if (pf_run_counts(contestant, trial) != PF_COUNTS || photos <= 0) {
			continue;
		}
		double once = startup_seconds(contestant, trial, process);
		double photo = ((double)trial->wall_ns * 1e-9 - once) / photos;
		samples[count++] = once + photo * goal->photos;
		startup += once;
		each += photo;
		cpu += (double)trial->cpu_ns * 1e-9 / photos;
	}
	if (count) {
		double n = (double)count;
		*out = (pf_projection){.contestant = contestant,
				       .startup_s = startup / n,
				       .photo_s = each / n,
				       .cpu_s = cpu / n,
				       .seconds = pf_mean_interval(samples, count, PF_LEVEL)};
		out->seconds.low = fmax(out->seconds.low, 0); /* no time is below it */
		out->events_a_week = WEEK_S / out->seconds.mean;
		out->cost = goal->has_price ? goal->price_per_hour * out->seconds.mean / 3600 : 0;
		out->word = word_of(&out->seconds, goal->seconds);
	}
	free(samples);
	return count > 0;
}

const pf_contestant *pf_goal_first(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_projection projection;
		if (pf_goal_project(run, &run->contestants[i], &projection) &&
		    projection.word == PF_GOAL_MET) {
			return &run->contestants[i];
		}
	}
	return NULL;
}

bool pf_goal_is_met(const pf_run *run)
{
	return pf_goal_first(run) != NULL;
}

void pf_goal_photo_size(const pf_run *run, double *bytes, double *megapixels)
{
	const pf_dataset *dataset = run->session->dataset;
	double sum = 0;
	for (size_t i = 0; i < dataset->count; i++) {
		sum += (double)dataset->photos[i].size_bytes;
	}
	*bytes = dataset->count ? sum / (double)dataset->count : 0;
	*megapixels = pf_run_facts_of(run).mean_megapixels;
}
