#include "harness/show/soak_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/record/notebook_parts.h"
#include "harness/show/caveat_lines.h"

enum { COLUMNS = 6 };

static void level_text(double level, bool time, bool memory, char out[PF_TEXT])
{
	if (level <= 0) {
		snprintf(out, PF_TEXT, "-");
	} else if (time) {
		pf_text_seconds(level * 1e-9, out);
	} else if (memory) {
		pf_text_bytes(level, out);
	} else {
		snprintf(out, PF_TEXT, "%.3g", level);
	}
}

/* Slopes in the metric's own unit a photo; of times in a share of the median for all judged photos. */
static void add_trend(pf_table *table, const json_t *record, const json_t *trend)
{
	const char *unit = pf_note_text(trend, "unit");
	bool time = strcmp(unit, "ns") == 0, memory = strcmp(unit, "bytes") == 0;
	char level[PF_TEXT], slope[PF_TEXT] = "-", interval[2 * PF_TEXT] = "-", smallest[PF_TEXT];
	double median = pf_note_number(trend, "level");
	double scale = !time ? 1 : median > 0 ? 100 * pf_note_number(record, "judged_photos") / median : 0;
	pf_interval own;
	level_text(median, time, memory, level);
	if (pf_note_interval(trend, "slope_a_photo", &own) && own.has_interval) {
		snprintf(slope, sizeof slope,
			 time     ? "%+.1f %% in all"
			 : memory ? "%+.2f B/photo"
				  : "%+.4f/photo",
			 scale * own.mean);
		snprintf(interval, sizeof interval, time || memory ? "%.2f to %.2f" : "%.4f to %.4f",
			 scale * own.low, scale * own.high);
	}
	snprintf(smallest, sizeof smallest,
		 time     ? "%.0f %%"
		 : memory ? "%.0f B"
			  : "%.3f",
		 time ? 5.0 : pf_note_number(trend, "smallest_slope_of_interest"));
	const char *cells[COLUMNS] = {pf_note_text(trend, "metric"), level, slope, interval, smallest,
				      pf_note_text(trend, "verdict")};
	pf_table_row(table, cells, COLUMNS);
}

static void print_notes(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *trend;
	double wrong = pf_note_number(record, "wrong");
	json_array_foreach(json_object_get(record, "trends"), index, trend)
	{
		if (pf_note_text(trend, "why")[0]) {
			fprintf(stream, "%s: %s\n", pf_note_text(trend, "metric"),
				pf_note_text(trend, "why"));
		}
	}
	pf_text_say(stream,
		    "Theil and Sen's slopes with 95 %% block-bootstrap intervals; "
		    "the first %.0f photos of a process are left out.\n"
		    "RSS moves in pages, and malloc takes many at a time: what it cannot see, heap does.\n",
		    pf_note_number(record, "warmup_photos"));
	if (wrong > 0) {
		pf_text_say(stream, "WRONG OUTPUT: %.0f outcomes are not the reference's\n", wrong);
	}
}

void pf_soak_print(const json_t *record, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, false};
	static const char *const heads[COLUMNS] = {"metric",        "level",       "slope",
						   "95 % interval", "of interest", "verdict"};
	char wall[PF_TEXT];
	size_t index;
	const json_t *trend;
	double runs = pf_note_number(record, "runs"), processes = pf_note_number(record, "judged_processes");
	pf_text_say(
		stream,
		"soak of %s on %s: %.0f photos in %s, %.0f call%s of run | %.0f process%s, %.0f photos each judged\n",
		pf_note_text(record, "variant"), pf_note_text(json_object_get(record, "dataset"), "name"),
		pf_note_number(record, "photos"), pf_text_seconds(pf_note_number(record, "wall_s"), wall),
		runs, runs == 1 ? "" : "s", processes, processes == 1 ? "" : "es",
		pf_note_number(record, "judged_photos"));
	pf_caveats_print(record, stream);
	fputc('\n', stream);
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	json_array_foreach(json_object_get(record, "trends"), index, trend)
	{
		add_trend(table, record, trend);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	print_notes(record, stream);
}
