#include "harness/export/gate_surfaces.h"

#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/gate/gate_words.h"

/* For a cell of a Markdown table. */
static void cell(const char *text, FILE *stream)
{
	for (; *text; text++) {
		if (strchr("|`<>*_[]\\", *text)) {
			fputc('\\', stream);
		}
		fputc(*text, stream);
	}
}

static const char *why_of(const pf_gate_workload *w)
{
	return w->contains_cause ? "contains what failed" : w->why;
}

void pf_gate_markdown(const pf_gate *gate, FILE *stream)
{
	char text[PF_GATE_SENTENCE], effect[96], margin[32];
	pf_gate_sentence(gate, text);
	fprintf(stream, "**");
	cell(text, stream);
	fprintf(stream,
		"**\n\n| workload | verdict | time, candidate against baseline | margin | layouts | processes | why |\n"
		"|---|---|---:|---:|---:|---:|---|\n");
	for (size_t i = 0; i < gate->count; i++) {
		const pf_gate_workload *w = &gate->workloads[i];
		snprintf(margin, sizeof margin, w->margin > 0.0 ? "%.3g %%" : "-", 100 * w->margin);
		fputs("| ", stream);
		cell(w->name, stream);
		fprintf(stream, " | %s | %s | %s | %zu, %zu | %zu | ", pf_gate_verdict_upper(w->verdict),
			pf_gate_effect(w, effect, sizeof effect), margin,
			pf_gate_layout_count(&gate->arms[0], w->count),
			pf_gate_layout_count(&gate->arms[1], w->count), w->count);
		cell(why_of(w), stream);
		fputs(" |\n", stream);
	}
	fprintf(stream,
		"\nAlpha %.3g for the whole gate; 95 %% t-intervals over processes. The same again:\n\n",
		gate->request.alpha);
	fputs("    ", stream);
	pf_gate_replay(gate, stream);
	fputc('\n', stream);
}

static void junit_case(const pf_gate_workload *w, FILE *stream)
{
	char effect[96];
	fputs("  <testcase classname=\"gate\" name=\"", stream);
	pf_xml_text(stream, w->name);
	fputs("\">\n", stream);
	const char *element = w->verdict == PF_GATE_FAIL                                        ? "failure"
			      : w->verdict == PF_GATE_INVALID                                   ? "error"
			      : w->verdict == PF_GATE_INCONCLUSIVE || w->verdict == PF_GATE_NEW ? "skipped"
												: NULL;
	if (element) {
		fprintf(stream, "    <%s message=\"%s: ", element, pf_gate_verdict_upper(w->verdict));
		pf_xml_text(stream,
			    why_of(w)[0] ? why_of(w) : "slower than the baseline by more than the margin");
		fputs("\"/>\n", stream);
	}
	fprintf(stream, "    <system-out>%s: time %s, %zu processes</system-out>\n  </testcase>\n",
		pf_gate_verdict_upper(w->verdict), pf_gate_effect(w, effect, sizeof effect), w->count);
}

void pf_gate_junit(const pf_gate *gate, FILE *stream)
{
	size_t counts[PF_GATE_VERDICTS] = {0};
	for (size_t i = 0; i < gate->count; i++) {
		counts[gate->workloads[i].verdict]++;
	}
	bool whole = gate->why[0] != '\0'; /* something is wrong with all of it */
	fprintf(stream,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"photofinish gate\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
		gate->count + whole, counts[PF_GATE_FAIL], counts[PF_GATE_INVALID] + whole,
		counts[PF_GATE_INCONCLUSIVE] + counts[PF_GATE_NEW]);
	for (size_t i = 0; i < gate->count; i++) {
		junit_case(&gate->workloads[i], stream);
	}
	if (whole) {
		fputs("  <testcase classname=\"gate\" name=\"gate\">\n    <error message=\"", stream);
		pf_xml_text(stream, gate->why);
		fputs("\"/>\n  </testcase>\n", stream);
	}
	fputs("</testsuite>\n", stream);
}

/* A message of a workflow command: these three are its own. */
static void annotation_text(const char *text, FILE *stream)
{
	for (; *text; text++) {
		if (*text == '%' || *text == '\n' || *text == '\r') {
			fprintf(stream, "%%%02X", (unsigned)*text);
		} else {
			fputc(*text, stream);
		}
	}
}

void pf_gate_annotations(const pf_gate *gate, FILE *stream)
{
	char text[PF_GATE_SENTENCE], effect[96];
	pf_gate_sentence(gate, text);
	fputs(gate->verdict == PF_GATE_FAIL || gate->verdict == PF_GATE_INVALID ? "::error title=gate::"
	      : gate->verdict == PF_GATE_INCONCLUSIVE                           ? "::warning title=gate::"
										: "::notice title=gate::",
	      stream);
	annotation_text(text, stream);
	fputc('\n', stream);
	for (size_t i = 0; i < gate->count; i++) {
		const pf_gate_workload *w = &gate->workloads[i];
		if (w->verdict == PF_GATE_PASS || w->verdict == PF_GATE_IDENTICAL) {
			continue;
		}
		fprintf(stream, "::%s title=%s %s::",
			w->verdict == PF_GATE_FAIL || w->verdict == PF_GATE_INVALID ? "error" : "warning",
			w->name, pf_gate_verdict_upper(w->verdict));
		annotation_text(pf_gate_effect(w, effect, sizeof effect), stream);
		if (why_of(w)[0]) {
			fputs(", ", stream);
			annotation_text(why_of(w), stream);
		}
		fputc('\n', stream);
	}
}
