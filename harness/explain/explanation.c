#include "harness/explain/explanation.h"

#include <stdlib.h>
#include <string.h>

#include "harness/explain/what_if.h"
#include "harness/spans/trial_spans.h"
#include "harness/stats/enough.h"
#include "photofinish/strategy.h"

enum { SENTENCE = 400 };

#define MOSTLY 0.66 /* of a stage in the variant's own process: one stream does it */
#define STREAM 0.1  /* of the critical path */
#define IDLE 0.25   /* of the workers' time: they wait for that stream */

static double seconds(uint64_t ns)
{
	return (double)ns * 1e-9;
}

/* The most that a trial can gain by another time of a stage. */
static double gain_of(const pf_trial_spans *spans, const double *factors)
{
	double replayed = pf_what_if_gain(spans, factors);
	double all = (double)(spans->to_ns - spans->from_ns), left = all;
	if (replayed > 0) {
		return replayed;
	}
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		left -= (1 - factors[i]) * (double)spans->path_ns[i];
	}
	return left > 0 && all > 0 ? all / left : 1;
}

static double gain_by(const pf_trial_spans *spans, int stage, double factor)
{
	double factors[PF_STAGE_COUNT];
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		factors[i] = i == stage ? factor : 1;
	}
	return gain_of(spans, factors);
}

static int by_gain(const void *a, const void *b)
{
	const pf_explained_stage *x = a, *y = b;
	if (x->none != y->none) {
		return x->none > y->none ? -1 : 1;
	}
	return x->own_s > y->own_s ? -1 : x->own_s < y->own_s;
}

static void take_stages(const pf_trial *trial, pf_explanation *out)
{
	const pf_trial_spans *spans = trial->spans;
	double all = (double)(spans->to_ns - spans->from_ns);
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		if (i == PF_STAGE_WAIT || !trial->stage_spans[i] || !(all > 0)) {
			continue;
		}
		double own = (double)trial->stage_ns[i];
		out->stages[out->stage_count++] = (pf_explained_stage){
			.stage = (pf_stage)i,
			.own_s = own * 1e-9,
			.path_share = (double)spans->path_ns[i] / all,
			.main_share = own > 0 ? (double)trial->main_stage_ns[i] / own : 0,
			.half = gain_by(spans, i, 0.5),
			.none = gain_by(spans, i, 0)};
	}
	qsort(out->stages, out->stage_count, sizeof *out->stages, by_gain);
}

static void take_idle(const pf_trial_spans *spans, pf_explanation *out)
{
	size_t workers = pf_trial_spans_workers(spans), first = spans->has_workers ? 1 : 0;
	double all = (double)(spans->to_ns - spans->from_ns) * (double)workers;
	for (size_t i = first; i < first + workers && all > 0; i++) {
		const pf_trial_lane *lane = &spans->lanes[i];
		double busy = (double)lane->times.busy_ns;
		double off = (double)lane->off_cpu_ns < busy ? (double)lane->off_cpu_ns : busy;
		double others = (double)lane->run_delay_ns < off ? (double)lane->run_delay_ns : off;
		out->busy += (busy - off) / all;
		out->others_ran += others / all;
		out->blocked += (off - others) / all;
		out->starved += (double)lane->times.starved_ns / all;
		out->between += (double)lane->times.between_ns / all;
		out->not_begun += (double)lane->times.not_begun_ns / all;
		out->finished += (double)lane->times.finished_ns / all;
		out->parallel_s += busy * 1e-9;
	}
}

/* Over the trials that count: what each says. */
static void take_what_if(const pf_contestant *contestant, const double *factors, pf_explanation *out)
{
	double *samples = calloc(contestant->trial_count + 1, sizeof *samples);
	size_t count = 0;
	if (!samples) {
		pf_out_of_memory();
	}
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (trial->spans && pf_run_counts(contestant, trial) == PF_COUNTS) {
			samples[count++] = gain_of(trial->spans, factors);
		}
	}
	out->asked = true;
	out->what_if = pf_mean_interval(samples, count, PF_LEVEL);
	memcpy(out->what_if_factors, factors, sizeof out->what_if_factors);
	free(samples);
}

pf_status pf_explain(const pf_contestant *contestant, uint32_t cores, const double *factors,
		     pf_explanation *out, pf_error *error)
{
	const pf_trial *trial = pf_run_median_trial(contestant);
	if (!trial || !trial->spans || trial->spans->to_ns <= trial->spans->from_ns) {
		return pf_fail(error, PF_ERR_NOT_FOUND, NULL, "%s: %s", contestant->label,
			       trial                   ? "the trial has no spans"
			       : contestant->reason[0] ? contestant->reason
						       : "no trial that counts");
	}
	*out = (pf_explanation){.label = contestant->label,
				.wall_s = seconds(trial->wall_ns),
				.workers = contestant->workers,
				.cores = cores,
				.photos = trial->photos_scored,
				.has_workers = trial->spans->has_workers,
				.replayed = trial->spans->kept != NULL};
	for (size_t i = 0; i < contestant->trial_count; i++) {
		out->trials += pf_run_counts(contestant, &contestant->trials[i]) == PF_COUNTS;
	}
	take_stages(trial, out);
	take_idle(trial->spans, out);
	out->serial_s = out->has_workers ? seconds(trial->main_ns) : 0;
	if (factors) {
		take_what_if(contestant, factors, out);
	}
	return PF_OK;
}

/* Of one of the cores that work: all of them share it. */
static double of_one_core(const pf_limits *limits, const pf_limit *limit, bool several)
{
	double all = limit->all.count ? limit->all.best / limits->processes : 0;
	return several && all > 0 ? all : limit->one.count ? limit->one.best : all;
}

static double share_of(double rate, double limit)
{
	return limit > 0 ? rate / limit : 0;
}

static void explain_network(const pf_stage_sum *network, const pf_limits *limits, const pf_network_work *work,
			    bool several, pf_explained_limits *own)
{
	pf_limit_id peak = work->int8 ? PF_LIMIT_INT8 : pf_limits_best_fp32(limits);
	bool known = peak != PF_LIMIT_COUNT && pf_limit_value(&limits->limits[peak]) > 0;
	if (!known || !network->own_ns || !work->macs) {
		return;
	}
	own->peak = pf_limit_name(peak);
	own->peak_gflops = of_one_core(limits, &limits->limits[peak], several);
	own->network_gflops = 2 * (double)work->macs * (double)network->spans / (double)network->own_ns;
	own->network = share_of(own->network_gflops, own->peak_gflops);
	own->memory_gb_per_s = of_one_core(limits, &limits->limits[PF_LIMIT_MEMORY_READ], several);
	if (work->value_bytes && own->memory_gb_per_s > 0 &&
	    !work->int8) { /* whose values are of both sizes */
		own->intensity = 2 * (double)work->macs / (double)work->value_bytes;
		own->roof_gflops = own->intensity * own->memory_gb_per_s;
		own->roof_gflops = own->roof_gflops < own->peak_gflops ? own->roof_gflops : own->peak_gflops;
	}
}

void pf_explain_limits(const pf_contestant *contestant, const pf_limits *limits, const pf_network_work *work,
		       pf_explanation *out)
{
	const pf_trial *trial = pf_run_median_trial(contestant);
	const pf_limit *decode = &limits->limits[PF_LIMIT_DECODE];
	const pf_limit *decode_own = &limits->limits[PF_LIMIT_DECODE_OWN];
	pf_explained_limits *own = &out->limits;
	own->photos_per_s = pf_limit_value(decode);
	own->own_photos_per_s = pf_limit_value(decode_own);
	if (!trial || !trial->spans || !(own->photos_per_s > 0)) {
		return;
	}
	bool several = out->has_workers && out->workers > 1;
	double decode_s = seconds(trial->stage_ns[PF_STAGE_DECODE]);
	double decoded = share_of((double)trial->stage_spans[PF_STAGE_DECODE], decode_s);
	double rate = (double)out->photos / out->wall_s;
	own->reduced = out->paths.half + out->paths.quarter;
	if (!own->reduced) {
		own->run = share_of(rate, own->photos_per_s);
		own->run_of_own = share_of(rate, own->own_photos_per_s);
	}
	own->own_decoder = contestant->variant->strategy & PF_STRATEGY_OWN_DECODER;
	own->decode = own->reduced
			      ? 0
			      : share_of(decoded, of_one_core(limits, own->own_decoder ? decode_own : decode,
							      several));
	explain_network(&trial->spans->stages[PF_STAGE_POSE_NETWORK], limits, work, several, own);
}

/* The stage that main alone does while workers wait: more workers do not help it. NULL: none. */
static const pf_explained_stage *stream_of(const pf_explanation *own, double idle)
{
	const pf_explained_stage *found = NULL;
	for (size_t i = 0; i < own->stage_count && idle > IDLE; i++) {
		const pf_explained_stage *one = &own->stages[i];
		if (one->main_share > MOSTLY && one->path_share > STREAM &&
		    (!found || one->path_share > found->path_share)) {
			found = one;
		}
	}
	return found;
}

char *pf_explain_sentence(const pf_explanation *own, char *out)
{
	double idle = own->starved + own->between + own->not_begun + own->finished;
	const pf_explained_stage *stream = own->has_workers ? stream_of(own, idle) : NULL;
	const pf_explained_stage *top = stream ? stream : &own->stages[0];
	if (!own->stage_count) {
		snprintf(out, SENTENCE, "No stage bounds %s: it has no spans of one.", own->label);
		return out;
	}
	int used = snprintf(out, SENTENCE, "%s bounds %s: ", pf_stage_name(top->stage), own->label);
	char *rest = out + used;
	size_t room = SENTENCE - (size_t)used;
	if (!own->has_workers) {
		used = snprintf(rest, room,
				"%.0f %% of the time of its one process, which uses 1 of %u cores",
				100 * top->path_share, own->cores);
	} else if (stream) {
		used = snprintf(
			rest, room,
			"its main process alone does it, %.0f %% of the critical path, while its %u workers are idle for %.0f %% of their time; more workers would not help",
			100 * top->path_share, own->workers, 100 * idle);
	} else {
		used = snprintf(
			rest, room,
			"%.0f %% of the critical path, in %u workers that are in a stage for %.0f %% of their time",
			100 * top->path_share, own->workers, 100 * (1 - idle));
	}
	snprintf(rest + used, room - (size_t)used,
		 "; without it the run would be %.2f times as fast at most.", top->none);
	return out;
}
