#include "harness/show/scaling_table.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/text.h"
#include "harness/run/run_facts.h"
#include "harness/show/machine_lines.h"
#include "harness/show/outside_lines.h"
#include "harness/stats/usl.h"
#include "photofinish/file.h"

enum { COLUMNS = 5 };

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
	double *samples = calloc(one->trial_count + 1, sizeof *samples);
	size_t count = 0;
	for (size_t i = 0; samples && i < one->trial_count; i++) {
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

static fits fit_rounds(const pf_run *run)
{
	fits result = {0};
	size_t points = run->contestant_count;
	double *values = calloc(2 * points + 2 * (size_t)run->rounds + 1, sizeof *values);
	if (!values) {
		abort();
	}
	double *workers = values, *speedups = values + points, *sigma = speedups + points,
	       *kappa = sigma + run->rounds;
	for (uint32_t round = 1; round <= run->rounds; round++) {
		const pf_trial *one = trial_of(&run->contestants[0], round);
		bool whole = one != NULL;
		for (size_t i = 0; i < points && whole; i++) {
			const pf_trial *own = trial_of(&run->contestants[i], round);
			whole = own != NULL;
			workers[i] = run->contestants[i].workers;
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

static void add_row(pf_table *table, const pf_run *run, const pf_contestant *contestant, double share,
		    const fits *fit)
{
	char workers[64], time[PF_TEXT], speedup[PF_TEXT] = "-", bound[PF_TEXT] = "-", law[PF_TEXT] = "-";
	pf_interval seconds, ratio;
	double n = contestant->workers;
	snprintf(workers, sizeof workers, "%u%s", contestant->workers,
		 pf_contestant_is_over(contestant) ? " (more than cores)" : "");
	if (!pf_run_time(contestant, &seconds)) {
		const char *cells[] = {workers, contestant->reason[0]
							? contestant->reason
							: pf_run_status_name(contestant->status)};
		pf_table_row(table, cells, 2);
		return;
	}
	pf_text_time(&seconds, time);
	if (pf_run_speedup(contestant, &run->contestants[0], &ratio)) {
		ratio.has_interval = ratio.has_interval && contestant != &run->contestants[0];
		pf_text_factor(&ratio, speedup);
	}
	if (share >= 0) {
		snprintf(bound, sizeof bound, "%.2fx", 1 / (1 - share + share / n));
	}
	if (fit->rounds) {
		snprintf(law, sizeof law, "%.2fx", pf_usl_speedup(fit->sigma.mean, fit->kappa.mean, n));
	}
	const char *cells[COLUMNS] = {workers, time, speedup, bound, law};
	pf_table_row(table, cells, COLUMNS);
}

static void print_parameter(const char *name, const pf_interval *value, FILE *stream)
{
	fprintf(stream, "%s %.4f", name, value->mean);
	if (value->has_interval) {
		fprintf(stream, " (%.4f to %.4f)", value->low, value->high);
	}
}

static void print_fit(const pf_run *run, const fits *fit, FILE *stream)
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
	const pf_contestant *last = &run->contestants[run->contestant_count - 1];
	if (pf_contestant_is_over(last)) {
		pf_text_say(
			stream,
			"  it holds points with more workers than the %u cores: it tells of this machine's\n"
			"  limit, not of the variant's\n",
			pf_run_facts_of(run).cores);
	}
}

void pf_scaling_print(const pf_run *run, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true};
	static const char *const heads[COLUMNS] = {"workers", "time", "speedup", "Amdahl's bound",
						   "fitted law"};
	const pf_contestant *one = &run->contestants[0];
	pf_interval share = {.mean = -1};
	fits fit = fit_rounds(run);
	bool known = one->workers == 1 && parallel_share(one, &share);
	uint32_t cores = pf_run_facts_of(run).cores;
	char name[512];
	pf_text_say(stream, "%s on %s: %zu photos | %u core%s | %u round%s%s\n\n", one->variant->name,
		    pf_escape(run->session->dataset->name, name, sizeof name), run->session->dataset->count,
		    cores, pf_text_plural(cores), run->rounds_done, pf_text_plural(run->rounds_done),
		    run->partial ? " (PARTIAL)" : "");
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < run->contestant_count; i++) {
		add_row(table, run, &run->contestants[i], known ? share.mean : -1, &fit);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	if (known) {
		print_parameter("Amdahl's law: P =", &share, stream);
		fprintf(stream, ", from the spans of the main process\n"
				"  in the trials with one worker; not from a fit\n");
	}
	print_fit(run, &fit, stream);
	pf_approximate_print(run, pf_text_columns(fileno(stream)), stream);
	pf_machine_busy_print(run, pf_text_columns(fileno(stream)), stream);
}
