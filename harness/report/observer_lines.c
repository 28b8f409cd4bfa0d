#include "harness/report/observer_lines.h"

#include <string.h>

#include "harness/report/text.h"

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
	const pf_observer *observer = run->session->observer;
	const pf_contestant *worst = NULL;
	const pf_observed *most = NULL;
	char text[400], cost[PF_TEXT];
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_trial *trial = &contestant->trials[k];
			if (trial->observed.known && trial->photos_scored &&
			    (!most || trial->observed.share > most->share)) {
				worst = contestant;
				most = &trial->observed;
			}
		}
	}
	if (!observer || !most) {
		return;
	}
	size_t used = (size_t)snprintf(text, sizeof text,
				       "Observer: at most %.2g %% of a trial's time (%s:", 100 * most->share,
				       worst->label);
	const char *comma = "";
	for (int unit = 0; unit < PF_OBSERVED_COUNT; unit++) {
		if (most->counts[unit]) {
			used += (size_t)snprintf(text + used, sizeof text - used, "%s %llu %ss at %s", comma,
						 (unsigned long long)most->counts[unit],
						 pf_observed_name((pf_observed_unit)unit),
						 cost_text(observer->costs[unit].median_ns, cost));
			comma = ",";
		}
	}
	snprintf(text + used, sizeof text - used, ")");
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
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
