#include "harness/show/limits_table.h"

#include "harness/base/text.h"

enum { COLUMNS = 5 };

static char *number(double value, char out[PF_TEXT])
{
	snprintf(out, PF_TEXT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
	return out;
}

/* How far the median and the worst sample are from the best one. */
static char *spread(const pf_limit_samples *own, char out[PF_TEXT])
{
	double worst = own->best == own->high ? own->low : own->high;
	snprintf(out, PF_TEXT, "%+.0f %%, %+.0f %%", 100 * (own->median / own->best - 1),
		 100 * (worst / own->best - 1));
	return out;
}

static void add_row(pf_table *table, const pf_limit *own, pf_limit_id id)
{
	char one[PF_TEXT] = "-", all[PF_TEXT] = "-", width[PF_TEXT] = "";
	if (!own->one.count && !own->all.count) {
		if (own->why[0]) {
			const char *cells[] = {pf_limit_name(id), own->why};
			pf_table_row(table, cells, 2);
		}
		return;
	}
	if (own->one.count) {
		number(own->one.best, one);
		spread(&own->one, width);
	}
	if (own->all.count) {
		number(own->all.best, all);
		spread(&own->all, width);
	}
	const char *cells[COLUMNS] = {pf_limit_name(id), one, all, pf_limit_unit(id), width};
	pf_table_row(table, cells, COLUMNS);
}

void pf_limits_print(const pf_limits *limits, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, false, true};
	char all[PF_TEXT];
	snprintf(all, sizeof all, "%u at once", limits->processes);
	const char *heads[COLUMNS] = {"limit", "one core", all, "unit", "median, worst"};
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (int i = 0; i < PF_LIMIT_COUNT; i++) {
		add_row(table, &limits->limits[i], (pf_limit_id)i);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	const char *what = limits->limits[PF_LIMIT_DECODE].beside[0]
				   ? limits->limits[PF_LIMIT_DECODE].beside
				   : limits->limits[PF_LIMIT_DECODE_OWN].beside;
	pf_text_say(stream,
		    "\nThe best of up to %d windows, in processes bound to cores of their own%s%s.%s\n",
		    PF_LIMIT_SAMPLES, what[0] ? "; decoded are " : "", what,
		    limits->complete ? "" : " PARTIAL: stopped on request.");
}
