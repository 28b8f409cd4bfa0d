#include "harness/show/cache_lines.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/run/page_cache.h"

const char *pf_cache_heading(const pf_run *run)
{
	const char *state = pf_run_cache_state(run);
	return strcmp(state, "warm") == 0       ? "warm cache"
	       : strcmp(state, "cold") == 0     ? "cold cache"
	       : strcmp(state, "not cold") == 0 ? "NOT COLD (below)"
						: "photos came from storage in part";
}

/* One step: sums over its trials that were cold. */
static void print_step(const pf_run *run, const pf_contestant *contestant, int columns, FILE *stream)
{
	double bytes = 0, wall_s = 0, read_s = 0, all_s = 0, stages_s[PF_STAGE_COUNT] = {0};
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (pf_run_counts(contestant, trial) != PF_COUNTS || !trial->photos_scored ||
		    !pf_trial_was_cold(trial, run->session->dataset)) {
			continue;
		}
		bytes += (double)trial->device_read_bytes;
		wall_s += (double)trial->wall_ns * 1e-9;
		for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
			double own_s = stage == PF_STAGE_WAIT ? 0 : (double)trial->stage_ns[stage] * 1e-9;
			bool reads = stage == PF_STAGE_READ || stage == PF_STAGE_DETECT;
			all_s += own_s;
			read_s += reads ? own_s : 0;
			stages_s[stage] += reads ? 0 : own_s;
		}
	}
	if (wall_s <= 0 || all_s <= 0) {
		return;
	}
	int largest = 0;
	for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
		largest = stages_s[stage] > stages_s[largest] ? stage : largest;
	}
	char amount[PF_TEXT], text[400], rest[100] = ", more than any other stage";
	if (read_s < stages_s[largest]) {
		snprintf(rest, sizeof rest, ", %s, the largest, %.0f %%", pf_stage_name((pf_stage)largest),
			 100 * stages_s[largest] / all_s);
	}
	snprintf(text, sizeof text,
		 "%s: %s from storage, %.0f MB/s; reading and detection take %.0f %% of the stages' time%s",
		 contestant->label, pf_text_bytes(bytes, amount), bytes * 1e-6 / wall_s, 100 * read_s / all_s,
		 rest);
	pf_text_wrap(stream, text, columns, 2, 0);
}

void pf_cache_print(const pf_run *run, int columns, FILE *stream)
{
	size_t trials, cold;
	char amount[PF_TEXT], text[400];
	if (!run->cold_cache) {
		return;
	}
	pf_run_count_cold(run, &trials, &cold);
	snprintf(text, sizeof text,
		 "The photos (%s) were dropped from the page cache before each trial; "
		 "%zu of %zu trials read at least %.0f %% of that from storage%s",
		 pf_text_bytes((double)pf_dataset_bytes(run->session->dataset), amount), cold, trials,
		 100 * PF_COLD_SHARE,
		 cold == trials ? "."
				: ": the others WERE NOT COLD (memory or another host may hold the files).");
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
	for (size_t i = 0; i < run->contestant_count; i++) {
		print_step(run, &run->contestants[i], columns, stream);
	}
}
