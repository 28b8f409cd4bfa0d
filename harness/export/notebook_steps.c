#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/record/caveats.h"
#include "harness/record/notebook_parts.h"
#include "harness/run/decision.h"
#include "photofinish/trace.h"

#define SHOWN_SHARE 0.05 /* of the parent's time, that a stage has to differ by to be named */

const char *pf_note_verdict(const json_t *variant, char *why, size_t capacity)
{
	const json_t *decision = json_object_get(variant, "decision");
	snprintf(why, capacity, "%s",
		 json_is_object(decision) ? pf_note_text(decision, "reason")
					  : "only a journey decides what is kept");
	return pf_keep_name(pf_keep_of(pf_note_text(decision, "verdict")));
}

static void print_line(FILE *stream, const char *label, const char *text)
{
	if (text[0]) {
		fprintf(stream, "- **%s**: ", label);
		pf_note_print(stream, text);
		fputc('\n', stream);
	}
}

static void print_caveat(void *context, pf_caveat caveat, const char *text)
{
	(void)caveat;
	print_line(context, "Mind", text);
}

/* Time with its interval, against the parent and the baseline. */
static void print_result(const json_t *variant, FILE *stream)
{
	char text[PF_TEXT];
	pf_interval figure;
	const json_t *trials = json_object_get(variant, "trials");
	double wall;
	fprintf(stream, "- **Measured**: ");
	if (!pf_note_interval(variant, "wall_s", &figure)) {
		fprintf(stream, "no time");
		if (pf_note_text(variant, "reason")[0]) {
			fprintf(stream, ": ");
			pf_note_print(stream, pf_note_text(variant, "reason"));
		}
		fprintf(stream, " (%zu trial%s)\n", json_array_size(trials),
			pf_text_plural(json_array_size(trials)));
		return;
	}
	fprintf(stream, "%s", pf_text_time(&figure, text));
	if (pf_note_interval(variant, "speedup_over_parent", &figure)) {
		fprintf(stream, "; against its parent %s", pf_text_gain(&figure, text));
	}
	if (pf_note_interval(variant, "speedup_over_baseline", &figure) &&
	    pf_note_text(variant, "parent")[0]) {
		fprintf(stream, "; against the baseline %s", pf_text_factor(&figure, text));
	}
	size_t count = pf_note_mean(variant, "wall_ns", NULL, &wall);
	fprintf(stream, " (%zu trial%s)\n", count, pf_text_plural(count));
}

/* Stages that take more or less than in the parent, the largest difference first. */
static size_t print_stage_differences(const json_t *variant, const json_t *parent, FILE *stream)
{
	double wall, own, other, differences[PF_STAGE_COUNT];
	size_t shown = 0;
	pf_note_mean(parent, "wall_ns", NULL, &wall);
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		pf_note_mean(variant, "stages", pf_stage_name((pf_stage)i), &own);
		pf_note_mean(parent, "stages", pf_stage_name((pf_stage)i), &other);
		differences[i] = own - other;
	}
	for (; shown < 3; shown++) {
		int most = 0;
		char text[PF_TEXT];
		for (int i = 1; i < PF_STAGE_COUNT; i++) {
			most = fabs(differences[i]) > fabs(differences[most]) ? i : most;
		}
		if (fabs(differences[most]) <= SHOWN_SHARE * wall) {
			break;
		}
		fprintf(stream, "%s%s %s %s", shown ? ", " : "", pf_stage_name((pf_stage)most),
			pf_text_seconds(fabs(differences[most]) * 1e-9, text),
			differences[most] < 0 ? "less" : "more");
		differences[most] = 0;
	}
	return shown;
}

/* What the figures say against the parent: it explains, whatever was decided. */
static void print_why(const json_t *variant, const json_t *parent, FILE *stream)
{
	char own_text[PF_TEXT], other_text[PF_TEXT];
	double own, other;
	if (!parent || !pf_note_mean(variant, "cpu_ns", NULL, &own) ||
	    !pf_note_mean(parent, "cpu_ns", NULL, &other)) {
		return;
	}
	fprintf(stream, "- **Why**: against ");
	pf_note_print(stream, pf_note_text(parent, "name"));
	fprintf(stream, " (means; stages are sums over the workers): ");
	size_t shown = print_stage_differences(variant, parent, stream);
	fprintf(stream, "%s CPU time %s, was %s", shown ? ";" : "no stage differs by 5 % of its time;",
		pf_text_seconds(own * 1e-9, own_text), pf_text_seconds(other * 1e-9, other_text));
	if (pf_note_mean(variant, "peak_rss_bytes", NULL, &own) &&
	    pf_note_mean(parent, "peak_rss_bytes", NULL, &other)) {
		fprintf(stream, "; memory at most %s, was %s", pf_text_bytes(own, own_text),
			pf_text_bytes(other, other_text));
	}
	if (pf_note_mean(variant, "moved_bytes", NULL, &own) && own > 0) {
		fprintf(stream, "; %s moved between processes", pf_text_bytes(own, own_text));
	}
	fprintf(stream, ".\n");
}

/* Faster than its parent, and yet not kept: what that shows. */
static bool beats_parent(const json_t *variant, const char *incumbent)
{
	pf_interval speedup;
	const char *parent = pf_note_text(variant, "parent");
	return parent[0] && strcmp(parent, incumbent) != 0 &&
	       pf_note_interval(variant, "speedup_over_parent", &speedup) && speedup.has_interval &&
	       speedup.low > 1 + PF_MARGIN;
}

/* It changed one thing for the better, and still is not what is kept. */
static void print_half_way(const json_t *record, const json_t *variant, const char *incumbent, FILE *stream)
{
	char ignored[PF_DECISION_TEXT];
	const char *parent = pf_note_text(variant, "parent");
	const json_t *found = pf_note_variant(record, parent);
	pf_keep keep = pf_keep_of(pf_note_verdict(found, ignored, sizeof ignored));
	bool parent_stayed = keep == PF_KEPT || keep == PF_BASELINE;
	fprintf(stream, parent_stayed ? ". It is faster than " : ". It wins back some of what ");
	pf_note_print(stream, parent);
	fprintf(stream,
		parent_stayed ? ", but what it changes gains less than " : " lost, but is not faster than ");
	pf_note_print(stream, incumbent);
	fprintf(stream, parent_stayed ? " had gained before it" : "");
}

/* What follows from the verdict. */
static void print_lesson(const json_t *record, const json_t *variant, FILE *stream)
{
	static const char *const lessons[PF_KEEP_COUNT] = {
		[PF_NOT_JUDGED] = "none: nothing was decided",
		[PF_BASELINE] = "what comes after is measured against it",
		[PF_KEPT] = "it stays, and the next are measured against it",
		[PF_REJECTED] = "it does not stay",
		[PF_NO_GAIN] = "it does not stay: here it gains nothing that these rounds can show",
	};
	char why[PF_DECISION_TEXT];
	const json_t *decision = json_object_get(variant, "decision");
	const char *incumbent = pf_note_text(decision, "incumbent");
	pf_keep keep = pf_keep_of(pf_note_verdict(variant, why, sizeof why));
	bool stands_beside = keep == PF_KEPT && !json_is_true(json_object_get(decision, "becomes_incumbent"));
	fprintf(stream, "- **Lesson**: %s",
		stands_beside ? "it stays for what it is there for, not for its time" : lessons[keep]);
	if ((keep == PF_REJECTED || keep == PF_NO_GAIN) && beats_parent(variant, incumbent)) {
		print_half_way(record, variant, incumbent, stream);
	}
	fprintf(stream, ".\n");
}

static void print_step(const json_t *record, const json_t *variant, size_t number, FILE *stream)
{
	char why[PF_DECISION_TEXT];
	const json_t *story = json_object_get(variant, "story");
	const char *parent = pf_note_text(variant, "parent");
	const char *verdict = pf_note_verdict(variant, why, sizeof why);
	fprintf(stream, "\n### %zu. ", number);
	pf_note_print(stream, pf_note_text(variant, "name"));
	fprintf(stream, "\n\n");
	if (pf_note_text(story, "summary")[0]) {
		pf_note_print(stream, pf_note_text(story, "summary"));
		fprintf(stream, ".\n\n");
	}
	print_line(stream, "Hypothesis", pf_note_text(story, "hypothesis"));
	fprintf(stream, "- **Change**: ");
	if (parent[0]) {
		fprintf(stream, "to ");
		pf_note_print(stream, parent);
		fprintf(stream, ": ");
	}
	pf_note_print(stream, pf_note_text(story, "change"));
	fprintf(stream, " (%.0f worker%s)\n", pf_note_number(variant, "workers"),
		pf_text_plural(pf_note_number(variant, "workers") == 1 ? 1 : 2));
	print_line(stream, "Expected", pf_note_text(story, "expected"));
	print_result(variant, stream);
	pf_caveats(record, variant, print_caveat, stream);
	fprintf(stream, "- **Verdict**: %s", verdict);
	if (why[0]) {
		fprintf(stream, ": ");
		pf_note_print(stream, why);
	}
	fputc('\n', stream);
	print_why(variant, pf_note_variant(record, parent), stream);
	print_line(stream, "Principle", pf_note_text(story, "principle"));
	print_lesson(record, variant, stream);
}

void pf_note_steps(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	fprintf(stream, "\n## The steps\n");
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		print_step(record, variant, index + 1, stream);
	}
}
