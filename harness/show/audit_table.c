#include "harness/show/audit_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/record/notebook_parts.h"
#include "harness/show/caveat_lines.h"

enum { COLUMNS = 3 };

static size_t count_verdicts(const json_t *record, const char *verdict)
{
	size_t index, count = 0;
	const json_t *check;
	json_array_foreach(json_object_get(record, "checks"), index, check)
	{
		count += strcmp(pf_note_text(check, "verdict"), verdict) == 0;
	}
	return count;
}

static void print_summary(const json_t *record, FILE *stream)
{
	size_t caught = count_verdicts(record, "caught"), undecided = count_verdicts(record, "undecided"),
	       untested = count_verdicts(record, "not testable");
	fprintf(stream, "\n%s: %s", pf_note_text(record, "variant"), pf_note_text(record, "verdict"));
	if (caught) {
		fprintf(stream, " by %zu check%s", caught, pf_text_plural(caught));
	}
	if (undecided) {
		fprintf(stream, "; %zu undecided", undecided);
	}
	if (untested) {
		fprintf(stream, "; %zu not testable", untested);
	}
	fputc('\n', stream);
}

static void print_heading(const json_t *record, FILE *stream)
{
	double workers = pf_note_number(record, "workers"), rounds = pf_note_number(record, "rounds_done");
	pf_text_say(stream, "audit of %s: %.0f new photos from %s, %.0f worker%s, %.0f round%s, seed %s\n",
		    pf_note_text(record, "variant"), pf_note_number(record, "photos"),
		    pf_note_text(json_object_get(record, "dataset"), "name"), workers,
		    workers == 1 ? "" : "s", rounds, rounds == 1 ? "" : "s", pf_note_text(record, "seed"));
	pf_caveats_print(record, stream);
	fputc('\n', stream);
}

void pf_audit_print(const json_t *record, FILE *stream)
{
	static const bool right[COLUMNS] = {false, false, false};
	static const char *const heads[COLUMNS] = {"check", "verdict", "figure"};
	const json_t *checks = json_object_get(record, "checks"), *check;
	int columns = pf_text_columns(fileno(stream));
	size_t index;
	print_heading(record, stream);
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	json_array_foreach(checks, index, check)
	{
		const char *figure = pf_note_text(check, "figure");
		const char *cells[COLUMNS] = {pf_note_text(check, "check"), pf_note_text(check, "verdict"),
					      figure[0] ? figure : "-"};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	json_array_foreach(checks, index, check)
	{
		const char *detail = pf_note_text(check, "detail");
		if (detail[0]) {
			int used = fprintf(stream, "%s: ", pf_note_text(check, "check"));
			pf_text_wrap(stream, detail, columns, 2, used);
		}
	}
	print_summary(record, stream);
}
