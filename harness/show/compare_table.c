#include "harness/show/compare_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/show/build_lines.h"
#include "harness/show/callgrind_lines.h"
#include "harness/show/comparison_lines.h"
#include "harness/show/counter_lines.h"
#include "harness/show/memory_table.h"
#include "harness/show/observer_lines.h"
#include "harness/show/outside_lines.h"
#include "harness/show/placement_lines.h"
#include "harness/show/run_table.h"

enum { COLUMNS = 6 };

/* Both, as the table of a journey has them. */
static void print_contestants(const pf_run *run, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, false};
	const char *const heads[COLUMNS] = {"",      "time", "photos/s", "first result", pf_memory_head(run),
					    "scores"};
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		char label[192], time[PF_TEXT], rate[PF_TEXT], first[PF_TEXT] = "-", memory[PF_TEXT] = "-";
		pf_interval seconds, until_first;
		if (!pf_run_time(contestant, &seconds)) {
			continue;
		}
		pf_run_label(contestant, label, sizeof label);
		pf_text_time(&seconds, time);
		snprintf(rate, sizeof rate, "%.2f", (double)run->reference.outcomes->scored / seconds.mean);
		if (pf_run_first_result(contestant, &until_first)) {
			pf_text_time(&until_first, first);
		}
		pf_memory_cell(run, contestant, memory);
		const char *checked = pf_scores_text(contestant);
		const char *cells[] = {label, time, rate, first, memory, checked};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

static bool has_stages(const pf_contestant *contestant)
{
	return !(contestant->variant->caps & PF_CAP_COMMAND);
}

static void print_split(const pf_run *run, const pf_run_comparison *comparison, int columns, FILE *stream)
{
	pf_part_share parts[PF_PARTS];
	char text[800];
	if (!has_stages(&run->contestants[0]) || !has_stages(&run->contestants[1])) {
		pf_text_wrap(stream, "commands tell of no stages: the difference cannot be split", columns, 0,
			     0);
		return;
	}
	for (int i = 0; i < PF_PARTS; i++) {
		parts[i] = (pf_part_share){pf_part_name(i), comparison->split[i]};
	}
	pf_split_text(comparison->result.ratio.mean - 1, parts, PF_PARTS, text, sizeof text);
	if (strchr(text, '[')) {
		strncat(text, " ([]: could be nothing)", sizeof text - strlen(text) - 1);
	}
	pf_text_wrap(stream, text, columns, 0, 0);
}

void pf_compare_print(const pf_run *run, const pf_run_comparison *comparison, FILE *stream)
{
	char labels[2][192];
	int columns = pf_text_columns(fileno(stream));
	pf_run_print_heading(run, columns, stream);
	print_contestants(run, stream);
	pf_run_print_failed(run, columns, stream);
	pf_approximate_print(run, columns, stream);
	pf_unchecked_print(run, stream);
	pf_refused_print(run, stream);
	if (comparison->pairs) {
		for (size_t i = 0; i < 2; i++) {
			pf_run_label(&run->contestants[i], labels[i], sizeof labels[i]);
		}
		fputc('\n', stream);
		pf_comparison_print(labels[0], labels[1], &comparison->result, comparison->pairs,
				    &comparison->rules, columns, stream);
		if (comparison->cpu_known) {
			pf_comparison_print_cpu(labels[0], labels[1], &comparison->cpu, comparison->pairs,
						&comparison->rules, columns, stream);
		}
		print_split(run, comparison, columns, stream);
	} else {
		pf_text_say(stream, "\nNo pair of times: there is nothing to compare.\n");
	}
	if (comparison->pairs && comparison->pairs < run->rounds_done) {
		pf_text_say(stream, "%u of %u rounds are no pair: one of the two has no time\n",
			    run->rounds_done - (uint32_t)comparison->pairs, run->rounds_done);
	}
	if (strcmp(comparison->stopped, "time") == 0) {
		pf_text_say(stream, "stopped after %u rounds: no further one fits into %.4g s (--max-time)\n",
			    run->rounds_done, comparison->max_time_s);
	}
	pf_run_print_warnings(run, columns, stream);
	pf_builds_print(run, columns, stream);
	pf_placement_print(run, stream);
	pf_observer_print(run, columns, stream);
	pf_counters_print(run, columns, stream);
	pf_memory_print(run, columns, stream);
	pf_callgrind_print(run->callgrind, stream);
	if (run->callgrind && (run->contestants[0].build || run->contestants[1].build)) {
		pf_text_say(stream, "  That is this program's kernel, not another build's.\n");
	}
	pf_run_print_lost_photos(run, stream);
}
