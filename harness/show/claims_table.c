#include "harness/show/claims_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"

char *pf_claim_published_text(const pf_claim *claim, char *out)
{
	if (isnan(claim->published)) {
		snprintf(out, PF_TEXT, "-");
	} else if (claim->unit == PF_CLAIM_SHARE) {
		snprintf(out, PF_TEXT, "%.0f %%", 100 * claim->published);
	} else {
		snprintf(out, PF_TEXT, "%.2fx", claim->published);
	}
	return out;
}

char *pf_claim_measured_text(const pf_claim *claim, char *out)
{
	const pf_interval *figure = &claim->measured;
	if (!claim->has_measured) {
		snprintf(out, PF_TEXT, "-");
	} else if (claim->unit == PF_CLAIM_RATIO) {
		pf_text_factor(figure, out);
	} else if (figure->has_interval) {
		snprintf(out, PF_TEXT, "%.0f %% (%.0f to %.0f)", 100 * figure->mean, 100 * figure->low,
			 100 * figure->high);
	} else {
		snprintf(out, PF_TEXT, "%.0f %%", 100 * figure->mean);
	}
	return out;
}

static void print_answered(const pf_claim *claim, int columns, FILE *stream)
{
	char published[PF_TEXT], measured[PF_TEXT], text[1200];
	fprintf(stream, "%-16s  %9s  %-24s  %s\n", claim->id, pf_claim_published_text(claim, published),
		pf_claim_measured_text(claim, measured), pf_verdict_name(claim->verdict));
	snprintf(text, sizeof text, "%s%s%s%s%s%s.", claim->statement, claim->why[0] ? ". Here: " : "",
		 claim->why, claim->note ? " (" : "", claim->note ? claim->note : "", claim->note ? ")" : "");
	pf_text_wrap(stream, text, columns, 2, 0);
}

static void print_unanswered(const pf_claim *claims, size_t count, size_t unanswered, int columns,
			     FILE *stream)
{
	char text[600];
	const char *before = " ";
	int used = snprintf(text, sizeof text, "%zu claim%s not answered here:", unanswered,
			    unanswered == 1 ? " is" : "s are");
	for (size_t i = 0; i < count && used < (int)sizeof text; i++) {
		if (claims[i].verdict == PF_VERDICT_NOT_TESTABLE) {
			used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", before,
					 claims[i].id);
			before = ", ";
		}
	}
	if (used < (int)sizeof text) {
		snprintf(text + used, sizeof text - (size_t)used,
			 ". The record and the notebook say why (--json, --notebook).");
	}
	pf_text_wrap(stream, text, columns, 0, 0);
}

/* Like pf_table, but each row has its reason below it. */
void pf_claims_print(const pf_claim *claims, size_t count, int columns, FILE *stream)
{
	size_t unanswered = 0;
	columns = columns >= 60 && columns <= 120 ? columns : 80;
	for (size_t i = 0; i < count; i++) {
		unanswered += claims[i].verdict == PF_VERDICT_NOT_TESTABLE;
	}
	fputc('\n', stream);
	if (unanswered < count) {
		fprintf(stream, "%-16s  %9s  %-24s  %s\n", "claim", "published", "measured", "verdict");
	}
	for (size_t i = 0; i < count; i++) {
		if (claims[i].verdict != PF_VERDICT_NOT_TESTABLE) {
			print_answered(&claims[i], columns, stream);
		}
	}
	if (unanswered) {
		print_unanswered(claims, count, unanswered, columns, stream);
	}
}

void pf_parts_print(const pf_contestant *baseline, FILE *stream)
{
	static const bool right[3] = {false, true, true};
	pf_interval shares[PF_PART_COUNT];
	char head[200];
	if (!pf_part_shares(baseline, shares)) {
		return;
	}
	snprintf(head, sizeof head, "share of %s's time", baseline->label);
	const char *heads[] = {head, "here", "published"};
	pf_table *table = pf_table_create(3, right);
	pf_table_row(table, heads, 3);
	for (int part = 0; part < PF_PART_COUNT; part++) {
		char here[PF_TEXT], published[PF_TEXT];
		const pf_interval *share = &shares[part];
		if (share->has_interval) {
			snprintf(here, sizeof here, "%.1f %% +-%.1f", 100 * share->mean,
				 50 * (share->high - share->low));
		} else {
			snprintf(here, sizeof here, "%.1f %%", 100 * share->mean);
		}
		snprintf(published, sizeof published, "%.0f %%", 100 * pf_published_shares[part]);
		const char *cells[] = {pf_part_names[part], here, published};
		pf_table_row(table, cells, 3);
	}
	fputc('\n', stream);
	pf_table_print(table, stream, "");
	pf_table_free(table);
}
