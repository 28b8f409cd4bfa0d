#include "harness/show/observer_lines.h"

#include <string.h>

#include "harness/base/text.h"

/* "52 ns", "6.1 us". */
static char *cost_text(double ns, char *out)
{
	bool us = ns >= 999.5;
	double shown = us ? ns * 1e-3 : ns;
	snprintf(out, PF_TEXT, "%.*f %s", shown < 9.95, shown, us ? "us" : "ns");
	return out;
}

void pf_observer_print(const pf_run *run, int columns, FILE *stream)
{
	const pf_contestant *worst = NULL;
	const pf_observed *most = NULL;
	const pf_machine_state *machine = NULL;
	char text[400];
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_trial *trial = &contestant->trials[k];
			if (trial->observed.known && trial->photos_scored &&
			    (!most || trial->observed.share > most->share)) {
				worst = contestant;
				most = &trial->observed;
				machine = &trial->machine;
			}
		}
	}
	if (!most) {
		return;
	}
	size_t used = (size_t)snprintf(text, sizeof text, "Observer: at most %.2g %% of a trial's time",
				       100 * most->share);
	if (machine->elapsed_ns && machine->harness_cpu_ns != PF_UNKNOWN) {
		used += (size_t)snprintf(text + used, sizeof text - used,
					 ", and %.2g %% of a processor beside it",
					 100 * (double)machine->harness_cpu_ns / (double)machine->elapsed_ns);
	}
	used += (size_t)snprintf(text + used, sizeof text - used, " (%s:", worst->label);
	static const struct {
		pf_observed_unit unit;
		const char *name;
	} told[] = {{PF_OBSERVED_SPAN, "spans"},
		    {PF_OBSERVED_THREAD_CPU, "CPU times"},
		    {PF_OBSERVED_RUN_DELAY, "waits"}};
	const char *comma = "";
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		if (most->counts[told[i].unit]) {
			used += (size_t)snprintf(text + used, sizeof text - used, "%s %llu %s", comma,
						 (unsigned long long)most->counts[told[i].unit],
						 told[i].name);
			comma = ",";
		}
	}
	used += (size_t)snprintf(text + used, sizeof text - used, ")");
	uint64_t events = most->counts[PF_OBSERVED_EVENT];
	if (events && most->cost_ns > 0 && most->results_ns > 0) { /* older records do not tell */
		snprintf(text + used, sizeof text - used, "; sending results, %llu events: %.2g %%",
			 (unsigned long long)events, 100 * most->share * most->results_ns / most->cost_ns);
	}
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns ? columns : 120, 0, 0);
}

void pf_observer_print_costs(const pf_observer *observer, FILE *stream)
{
	enum { COLUMNS = 4 };
	static const bool right[COLUMNS] = {false, true, true, true};
	static const char *const heads[COLUMNS] = {"observing by", "median", "5 to 95 % of batches",
						   "batches"};
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (int unit = 0; unit < PF_OBSERVED_COUNT; unit++) {
		const pf_unit_cost *cost = &observer->costs[unit];
		char median[PF_TEXT] = "not measured", spread[2 * PF_TEXT + 8] = "-", batches[PF_TEXT] = "-",
		     low[PF_TEXT], high[PF_TEXT];
		if (cost->n) {
			cost_text(cost->median_ns, median);
			snprintf(spread, sizeof spread, "%s to %s", cost_text(cost->low_ns, low),
				 cost_text(cost->high_ns, high));
			snprintf(batches, sizeof batches, "%zu of %u", cost->n, cost->each);
		}
		const char *cells[COLUMNS] = {pf_observed_text((pf_observed_unit)unit), median, spread,
					      batches};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}
