#include "harness/show/complexity_table.h"

#include "harness/base/text.h"

enum { COLUMNS = 7, CELL = 80 };

static void time_of(double ns, char out[PF_TEXT])
{
	if (ns < 1e6) {
		snprintf(out, PF_TEXT, ns < 1e3 ? "%.3g ns" : "%.3g us", ns < 1e3 ? ns : ns * 1e-3);
	} else {
		pf_text_seconds(ns * 1e-9, out);
	}
}

static void add_row(pf_table *table, const pf_growth *own)
{
	char range[CELL], times[CELL], exponent[CELL], last[CELL], law[CELL], from[PF_TEXT], to[PF_TEXT];
	if (own->verdict >= PF_GROWTH_UNKNOWN) {
		const char *cells[] = {own->workload->name, own->axis, own->why};
		pf_table_row(table, cells, 3);
		return;
	}
	const pf_growth_point *first = &own->points[0], *most = &own->points[own->count - 1];
	snprintf(range, sizeof range, "%llu to %llu %s", (unsigned long long)first->n,
		 (unsigned long long)most->n, own->axis);
	time_of(first->least_ns, from);
	time_of(most->least_ns, to);
	snprintf(times, sizeof times, "%s to %s", from, to);
	snprintf(exponent, sizeof exponent, "%.2f (%.2f to %.2f)", own->exponent.mean, own->exponent.low,
		 own->exponent.high);
	snprintf(last, sizeof last, "%.2f", own->last_doubling);
	snprintf(law, sizeof law, "%s (+-%.0f %%)", pf_law_name(own->fit.law), 100 * own->fit.error);
	const char *cells[COLUMNS] = {
		own->workload->name, range, times, exponent, last, law, pf_growth_verdict_name(own->verdict)};
	pf_table_row(table, cells, COLUMNS);
}

void pf_growth_print(const pf_growth *list, size_t count, FILE *stream)
{
	static const bool right[COLUMNS] = {0};
	static const char *const heads[COLUMNS] = {"workload",   "from, to",   "CPU time", "exponent",
						   "at the end", "fitted law", "growth"};
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < count; i++) {
		add_row(table, &list[i]);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	pf_text_say(
		stream,
		"\nExponents: slopes of the logarithms with 95 %% t-intervals; at the end: between the two largest.\n"
		"Too fast is where all of the interval lies above %.2f. Times are the least of all rounds.\n",
		PF_GROWTH_MOST);
	for (size_t i = 0; i < count; i++) {
		if (list[i].verdict == PF_GROWTH_TOO_FAST) {
			fprintf(stream, "TOO FAST: %s grows with the power of %.2f of its %s.\n",
				list[i].workload->name, list[i].exponent.mean, list[i].axis);
		}
	}
}
