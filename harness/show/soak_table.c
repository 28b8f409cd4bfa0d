#include "harness/show/soak_table.h"

#include "harness/base/text.h"
#include "harness/show/outside_lines.h"
#include "photofinish/file.h"

enum { COLUMNS = 6 };

/* A slope in the metric's own unit a photo; of times in a share of the median for all judged photos. */
static double shown(const pf_soak *soak, pf_soak_metric metric, double slope)
{
	const pf_soak_trend *trend = &soak->trends[metric];
	return pf_soak_is_time(metric) ? 100 * slope * (double)soak->judged_photos / trend->level : slope;
}

static void add_trend(pf_table *table, const pf_soak *soak, pf_soak_metric metric)
{
	const pf_soak_trend *trend = &soak->trends[metric];
	bool time = pf_soak_is_time(metric), memory = metric == PF_SOAK_HEAP || metric == PF_SOAK_RSS;
	char level[PF_TEXT], slope[PF_TEXT] = "-", interval[PF_TEXT] = "-", smallest[PF_TEXT];
	if (trend->level <= 0) {
		snprintf(level, sizeof level, "-");
	} else if (time) {
		pf_text_seconds(trend->level * 1e-9, level);
	} else if (memory) {
		pf_text_bytes(trend->level, level);
	} else {
		snprintf(level, sizeof level, "%.3g", trend->level);
	}
	if (trend->slope.has_interval) {
		snprintf(slope, sizeof slope,
			 time     ? "%+.1f %% in all"
			 : memory ? "%+.2f B/photo"
				  : "%+.4f/photo",
			 shown(soak, metric, trend->slope.mean));
		snprintf(interval, sizeof interval, time || memory ? "%.2f to %.2f" : "%.4f to %.4f",
			 shown(soak, metric, trend->slope.low), shown(soak, metric, trend->slope.high));
	}
	snprintf(smallest, sizeof smallest,
		 time     ? "%.0f %%"
		 : memory ? "%.0f B"
			  : "%.3f",
		 time ? 5.0 : trend->smallest);
	const char *cells[COLUMNS] = {pf_soak_name(metric),
				      level,
				      slope,
				      interval,
				      smallest,
				      pf_soak_verdict_name(metric, trend->verdict)};
	pf_table_row(table, cells, COLUMNS);
}

static void print_notes(const pf_soak *soak, FILE *stream)
{
	for (int i = 0; i < PF_SOAK_COUNT; i++) {
		if (soak->trends[i].why[0]) {
			fprintf(stream, "%s: %s\n", pf_soak_name((pf_soak_metric)i), soak->trends[i].why);
		}
	}
	fprintf(stream,
		"Theil and Sen's slopes with 95 %% block-bootstrap intervals; "
		"the first %zu photos of a process are left out.\n"
		"RSS moves in pages, and malloc takes many at a time: what it cannot see, heap does.\n",
		soak->warmup_photos);
	if (soak->disturbed[0]) {
		fprintf(stream, "The machine was disturbed: %s.\n", soak->disturbed);
	}
	pf_tolerance_print(&soak->tolerance, stream);
	if (soak->wrong) {
		fprintf(stream, "WRONG OUTPUT: %zu outcomes are not the reference's\n", soak->wrong);
	}
}

void pf_soak_print(const pf_soak *soak, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, false};
	static const char *const heads[COLUMNS] = {"metric",        "level",       "slope",
						   "95 % interval", "of interest", "verdict"};
	char name[256], wall[PF_TEXT];
	fprintf(stream,
		"soak of %s on %s: %zu photos in %s, %u call%s of run | %zu process%s, %zu photos each judged%s\n"
		"\n",
		soak->contestant->label, pf_escape(soak->session->dataset->name, name, sizeof name),
		soak->done, pf_text_seconds(soak->wall_s, wall), soak->runs, pf_text_plural(soak->runs),
		soak->judged_processes, soak->judged_processes == 1 ? "" : "es", soak->judged_photos,
		soak->partial ? " (PARTIAL)" : "");
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (int i = 0; i < PF_SOAK_COUNT; i++) {
		add_trend(table, soak, (pf_soak_metric)i);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	print_notes(soak, stream);
}
