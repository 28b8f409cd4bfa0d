#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/record/caveats.h"
#include "harness/record/notebook_parts.h"
#include "harness/stats/words.h"
#include "photofinish/trace.h"

#define SHOWN_SHARE 0.05 /* of the parent's time, that a stage has to differ by to be named */

/* The speedup over the parent as a ratio of times, in the four words of comparisons. */
static pf_word word_of(const pf_interval *speedup)
{
	pf_interval ratio = {.mean = 1 / speedup->mean,
			     .low = 1 / speedup->high,
			     .high = 1 / speedup->low,
			     .has_interval = speedup->has_interval};
	return pf_word_of(&ratio, PF_MARGIN);
}

static const char *verdict_of_time(const pf_interval *speedup, const char *parent, char *why, size_t capacity)
{
	const double margin = 100 * PF_MARGIN;
	switch (word_of(speedup)) {
	case PF_WORD_FASTER:
		snprintf(why, capacity, "faster than %s by more than %.0f %%, with the whole interval",
			 parent, margin);
		return "kept";
	case PF_WORD_SLOWER:
		snprintf(why, capacity, "slower than %s by more than %.0f %%, with the whole interval",
			 parent, margin);
		return "rejected";
	case PF_WORD_EQUIVALENT:
		snprintf(why, capacity, "as fast as %s within %.0f %%: time does not decide it", parent,
			 margin);
		return "undecided";
	default:
		snprintf(why, capacity, "%s",
			 speedup->has_interval ? "the interval holds gains and losses, or the margin of 2 %"
					       : "one round has no interval");
		return "undecided";
	}
}

/* Beside most of its trials something else ran: their times decide nothing. */
static bool mostly_disturbed(const json_t *variant, const char *name, char *why, size_t capacity)
{
	size_t all, tagged = pf_note_tagged_of(variant, &all);
	if (2 * tagged <= all) {
		return false;
	}
	snprintf(why, capacity, "the machine was busy: %zu of %zu trials of %s are tagged as disturbed",
		 tagged, all, name);
	return true;
}

const char *pf_note_verdict(const json_t *record, const json_t *variant, char *why, size_t capacity)
{
	static const struct {
		const char *status, *verdict;
	} others[] = {
		{"floor", "the floor"},     {"crashed", "crashed"},         {"wrong_output", "wrong output"},
		{"failed", "failed"},       {"unavailable", "unavailable"}, {"timeout", "timeout"},
		{"unchecked", "unchecked"}, {"not_run", "not run"},         {"invalid", "not measured"}};
	const char *status = pf_note_text(variant, "status"), *parent = pf_note_text(variant, "parent");
	pf_interval speedup;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (strcmp(status, others[i].status) == 0) {
			snprintf(why, capacity, "%s", pf_note_text(variant, "reason"));
			return others[i].verdict;
		}
	}
	why[0] = '\0';
	if (!parent[0]) {
		return json_is_null(json_object_get(variant, "outside")) ? "the baseline" : "no step";
	}
	if (mostly_disturbed(variant, pf_note_text(variant, "name"), why, capacity) ||
	    mostly_disturbed(pf_note_variant(record, parent), parent, why, capacity)) {
		return "undecided";
	}
	if (pf_note_interval(variant, "speedup_over_parent", &speedup)) {
		return verdict_of_time(&speedup, parent, why, capacity);
	}
	snprintf(why, capacity, "%s %s", parent,
		 pf_note_variant(record, parent) ? "has no time in a round of its own" : "was not run");
	return "undecided";
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

/* What the figures say against the parent. */
static void print_lesson(const json_t *record, const json_t *variant, FILE *stream)
{
	char own_text[PF_TEXT], other_text[PF_TEXT];
	double own, other;
	const char *principle = pf_note_text(json_object_get(variant, "story"), "principle");
	const json_t *parent = pf_note_variant(record, pf_note_text(variant, "parent"));
	fprintf(stream, "- **Lesson**: ");
	pf_note_print(stream, principle[0] ? principle : "none was told");
	fprintf(stream, ".");
	if (parent && pf_note_mean(variant, "cpu_ns", NULL, &own) &&
	    pf_note_mean(parent, "cpu_ns", NULL, &other)) {
		fprintf(stream,
			" By the figures (means; stages are sums over the workers), against its parent: ");
		size_t shown = print_stage_differences(variant, parent, stream);
		fprintf(stream, "%s CPU time %s, was %s",
			shown ? ";" : "no stage differs by 5 % of its time;",
			pf_text_seconds(own * 1e-9, own_text), pf_text_seconds(other * 1e-9, other_text));
		if (pf_note_mean(variant, "peak_rss_bytes", NULL, &own) &&
		    pf_note_mean(parent, "peak_rss_bytes", NULL, &other)) {
			fprintf(stream, "; memory at most %s, was %s", pf_text_bytes(own, own_text),
				pf_text_bytes(other, other_text));
		}
		if (pf_note_mean(variant, "moved_bytes", NULL, &own) && own > 0) {
			fprintf(stream, "; %s moved between processes", pf_text_bytes(own, own_text));
		}
		fputc('.', stream);
	}
	fputc('\n', stream);
}

static void print_step(const json_t *record, const json_t *variant, size_t number, FILE *stream)
{
	char why[600];
	const json_t *story = json_object_get(variant, "story");
	const char *parent = pf_note_text(variant, "parent");
	const char *verdict = pf_note_verdict(record, variant, why, sizeof why);
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
