#include "harness/show/presets_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "photofinish/file.h"

enum { COLUMNS = 8 };

static void share(size_t part, size_t all, double low, double high, char out[PF_TEXT])
{
	if (!all) {
		snprintf(out, PF_TEXT, "-");
		return;
	}
	snprintf(out, PF_TEXT, "%.1f %% (%.1f to %.1f)", 100 * (double)part / (double)all, 100 * low,
		 100 * high);
}

static void verdict(const pf_preset_row *row, char out[PF_TEXT])
{
	const char *other = pf_preset_plan_of(row->by)->name;
	switch (row->verdict) {
	case PF_PRESET_DOMINATED:
		snprintf(out, PF_TEXT, "DOMINATED by %s", other);
		break;
	case PF_PRESET_SAME:
		snprintf(out, PF_TEXT, "the same as %s for these photos", other);
		break;
	case PF_PRESET_UNDECIDED:
		snprintf(out, PF_TEXT, "undecided against %s", other);
		break;
	default:
		snprintf(out, PF_TEXT, "worth having");
		break;
	}
}

static void add_row(const pf_presets *presets, uint32_t preset, pf_table *table)
{
	const pf_preset_row *row = &presets->rows[preset];
	char time[PF_TEXT], speed[PF_TEXT] = "1x", memory[PF_TEXT], same[PF_TEXT] = "the measure",
			    tau[PF_TEXT] = "1", truth[PF_TEXT], word[PF_TEXT];
	pf_text_time(&row->wall_s, time);
	pf_text_bytes(row->memory_bytes.mean, memory);
	if (preset != PF_PRESET_ULTRA) {
		pf_text_factor(&row->speedup, speed);
		share(row->same_best, row->bursts, row->same_low, row->same_high, same);
		int used = snprintf(tau, sizeof tau, "%.3f", row->tau.mean);
		if (row->tau.has_interval) {
			snprintf(tau + used, sizeof tau - (size_t)used, " (%.3f to %.3f)", row->tau.low,
				 row->tau.high);
		}
	}
	share(row->found, row->true_bursts, row->found_low, row->found_high, truth);
	verdict(row, word);
	const char *cells[COLUMNS] = {row->plan->name, time, speed, memory, same, tau, truth, word};
	pf_table_row(table, cells, COLUMNS);
}

static void print_notes(const pf_presets *presets, FILE *stream)
{
	const pf_preset_row *rows = presets->rows;
	for (uint32_t p = PF_PRESET_HIGH; p < PF_PRESETS; p++) {
		char paths[PF_PATHS_TEXT], gained[100] = "";
		if (presets->has_truth) {
			snprintf(gained, sizeof gained,
				 "; against the truth %zu best shot%s gained, %zu lost", rows[p].gained,
				 pf_text_plural(rows[p].gained), rows[p].lost);
		}
		pf_text_say(stream, "%s: %s; photos %s%s\n", rows[p].plan->name, rows[p].plan->summary,
			    pf_paths_text(&rows[p].paths, paths), gained);
	}
}

void pf_presets_print(const pf_presets *presets, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, true, true, false};
	static const char *const heads[COLUMNS] = {"preset",
						   "time",
						   "speed",
						   "memory",
						   "best shots as ultra's",
						   "rank correlation",
						   "best shots as the truth's",
						   ""};
	char name[300];
	pf_text_say(stream, "%s by %s, %u worker%s, %zu photos in %zu bursts, %u round%s\n\n",
		    pf_escape(presets->dataset->name, name, sizeof name), presets->contestant->label,
		    presets->contestant->workers, pf_text_plural(presets->contestant->workers),
		    presets->dataset->count, presets->rows[0].bursts, presets->rounds_done,
		    pf_text_plural(presets->rounds_done));
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		add_row(presets, p, table);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	print_notes(presets, stream);
	pf_text_say(
		stream,
		"\n95 %% intervals: of times and memory (sums of processes' peaks) t, of shares Clopper and "
		"Pearson's, of the rank correlation (mean of the bursts' Kendall's tau) t over the bursts. All "
		"scores are those of each preset's own reference, to the bit.%s\n",
		presets->has_truth ? "" : " The dataset has no truth.");
	if (presets->uncounted[0]) {
		pf_text_say(stream, "A trial does not count: %s\n", presets->uncounted);
	}
	if (presets->partial) {
		pf_text_say(stream, "PARTIAL: stopped on request after %u of %u rounds\n",
			    presets->rounds_done, presets->rounds);
	}
}
