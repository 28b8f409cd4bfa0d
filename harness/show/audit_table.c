#include "harness/show/audit_table.h"

#include "harness/base/text.h"
#include "photofinish/file.h"

enum { COLUMNS = 3 };

static void print_summary(const pf_audit *audit, FILE *stream)
{
	size_t caught = 0, untested = 0, undecided = 0;
	for (int i = 0; i < PF_AUDIT_COUNT; i++) {
		caught += audit->results[i].verdict == PF_AUDIT_CAUGHT;
		untested += audit->results[i].verdict == PF_AUDIT_NOT_TESTABLE;
		undecided += audit->results[i].verdict == PF_AUDIT_UNDECIDED;
	}
	fprintf(stream, "\n%s: %s", audit->contestant->label,
		pf_audit_verdict_name(pf_audit_verdict_of(audit)));
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

void pf_audit_print(const pf_audit *audit, FILE *stream)
{
	static const bool right[COLUMNS] = {false, false, false};
	char base[256];
	int columns = pf_text_columns(fileno(stream));
	fprintf(stream, "audit of %s: %zu new photos from %s, %u worker%s, %u round%s, seed %llu%s\n\n",
		audit->contestant->label, audit->photos,
		pf_escape(audit->session->dataset->name, base, sizeof base), audit->contestant->workers,
		pf_text_plural(audit->contestant->workers), audit->rounds_done,
		pf_text_plural(audit->rounds_done), (unsigned long long)audit->seed,
		audit->partial ? " (PARTIAL)" : "");
	pf_table *table = pf_table_create(COLUMNS, right);
	const char *const heads[COLUMNS] = {"check", "verdict", "figure"};
	pf_table_row(table, heads, COLUMNS);
	for (int i = 0; i < PF_AUDIT_COUNT; i++) {
		const pf_audit_result *result = &audit->results[i];
		const char *cells[COLUMNS] = {pf_audit_name((pf_audit_check)i),
					      pf_audit_verdict_name(result->verdict),
					      result->figure[0] ? result->figure : "-"};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	for (int i = 0; i < PF_AUDIT_COUNT; i++) {
		const pf_audit_result *result = &audit->results[i];
		if (result->detail[0]) {
			int used = fprintf(stream, "%s: ", pf_audit_name((pf_audit_check)i));
			pf_text_wrap(stream, result->detail, columns, 2, used);
		}
	}
	print_summary(audit, stream);
}
