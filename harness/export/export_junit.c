#include "harness/export/export.h"

#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/base/text.h"
#include "harness/export/export_parts.h"
#include "harness/record/caveats.h"

static void attribute(FILE *stream, const char *name, const char *value)
{
	fprintf(stream, " %s=\"", name);
	pf_xml_text(stream, value);
	fputc('"', stream);
}

typedef enum outcome { PASSED, FAILURE, ERROR, SKIPPED, OUTCOMES } outcome;

/* As the exit status has it: what a step announces that it may do is no failure. A step without checked
 * output was not tested. */
static outcome outcome_of(const json_t *variant)
{
	static const struct {
		const char *status;
		outcome outcome;
	} table[] = {{"ok", PASSED},       {"floor", PASSED},      {"wrong_output", FAILURE},
		     {"crashed", FAILURE}, {"failed", FAILURE},    {"timeout", FAILURE},
		     {"invalid", ERROR},   {"unchecked", SKIPPED}, {"unavailable", SKIPPED},
		     {"not_run", SKIPPED}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strcmp(pf_note_text(variant, "status"), table[i].status) == 0) {
			return table[i].outcome == FAILURE && pf_export_may_fail(variant) ? SKIPPED
											  : table[i].outcome;
		}
	}
	return ERROR; /* a status that is not known here */
}

static void print_outcome(const json_t *variant, outcome what, FILE *stream)
{
	static const char *const elements[OUTCOMES] = {
		[FAILURE] = "failure", [ERROR] = "error", [SKIPPED] = "skipped"};
	const char *status = pf_note_text(variant, "status");
	fprintf(stream, "      <%s message=\"", elements[what]);
	pf_xml_text(stream, status);
	if (pf_note_text(variant, "reason")[0]) {
		fputs(": ", stream);
		pf_xml_text(stream, pf_note_text(variant, "reason"));
	}
	fputs(pf_export_may_fail(variant) ? " (announced: this variant may fail)\"" : "\"", stream);
	if (what != SKIPPED) {
		attribute(stream, "type", status);
	}
	fputs("/>\n", stream);
}

static void print_property(FILE *stream, const char *name, const char *value)
{
	fputs("      <property", stream);
	attribute(stream, "name", name);
	attribute(stream, "value", value);
	fputs("/>\n", stream);
}

static void print_run_caveat(void *context, pf_caveat caveat, const char *text_of)
{
	char name[64];
	snprintf(name, sizeof name, "caveat.%s", pf_caveat_name(caveat));
	print_property(context, name, text_of);
}

static void print_step_caveat(void *context, pf_caveat caveat, const char *text_of)
{
	(void)caveat;
	pf_xml_text(context, text_of);
	fputc('\n', context);
}

/* Figures and what is to be known of them, for those who look at one case. */
static void print_figures(const json_t *record, const json_t *variant, bool timed, FILE *stream)
{
	pf_interval figure;
	char out[PF_TEXT], caveats[PF_CAVEAT_TEXT];
	bool decided = pf_export_verdict(variant)[0];
	if (!timed && !decided && !pf_caveats_text(record, variant, caveats, sizeof caveats)[0]) {
		return;
	}
	fputs("      <system-out>", stream);
	pf_caveats(record, variant, print_step_caveat, stream);
	if (timed && pf_note_interval(variant, "wall_s", &figure)) {
		fprintf(stream, "time of a trial: %s (n = %zu)", pf_text_time(&figure, out), figure.n);
	}
	if (timed && pf_note_interval(variant, "speedup_over_parent", &figure)) {
		fprintf(stream, "\nagainst its parent: %s", pf_text_gain(&figure, out));
	}
	if (timed && pf_export_over_baseline(record, variant, &figure)) {
		fprintf(stream, "\nagainst the baseline: %s", pf_text_factor(&figure, out));
	}
	if (decided) {
		fprintf(stream, "%sverdict: %s: ", timed ? "\n" : "", pf_export_verdict(variant));
		pf_xml_text(stream, pf_note_text(json_object_get(variant, "decision"), "reason"));
	}
	fputs("</system-out>\n", stream);
}

static void print_case(const json_t *record, const json_t *variant, FILE *stream)
{
	outcome what = outcome_of(variant);
	pf_interval seconds;
	bool timed = what == PASSED && pf_export_timed(variant) &&
		     pf_note_interval(variant, "wall_s", &seconds);
	fputs("    <testcase classname=\"photofinish.", stream);
	pf_xml_text(stream, pf_note_text(record, "command"));
	fputc('.', stream);
	pf_xml_text(stream, pf_note_text(json_object_get(record, "dataset"), "name"));
	fputc('"', stream);
	attribute(stream, "name", pf_note_text(variant, "name"));
	if (timed) {
		fprintf(stream, " time=\"%.6f\"", seconds.mean);
	}
	fputs(">\n", stream);
	if (what != PASSED) {
		print_outcome(variant, what, stream);
	}
	print_figures(record, variant, timed, stream);
	fputs("    </testcase>\n", stream);
}

/* The verdict of a comparison, by wall time or (prefix "cpu_") CPU time. */
static void print_verdict(const json_t *verdict, const char *prefix, FILE *stream)
{
	char name[48], value[128];
	pf_interval ratio;
	if (!pf_note_interval(verdict, "ratio", &ratio)) {
		return;
	}
	snprintf(name, sizeof name, "%sverdict", prefix);
	print_property(stream, name, pf_note_text(verdict, "word"));
	snprintf(name, sizeof name, "%sratio", prefix);
	snprintf(value, sizeof value, ratio.has_interval ? "%.6f (%.6f to %.6f)" : "%.6f", ratio.mean,
		 ratio.low, ratio.high);
	print_property(stream, name, value);
	if (pf_note_text(verdict, "withheld")[0]) {
		snprintf(name, sizeof name, "%swithheld", prefix);
		print_property(stream, name, pf_note_text(verdict, "withheld"));
	}
}

static void print_comparison(const json_t *record, FILE *stream)
{
	const json_t *comparison = json_object_get(record, "comparison");
	if (json_is_object(comparison)) {
		print_property(stream, "compared", pf_note_text(comparison, "a"));
		print_property(stream, "compared_with", pf_note_text(comparison, "b"));
		print_verdict(comparison, "", stream);
		print_verdict(json_object_get(comparison, "cpu"), "cpu_", stream);
	}
}

void pf_export_junit(const json_t *record, FILE *stream)
{
	size_t index, counts[OUTCOMES] = {0};
	const json_t *variant, *environment = json_object_get(record, "environment"),
			       *dataset = json_object_get(record, "dataset");
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		counts[outcome_of(variant)]++;
	}
	size_t all = counts[PASSED] + counts[FAILURE] + counts[ERROR] + counts[SKIPPED];
	fprintf(stream,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n"
		"  <testsuite name=\"photofinish ",
		all, counts[FAILURE], counts[ERROR]);
	pf_xml_text(stream, pf_note_text(record, "command"));
	fprintf(stream,
		"\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" timestamp=\"%.19s\">\n",
		all, counts[FAILURE], counts[ERROR], counts[SKIPPED], pf_note_text(record, "started"));
	fputs("    <properties>\n", stream);
	print_property(stream, "dataset", pf_note_text(dataset, "name"));
	print_property(stream, "dataset_hash", pf_note_text(dataset, "hash"));
	print_property(stream, "cpu", pf_note_text(environment, "cpu"));
	print_property(stream, "label", pf_note_text(record, "label"));
	print_property(stream, "partial",
		       json_is_true(json_object_get(record, "partial")) ? "true" : "false");
	pf_caveats(record, NULL, print_run_caveat, stream);
	print_comparison(record, stream);
	fputs("    </properties>\n", stream);
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		print_case(record, variant, stream);
	}
	fputs("  </testsuite>\n</testsuites>\n", stream);
}
