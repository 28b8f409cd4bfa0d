#include "harness/show/machine_lines.h"

#include "harness/base/text.h"

/* How many trials that count one cause tagged, and the worst of them. */
struct cause {
	size_t trials;
	double most;
	uint32_t processors;
};

static void count_causes(const pf_run *run, struct cause causes[PF_DISTURBANCE_COUNT], size_t *tagged,
			 size_t *all)
{
	*tagged = *all = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_trial *trial = &contestant->trials[k];
			bool timed = pf_run_counts(contestant, trial) != PF_COUNTS_NOT;
			bool any = false;
			if (!timed) {
				continue;
			}
			for (int kind = 0; kind < PF_DISTURBANCE_COUNT; kind++) {
				double amount = pf_machine_disturbed(&trial->machine, (pf_disturbance)kind);
				causes[kind].trials += amount > 0;
				causes[kind].processors = trial->machine.processors;
				causes[kind].most = amount > causes[kind].most ? amount : causes[kind].most;
				any = any || amount > 0;
			}
			*tagged += any;
			*all += 1;
		}
	}
}

void pf_machine_busy_print(const pf_run *run, int columns, FILE *stream)
{
	struct cause causes[PF_DISTURBANCE_COUNT] = {0};
	size_t tagged, all;
	char text[400], most[128];
	double share = pf_run_core_share(run);
	count_causes(run, causes, &tagged, &all);
	bool starved = share > 0 && share < PF_QUIET_SHARE;
	if (!tagged && !starved) {
		return;
	}
	size_t used = (size_t)snprintf(text, sizeof text, "This machine was busy: ");
	if (tagged) {
		used += (size_t)snprintf(text + used, sizeof text - used, "%zu of %zu trial%s tagged%s",
					 tagged, all, all == 1 ? " is" : "s are", starved ? ", and " : ". ");
	}
	if (starved) {
		used += (size_t)snprintf(text + used, sizeof text - used,
					 "trials of one worker got %.0f %% of a core. ", 100 * share);
	}
	snprintf(text + used, sizeof text - used,
		 "Times are too long by what others took; run it again on an idle machine.");
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns ? columns : 120, 0, 0);
	for (int kind = 0; kind < PF_DISTURBANCE_COUNT; kind++) {
		const struct cause *cause = &causes[kind];
		if (cause->trials) {
			fprintf(stream, "  tagged %zu trial%s: %s%s\n", cause->trials,
				pf_text_plural(cause->trials), cause->trials > 1 ? "at most " : "",
				pf_disturbance_text((pf_disturbance)kind, cause->most, cause->processors,
						    most, sizeof most));
		}
	}
}
