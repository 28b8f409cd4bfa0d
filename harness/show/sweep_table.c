#include "harness/show/sweep_table.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/text.h"
#include "harness/run/run_facts.h"
#include "harness/show/machine_lines.h"
#include "harness/show/outside_lines.h"
#include "harness/stats/enough.h"
#include "harness/stats/usl.h"
#include "photofinish/file.h"

enum { COLUMNS = 8, MOST_POINTS = 64 };

/* Contestants that differ in their workers alone. */
typedef struct group {
	const pf_run *run;
	const pf_contestant *points;
	size_t count;
} group;

/* The trial of that round that counts, or NULL. */
static const pf_trial *trial_of(const pf_contestant *contestant, uint32_t round)
{
	for (size_t i = 0; i < contestant->trial_count; i++) {
		if (contestant->trials[i].round == round &&
		    pf_run_counts(contestant, &contestant->trials[i]) == PF_COUNTS) {
			return &contestant->trials[i];
		}
	}
	return NULL;
}

/* Samples of 1 - s / T from the trials with one worker: s the spans of the variant's own process without
 * waiting, T the wall time. */
static bool parallel_share(const pf_contestant *one, pf_interval *share)
{
	double *samples = pf_enough(calloc(one->trial_count + 1, sizeof *samples));
	size_t count = 0;
	for (size_t i = 0; i < one->trial_count; i++) {
		const pf_trial *trial = &one->trials[i];
		if (pf_run_counts(one, trial) == PF_COUNTS) {
			samples[count++] = 1 - (double)trial->main_ns / (double)trial->wall_ns;
		}
	}
	if (count) {
		*share = pf_interval_within(pf_mean_interval(samples, count, PF_LEVEL), 0, 1);
	}
	free(samples);
	return count > 0;
}

/* A fit for each round that has all points, and the t-interval over those fits. */
typedef struct fits {
	pf_interval sigma, kappa;
	size_t rounds; /* 0: no fit */
} fits;

static fits fit_rounds(const group *own_group)
{
	fits result = {0};
	const pf_run *run = own_group->run;
	size_t points = own_group->count;
	double *values = calloc(2 * points + 2 * (size_t)run->rounds + 1, sizeof *values);
	if (!values) {
		pf_out_of_memory();
	}
	double *workers = values, *speedups = values + points, *sigma = speedups + points,
	       *kappa = sigma + run->rounds;
	for (uint32_t round = 1; round <= run->rounds; round++) {
		const pf_trial *one = trial_of(&own_group->points[0], round);
		bool whole = one != NULL;
		for (size_t i = 0; i < points && whole; i++) {
			const pf_trial *own = trial_of(&own_group->points[i], round);
			whole = own != NULL;
			workers[i] = own_group->points[i].workers;
			speedups[i] = own ? (double)one->wall_ns / (double)own->wall_ns : 0;
		}
		if (whole &&
		    pf_usl_fit(workers, speedups, points, &sigma[result.rounds], &kappa[result.rounds])) {
			result.rounds++;
		}
	}
	if (result.rounds) {
		result.sigma = pf_mean_interval(sigma, result.rounds, PF_LEVEL);
		result.kappa = pf_mean_interval(kappa, result.rounds, PF_LEVEL);
	}
	free(values);
	return result;
}

/* Photos a second; 0 without a time. */
static double throughput(const pf_run *run, const pf_contestant *contestant)
{
	pf_interval seconds;
	return pf_run_time(contestant, &seconds) ? (double)run->session->dataset->count / seconds.mean : 0;
}

/* Mean time that a worker has a photo in its stages, in seconds: all of the workers' stages that are neither
 * waiting nor opening, over the photos. Below 0: not known. */
static double photo_seconds(const pf_contestant *contestant)
{
	double ns = 0, photos = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (pf_run_counts(contestant, trial) != PF_COUNTS) {
			continue;
		}
		photos += (double)(trial->photos_scored + trial->photos_failed);
		for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
			bool counts = stage != PF_STAGE_WAIT && stage != PF_STAGE_STARTUP &&
				      stage != PF_STAGE_DETECT;
			ns += counts ? (double)trial->stage_ns[stage] : 0;
		}
	}
	return photos > 0 && ns > 0 ? ns * 1e-9 / photos : -1;
}

size_t pf_sweep_knee(const double *concurrency, const double *rate, size_t count)
{
	size_t best = count, points = 0;
	double most = 0;
	for (size_t i = 0; i < count; i++) {
		double power = rate[i] * rate[i] / concurrency[i];
		points += rate[i] > 0;
		if (power > most) {
			most = power;
			best = i;
		}
	}
	return points > 1 ? best : count;
}

static size_t knee_of(const group *own)
{
	double concurrency[MOST_POINTS], rate[MOST_POINTS];
	size_t count = own->count < MOST_POINTS ? own->count : MOST_POINTS;
	for (size_t i = 0; i < count; i++) {
		concurrency[i] = own->points[i].workers;
		rate[i] = throughput(own->run, &own->points[i]);
	}
	size_t knee = pf_sweep_knee(concurrency, rate, count);
	return knee < count ? knee : own->count;
}

static void add_row(pf_table *table, const group *own, size_t at, double share, const fits *fit)
{
	const pf_contestant *contestant = &own->points[at];
	char workers[64], time[PF_TEXT], rate[PF_TEXT], latency[PF_TEXT] = "-", memory[PF_TEXT] = "-",
							speedup[PF_TEXT] = "-", bound[PF_TEXT] = "-",
							law[PF_TEXT] = "-";
	pf_interval seconds, ratio;
	double n = contestant->workers, photo = photo_seconds(contestant);
	snprintf(workers, sizeof workers, "%u%s%s", contestant->workers,
		 pf_contestant_is_over(contestant) ? " (more than cores)" : "",
		 at == knee_of(own) ? " <- knee" : "");
	if (!pf_run_time(contestant, &seconds)) {
		const char *cells[] = {workers, contestant->reason[0]
							? contestant->reason
							: pf_run_status_name(contestant->status)};
		pf_table_row(table, cells, 2);
		return;
	}
	pf_text_time(&seconds, time);
	snprintf(rate, sizeof rate, "%.3g/s", throughput(own->run, contestant));
	if (photo >= 0) {
		pf_text_seconds(photo, latency);
	}
	if (pf_run_most_memory(contestant)) {
		pf_text_bytes((double)pf_run_most_memory(contestant), memory);
	}
	if (pf_run_speedup(contestant, &own->points[0], &ratio)) {
		ratio.has_interval = ratio.has_interval && at > 0;
		pf_text_factor(&ratio, speedup);
	}
	if (share >= 0) {
		snprintf(bound, sizeof bound, "%.2fx", 1 / (1 - share + share / n));
	}
	if (fit->rounds) {
		snprintf(law, sizeof law, "%.2fx", pf_usl_speedup(fit->sigma.mean, fit->kappa.mean, n));
	}
	const char *cells[COLUMNS] = {workers, time, rate, latency, memory, speedup, bound, law};
	pf_table_row(table, cells, COLUMNS);
}

static void print_parameter(const char *name, const pf_interval *value, FILE *stream)
{
	fprintf(stream, "%s %.4f", name, value->mean);
	if (value->has_interval) {
		fprintf(stream, " (%.4f to %.4f)", value->low, value->high);
	}
}

static void print_fit(const group *own, const fits *fit, FILE *stream)
{
	if (!fit->rounds) {
		pf_text_say(
			stream,
			"No fit of the Universal Scalability Law: it wants %d different numbers of workers\n"
			"with times in one round.\n",
			PF_USL_LEAST_POINTS);
		return;
	}
	fprintf(stream, "Universal Scalability Law: ");
	print_parameter("sigma", &fit->sigma, stream);
	print_parameter(", kappa", &fit->kappa, stream);
	pf_text_say(stream, "\n  least squares on the speedups, a fit for each round; %s\n",
		    fit->rounds > 1 ? "95 % t-intervals over the rounds' fits" : "one round has no interval");
	double sigma = fit->sigma.mean, kappa = fit->kappa.mean;
	if (kappa > 0 && sigma < 1) {
		double workers = fmax(1, round(sqrt((1 - sigma) / kappa)));
		pf_text_say(stream, "  by it the most is reached with %.0f worker%s\n", workers,
			    workers > 1 ? "s" : "");
	}
	if (sigma < 0 || kappa < 0) {
		pf_text_say(stream, "  a parameter below 0 means faster than linear, or noise\n");
	}
	const pf_contestant *last = &own->points[own->count - 1];
	if (pf_contestant_is_over(last)) {
		pf_text_say(
			stream,
			"  it holds points with more workers than the %u cores: it tells of this machine's\n"
			"  limit, not of the variant's\n",
			pf_run_facts_of(own->run).cores);
	}
}

static void print_group(const group *own, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, true, true, true};
	static const char *const heads[COLUMNS] = {"workers", "time",    "photos",         "a photo takes",
						   "memory",  "speedup", "Amdahl's bound", "fitted law"};
	pf_interval share = {.mean = -1};
	fits fit = fit_rounds(own);
	bool known = own->points[0].workers == 1 && parallel_share(&own->points[0], &share);
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < own->count; i++) {
		add_row(table, own, i, known ? share.mean : -1, &fit);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	if (known) {
		print_parameter("Amdahl's law: P =", &share, stream);
		fprintf(stream, ", from the spans of the main process\n"
				"  in the trials with one worker; not from a fit\n");
	}
	print_fit(own, &fit, stream);
}

/* A group begins where the numbers of workers do. */
static size_t group_from(const pf_run *run, size_t first)
{
	size_t count = 1;
	while (first + count < run->contestant_count &&
	       run->contestants[first + count].workers > run->contestants[first + count - 1].workers) {
		count++;
	}
	return count;
}

void pf_sweep_print(const pf_run *run, FILE *stream)
{
	const pf_contestant *one = &run->contestants[0];
	uint32_t cores = pf_run_facts_of(run).cores;
	char name[512];
	pf_text_say(stream, "%s on %s: %zu photos | %u core%s | %u round%s%s\n\n", one->variant->name,
		    pf_escape(run->session->dataset->name, name, sizeof name), run->session->dataset->count,
		    cores, pf_text_plural(cores), run->rounds_done, pf_text_plural(run->rounds_done),
		    run->partial ? " (PARTIAL)" : "");
	for (size_t i = 0, count; i < run->contestant_count; i += count) {
		count = group_from(run, i);
		const group own = {.run = run, .points = &run->contestants[i], .count = count};
		if (count < run->contestant_count) {
			fprintf(stream, "%s%s\n", i ? "\n" : "", own.points[0].label);
		}
		print_group(&own, stream);
	}
	pf_text_say(stream,
		    "The knee is where throughput over latency is largest; a photo takes: in its stages, "
		    "without waiting.\n");
	pf_approximate_print(run, pf_text_columns(fileno(stream)), stream);
	pf_refused_print(run, stream);
	pf_machine_busy_print(run, pf_text_columns(fileno(stream)), stream);
}
