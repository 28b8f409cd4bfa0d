/* From the samples of a soak to trends and verdicts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/load/soak.h"
#include "harness/stats/enough.h"
#include "harness/stats/order_statistics.h"
#include "harness/stats/theil_sen.h"

enum { RESAMPLES = 1000, PHOTOS_A_POINT = 3 };

#define PF_SOAK_NAME(constant, name, unit, smallest, times) name,
#define PF_SOAK_UNIT(constant, name, unit, smallest, times) unit,
#define PF_SOAK_SMALLEST(constant, name, unit, smallest, times) smallest,
#define PF_SOAK_TIMES(constant, name, unit, smallest, times) times,
static const char *const names[] = {PF_SOAK_LIST(PF_SOAK_NAME)};
static const char *const unit_names[] = {PF_SOAK_LIST(PF_SOAK_UNIT)};
static const double smallest_slopes[] = {PF_SOAK_LIST(PF_SOAK_SMALLEST)};
static const bool of_times[] = {PF_SOAK_LIST(PF_SOAK_TIMES)};

const char *pf_soak_name(pf_soak_metric metric)
{
	return names[metric];
}

const char *pf_soak_unit(pf_soak_metric metric)
{
	return unit_names[metric];
}

bool pf_soak_is_time(pf_soak_metric metric)
{
	return of_times[metric];
}

const char *pf_soak_verdict_name(pf_soak_metric metric, pf_soak_verdict verdict)
{
	static const char *const memory[] = {"leak", "no leak", "undecided", "not tested"};
	static const char *const times[] = {"slower", "steady", "undecided", "not tested"};
	return of_times[metric] ? times[verdict] : memory[verdict];
}

/* The sample's value; false where it has none. */
static bool value_of(const pf_soak_sample *sample, pf_soak_metric metric, double *value)
{
	switch (metric) {
	case PF_SOAK_HEAP:
		*value = (double)sample->heap_bytes;
		return sample->heap_bytes > 0;
	case PF_SOAK_RSS:
		*value = (double)sample->rss_bytes;
		return sample->rss_bytes > 0;
	case PF_SOAK_FDS:
		*value = sample->fds;
		return sample->rss_bytes > 0;
	case PF_SOAK_THREADS:
		*value = sample->threads;
		return sample->rss_bytes > 0;
	case PF_SOAK_P50:
	case PF_SOAK_P99:
		*value = (double)sample->photo_ns;
		return sample->photo_ns > 0;
	case PF_SOAK_COUNT:
		break;
	}
	return false;
}

static double *room(size_t count)
{
	double *memory = calloc(count + 1, sizeof *memory);
	if (!memory) {
		pf_out_of_memory();
	}
	return memory;
}

/* Median over all judged samples of one process; 0 without any. */
static double median_of(const pf_soak *soak, const pf_soak_process *process, pf_soak_metric metric,
			double *scratch)
{
	size_t n = 0;
	for (size_t i = soak->warmup_photos; i < process->count; i++) {
		n += value_of(&process->samples[i], metric, &scratch[n]);
	}
	return n ? pf_median_reorder(scratch, n) : 0;
}

/* A judged sample, in the order of photos. */
struct reference {
	uint32_t photo, process;
	size_t sample;
};

static int by_photo(const void *a, const void *b)
{
	const struct reference *x = a, *y = b;
	return (x->photo > y->photo) - (x->photo < y->photo);
}

/* Of all judged processes, behind the warm-up. The caller frees it. */
static struct reference *sort_samples(const pf_soak *soak, size_t *count)
{
	size_t n = 0, most = 0;
	for (size_t p = 0; p < soak->process_count; p++) {
		most += soak->processes[p].judged ? soak->processes[p].count : 0;
	}
	struct reference *sorted = calloc(most + 1, sizeof *sorted);
	if (!sorted) {
		pf_out_of_memory();
	}
	for (size_t p = 0; p < soak->process_count; p++) {
		const pf_soak_process *process = &soak->processes[p];
		for (size_t i = soak->warmup_photos; process->judged && i < process->count; i++) {
			sorted[n++] = (struct reference){process->samples[i].photo, (uint32_t)p, i};
		}
	}
	qsort(sorted, n, sizeof *sorted, by_photo);
	*count = n;
	return sorted;
}

/* What one fit works on. */
struct fitting {
	const pf_soak *soak;
	pf_soak_metric metric;
	const struct reference *sorted;
	size_t sorted_count, points;
	double *medians, *effects, *scratch, *x, *y; /* of processes, of photos */
};

/* What each photo has more than its process's median and trend: large photos take more memory and time
 * wherever they come. */
static void photo_effects(const struct fitting *f, double slope)
{
	double middle = (double)f->soak->warmup_photos + 0.5 * (double)f->soak->judged_photos, value;
	for (size_t from = 0, to; from < f->sorted_count; from = to) {
		uint32_t photo = f->sorted[from].photo;
		size_t n = 0;
		for (to = from; to < f->sorted_count && f->sorted[to].photo == photo; to++) {
			const struct reference *at = &f->sorted[to];
			if (value_of(&f->soak->processes[at->process].samples[at->sample], f->metric,
				     &value)) {
				f->scratch[n++] = value - f->medians[at->process] -
						  slope * ((double)at->sample - middle);
			}
		}
		f->effects[photo] = n ? pf_median_reorder(f->scratch, n) : 0;
	}
}

/* The values of a process within a point: their mean, of times the quantile. False where there is none. */
static bool point_of(const pf_soak_process *process, pf_soak_metric metric, const double *effects,
		     size_t from, size_t to, double *scratch, double *value)
{
	size_t n = 0;
	double sum = 0;
	for (size_t i = from; i < to; i++) {
		if (value_of(&process->samples[i], metric, &scratch[n])) {
			scratch[n] -= effects[process->samples[i].photo];
			sum += scratch[n++];
		}
	}
	if (n == 0) {
		return false;
	}
	if (of_times[metric]) {
		pf_sort(scratch, n);
		*value = pf_quantile(scratch, n, metric == PF_SOAK_P99 ? 0.99 : 0.5);
	} else {
		*value = sum / (double)n;
	}
	return true;
}

/* Averages over the judged processes, point by point. */
static size_t make_series(const struct fitting *f)
{
	const pf_soak *soak = f->soak;
	size_t n = 0;
	for (size_t k = 0; k < f->points; k++) {
		size_t from = soak->warmup_photos + k * soak->judged_photos / f->points;
		size_t to = soak->warmup_photos + (k + 1) * soak->judged_photos / f->points;
		double sum = 0, value;
		size_t count = 0;
		for (size_t p = 0; p < soak->process_count; p++) {
			if (soak->processes[p].judged && point_of(&soak->processes[p], f->metric, f->effects,
								  from, to, f->scratch, &value)) {
				sum += value;
				count++;
			}
		}
		if (count == soak->judged_processes) {
			f->x[n] = 0.5 * (double)(from + to - 1);
			f->y[n++] = sum / (double)count;
		}
	}
	return n;
}

/* Trend and what is particular to photos, each by what the other leaves (backfitting). Photos that did not
 * come evenly spread would else take a part of the trend. Returns the number of points. */
static size_t fit(const struct fitting *f)
{
	enum { ROUNDS = 5 };
	size_t n = make_series(f);
	for (int i = 0; i < ROUNDS && n >= PF_TREND_LEAST; i++) {
		photo_effects(f, pf_theil_sen(f->x, f->y, n));
		n = make_series(f);
	}
	return n;
}

/* Caches that fill and buffers that find their size grow, too, at first: a leak goes on. */
static void confirm_growth(const pf_soak *soak, const struct fitting *f, size_t n, pf_soak_trend *trend)
{
	size_t half = n / 2;
	pf_interval later = {0};
	if (n - half >= PF_TREND_LEAST) {
		later = pf_theil_sen_interval(f->x + half, f->y + half, n - half, 0, RESAMPLES, PF_LEVEL,
					      soak->seed);
	}
	if (!later.has_interval) {
		trend->verdict = PF_SOAK_UNDECIDED;
		snprintf(trend->why, sizeof trend->why,
			 "it grew; whether it goes on takes %d points in the second half, there are %zu",
			 PF_TREND_LEAST, n - half);
	} else if (later.low <= trend->smallest) {
		trend->verdict = PF_SOAK_UNDECIDED;
		snprintf(trend->why, sizeof trend->why,
			 "it grew at first, and in the second half not for sure: a longer soak tells");
	}
}

static void judge_slope(const pf_soak *soak, pf_soak_metric metric, const struct fitting *f, size_t n,
			pf_soak_trend *trend)
{
	trend->slope = pf_theil_sen_interval(f->x, f->y, n, 0, RESAMPLES, PF_LEVEL, soak->seed);
	trend->verdict = trend->slope.low > trend->smallest    ? PF_SOAK_GROWS
			 : trend->slope.high < trend->smallest ? PF_SOAK_STEADY
							       : PF_SOAK_UNDECIDED;
	if (trend->verdict != PF_SOAK_GROWS) {
		return;
	}
	if (of_times[metric] && soak->disturbed[0]) {
		trend->verdict = PF_SOAK_UNDECIDED;
		snprintf(trend->why, sizeof trend->why, "it grew slower, and the machine was disturbed: %s",
			 soak->disturbed);
	} else {
		confirm_growth(soak, f, n, trend);
	}
}

/* The median of what is judged, over the processes; notes each one's. */
static double level_of(const struct fitting *f)
{
	double sum = 0;
	for (size_t p = 0; p < f->soak->process_count; p++) {
		if (f->soak->processes[p].judged) {
			f->medians[p] = median_of(f->soak, &f->soak->processes[p], f->metric, f->scratch);
			sum += f->medians[p];
		}
	}
	return f->soak->judged_processes ? sum / (double)f->soak->judged_processes : 0;
}

static void judge_metric(pf_soak *soak, pf_soak_metric metric, const struct reference *sorted,
			 size_t sorted_count, double *scratch)
{
	pf_soak_trend *trend = &soak->trends[metric];
	size_t each = metric == PF_SOAK_P99 ? PF_SOAK_P99_PHOTOS : PHOTOS_A_POINT;
	size_t most = soak->judged_photos / each,
	       points = most < PF_SOAK_POINTS_MOST ? most : PF_SOAK_POINTS_MOST;
	struct fitting f = {.soak = soak,
			    .metric = metric,
			    .sorted = sorted,
			    .sorted_count = sorted_count,
			    .points = points,
			    .medians = room(soak->process_count),
			    .effects = room(soak->session->dataset->count),
			    .scratch = scratch,
			    .x = room(points),
			    .y = room(points)};
	*trend = (pf_soak_trend){
		.verdict = PF_SOAK_UNTESTED, .level = level_of(&f), .smallest = smallest_slopes[metric]};
	if (of_times[metric] && soak->judged_photos) {
		trend->smallest *= trend->level / (double)soak->judged_photos;
	}
	size_t n = points >= PF_TREND_LEAST && trend->level > 0 ? fit(&f) : 0;
	if (trend->level <= 0) {
		snprintf(trend->why, sizeof trend->why, "%s",
			 metric == PF_SOAK_HEAP && soak->judged_photos
				 ? "malloc's count is not to be had (a sanitizer's allocator)"
				 : "no photo behind the warm-up was measured");
	} else if (points < PF_TREND_LEAST) {
		snprintf(trend->why, sizeof trend->why,
			 "an interval needs n >= %zu photos a process behind the warm-up, there are %zu",
			 each * PF_TREND_LEAST, soak->judged_photos);
	} else if (n < PF_TREND_LEAST) {
		snprintf(trend->why, sizeof trend->why, "only %zu of %zu points have samples", n, points);
	} else {
		judge_slope(soak, metric, &f, n, trend);
	}
	free(f.medians);
	free(f.effects);
	free(f.x);
	free(f.y);
}

void pf_soak_judge(pf_soak *soak)
{
	size_t total = 0, busiest = 0, least = SIZE_MAX, sorted_count;
	soak->judged_processes = 0;
	for (size_t p = 0; p < soak->process_count; p++) {
		total += soak->processes[p].count;
		busiest = soak->processes[p].count > busiest ? soak->processes[p].count : busiest;
	}
	for (size_t p = 0; p < soak->process_count; p++) {
		pf_soak_process *process = &soak->processes[p];
		process->judged = process->count > 0 && process->count * 2 >= busiest;
		soak->judged_processes += process->judged;
		least = process->judged && process->count < least ? process->count : least;
	}
	least = soak->judged_processes ? least : 0;
	size_t pass = soak->session->dataset->count;
	soak->warmup_photos = pass > least / 10 ? pass : least / 10;
	soak->warmup_photos = soak->warmup_photos < least ? soak->warmup_photos : least;
	soak->judged_photos = least - soak->warmup_photos;
	double *scratch = room(total);
	struct reference *sorted = sort_samples(soak, &sorted_count);
	for (int i = 0; i < PF_SOAK_COUNT; i++) {
		judge_metric(soak, (pf_soak_metric)i, sorted, sorted_count, scratch);
	}
	free(sorted);
	free(scratch);
}
