#include "harness/bench/bench_caveats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/machine/disturbances.h"
#include "harness/machine/environment.h"
#include "harness/stats/enough.h"
#include "harness/stats/sample_faults.h"

uint32_t pf_bench_failures(const pf_bench *bench, size_t command)
{
	uint32_t failed = 0;
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		failed += bench->commands[command].runs[i].status != 0;
	}
	return failed;
}

static void of_machine(const pf_bench *bench, void (*take)(void *context, const char *text), void *context)
{
	char causes[PF_DISTURBANCES_TEXT], text[PF_BENCH_CAVEAT];
	uint64_t held_up_ns = 0;
	size_t held_up = 0;
	for (size_t i = 0; i < bench->count; i++) {
		for (uint32_t k = 0; k < bench->rounds_done; k++) {
			uint64_t one_ns = bench->commands[i].runs[k].held_up_ns;
			held_up += one_ns > 0;
			held_up_ns = one_ns > held_up_ns ? one_ns : held_up_ns;
		}
	}
	pf_disturbances_text(&bench->machine, causes);
	if (!causes[0] && !held_up) {
		return;
	}
	size_t used = (size_t)snprintf(text, sizeof text, "This machine was busy: %s", causes);
	if (held_up) {
		used += (size_t)snprintf(text + used, sizeof text - used,
					 "%sphotofinish itself was held up in %zu runs, for up to %.1f s",
					 causes[0] ? ", " : "", held_up, (double)held_up_ns * 1e-9);
	}
	snprintf(text + used, sizeof text - used, "; times are too long by what others took");
	take(context, text);
}

static void of_times(const pf_bench *bench, size_t command, void (*take)(void *context, const char *text),
		     void *context)
{
	char text[PF_BENCH_CAVEAT];
	double *seconds = calloc(bench->rounds_done + 1, sizeof *seconds);
	if (!seconds) {
		pf_out_of_memory();
	}
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		seconds[i] = (double)bench->commands[command].runs[i].wall_ns * 1e-9;
	}
	const pf_sample_faults faults = pf_sample_faults_of(seconds, bench->rounds_done);
	free(seconds);
	if (faults.slow_first) {
		snprintf(
			text, sizeof text,
			"slow first run: it took %.1f times the median of the others, something was not cached yet "
			"(--warmup makes runs before, --prepare can drop caches before each)",
			faults.first_factor);
		take(context, text);
	}
	size_t others = faults.outliers - (faults.slow_first ? 1 : 0);
	if (others) {
		snprintf(text, sizeof text,
			 "outliers: %zu of %u runs, left in (they move the median less than the mean)",
			 others, bench->rounds_done);
		take(context, text);
	}
	if (faults.drifts) {
		snprintf(
			text, sizeof text,
			"drift: the last runs took %.0f %% %s than the first ones, which its interval does not cover",
			100 * (faults.drift < 0 ? -faults.drift : faults.drift),
			faults.drift < 0 ? "less" : "more");
		take(context, text);
	}
	if (faults.is_short) {
		take(context,
		     "short runs: below 5 ms starting a process (exec, loading libraries, a shell if there is one) "
		     "is much of the time, which includes it");
	}
}

static void of_all(const pf_bench *bench, void (*take)(void *context, const char *text), void *context)
{
	char text[PF_BENCH_CAVEAT];
	bool request = strcmp(bench->stopped, "request") == 0;
	const char *unfit = pf_build_unfit_for_timing();
	if (request || strcmp(bench->stopped, "failure") == 0) {
		snprintf(text, sizeof text, "PARTIAL: stopped %s after %u of %u rounds",
			 request ? "on request" : "by a failure", bench->rounds_done, bench->rounds);
		take(context, text);
	}
	if (unfit) {
		snprintf(text, sizeof text, "NOT FOR TIMING: %s", unfit);
		take(context, text);
	}
	if (bench->counters) {
		take(context, "PROFILED: times carry what counting took");
	}
	if (strcmp(bench->stopped, "time") == 0) {
		snprintf(text, sizeof text,
			 "stopped after %u rounds: no further one fits into %.4g s (--max-time)",
			 bench->rounds_done, bench->max_time_s);
		take(context, text);
	}
	of_machine(bench, take, context);
}

void pf_bench_caveats(const pf_bench *bench, size_t command, void (*take)(void *context, const char *text),
		      void *context)
{
	char text[PF_BENCH_CAVEAT];
	if (command == PF_BENCH_ALL) {
		of_all(bench, take, context);
		return;
	}
	uint32_t failed = pf_bench_failures(bench, command);
	if (failed) {
		snprintf(text, sizeof text, "%u of %u runs failed: their times may stand for less work",
			 failed, bench->rounds_done);
		take(context, text);
	}
	if (bench->rounds_done) {
		of_times(bench, command, take, context);
	}
}
