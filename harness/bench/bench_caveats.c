#include "harness/bench/bench_caveats.h"

#include <stdio.h>
#include <string.h>

#include "harness/machine/environment.h"

uint32_t pf_bench_failures(const pf_bench *bench, size_t command)
{
	uint32_t failed = 0;
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		failed += bench->commands[command].runs[i].status != 0;
	}
	return failed;
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
	if (strcmp(bench->stopped, "time") == 0) {
		snprintf(text, sizeof text,
			 "stopped after %u rounds: no further one fits into %.4g s (--max-time)",
			 bench->rounds_done, bench->max_time_s);
		take(context, text);
	}
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
}
