#include "harness/show/bench_notes.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/machine/disturbances.h"
#include "harness/stats/sample_faults.h"

enum { NOTE = 700 };

typedef void tell_note(void *context, const char *note);

static void tell_machine(const pf_bench *bench, tell_note *tell, void *context)
{
	char causes[PF_DISTURBANCES_TEXT], text[NOTE];
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
					 "%sphotofinish itself was held up in %zu run%s, for up to %.1f s",
					 causes[0] ? "; " : "", held_up, pf_text_plural(held_up),
					 (double)held_up_ns * 1e-9);
	}
	snprintf(text + used, sizeof text - used,
		 ". Times are too long by what others took; run it again on an idle machine.");
	tell(context, text);
}

static void tell_failures(const pf_bench *bench, const pf_bench_command *command, tell_note *tell,
			  void *context)
{
	char text[NOTE];
	uint32_t failed = 0;
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		failed += command->runs[i].status != 0;
	}
	if (failed) {
		snprintf(text, sizeof text, "%u of %u runs of %s failed: their times may stand for less work",
			 failed, bench->rounds_done, command->name);
		tell(context, text);
	}
}

static void tell_faults(const pf_bench *bench, const pf_bench_command *command, tell_note *tell,
			void *context)
{
	char text[NOTE];
	double *seconds = calloc(bench->rounds_done, sizeof *seconds);
	if (!seconds) {
		abort();
	}
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		seconds[i] = (double)command->runs[i].wall_ns * 1e-9;
	}
	const pf_sample_faults faults = pf_sample_faults_of(seconds, bench->rounds_done);
	free(seconds);
	if (faults.slow_first) {
		snprintf(
			text, sizeof text,
			"%s: the first run took %.1f times the median of the others: something was not cached yet "
			"(--warmup makes runs before, --prepare can drop caches before each)",
			command->name, faults.first_factor);
		tell(context, text);
	}
	size_t others = faults.outliers - (faults.slow_first ? 1 : 0);
	if (others) {
		snprintf(
			text, sizeof text,
			"%s: %zu outlier%s among %u runs, left in: the median is less moved by %s than the mean",
			command->name, others, pf_text_plural(others), bench->rounds_done,
			others == 1 ? "it" : "them");
		tell(context, text);
	}
	if (faults.drifts) {
		snprintf(
			text, sizeof text,
			"%s: the last runs took %.0f %% %s than the first ones: its interval does not cover that",
			command->name, 100 * (faults.drift < 0 ? -faults.drift : faults.drift),
			faults.drift < 0 ? "less" : "more");
		tell(context, text);
	}
	if (faults.is_short) {
		snprintf(
			text, sizeof text,
			"%s: below 5 ms starting a process (exec, loading libraries, a shell if there is one) is much of "
			"the time, which includes it",
			command->name);
		tell(context, text);
	}
}

void pf_bench_notes(const pf_bench *bench, tell_note *tell, void *context)
{
	tell_machine(bench, tell, context);
	for (size_t i = 0; i < bench->count; i++) {
		tell_faults(bench, &bench->commands[i], tell, context);
	}
	for (size_t i = 0; i < bench->count; i++) {
		tell_failures(bench, &bench->commands[i], tell, context);
	}
}

struct printing {
	int columns;
	FILE *stream;
};

static void print_note(void *context, const char *note)
{
	const struct printing *printing = context;
	fputc('\n', printing->stream);
	pf_text_wrap(printing->stream, note, printing->columns, 0, 0);
}

void pf_bench_notes_print(const pf_bench *bench, int columns, FILE *stream)
{
	pf_bench_notes(bench, print_note, &(struct printing){columns, stream});
}
