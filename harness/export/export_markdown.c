#include "harness/export/export.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/export/export_parts.h"
#include "harness/record/caveats.h"
#include "harness/record/machine_id.h"
#include "harness/run/decision.h"

static const char *cache_words(const json_t *dataset)
{
	const char *state = pf_note_text(dataset, "cache");
	return strcmp(state, "warm") == 0       ? "warm cache"
	       : strcmp(state, "cold") == 0     ? "cold cache"
	       : strcmp(state, "not cold") == 0 ? "NOT COLD (dropped, yet not all came from storage)"
	       : strcmp(state, "not held") == 0 ? "photos came from storage in part"
						: "state of the cache unknown";
}

static void print_heading(const json_t *record, FILE *stream)
{
	const json_t *dataset = json_object_get(record, "dataset"),
		     *environment = json_object_get(record, "environment");
	char machine[PF_MACHINE_ID + 1], bytes[PF_TEXT];
	pf_machine_id(environment, machine);
	fputs("### photofinish ", stream);
	pf_note_print(stream, pf_note_text(record, "command"));
	fputs(" over ", stream);
	pf_note_print(stream, pf_note_text(dataset, "name"));
	if (pf_note_text(record, "label")[0]) {
		fputs(" (", stream);
		pf_note_print(stream, pf_note_text(record, "label"));
		fputc(')', stream);
	}
	fprintf(stream, "\n\n%.0f photos, %s, %s", pf_note_number(dataset, "photos"),
		pf_text_bytes(pf_note_number(dataset, "bytes"), bytes), cache_words(dataset));
	fprintf(stream, "; %.0f cores of ", pf_note_number(environment, "cores"));
	pf_note_print(stream, pf_note_text(environment, "cpu"));
	double rounds = pf_note_number(record, "rounds_done");
	fprintf(stream, " (machine %s); %.0f round%s, interleaved; ±: half of a 95 %% t-interval.\n", machine,
		rounds, rounds == 1 ? "" : "s");
}

static void print_caveat(void *context, pf_caveat caveat, const char *text)
{
	(void)caveat;
	FILE *stream = context;
	fputc('\n', stream);
	pf_note_print_gist(stream, text);
	fputc('\n', stream);
}

struct step {
	FILE *stream;
	const char *name;
};

static void print_step_caveat(void *context, pf_caveat caveat, const char *text)
{
	(void)caveat;
	const struct step *step = context;
	fputs("- ", step->stream);
	pf_note_print(step->stream, step->name);
	fputs(": ", step->stream);
	pf_note_print_gist(step->stream, text);
	fputc('\n', step->stream);
}

/* What is to be known of single steps, and how the scores of the others were compared. */
static void print_notes(const json_t *record, FILE *stream)
{
	size_t index, identical = 0;
	const json_t *variant;
	fputc('\n', stream);
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		struct step step = {stream, pf_note_text(variant, "name")};
		pf_caveats(record, variant, print_step_caveat, &step);
		identical += pf_export_identical(variant);
	}
	if (identical) {
		fprintf(stream,
			"\n"
			"Scores of %zu variant%s were compared with the reference's in every timed trial, bit by bit: "
			"identical.\n",
			identical, identical == 1 ? "" : "s");
	}
}

/* Why each verdict is what it is. */
static void print_reasons(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		const json_t *decision = json_object_get(variant, "decision");
		pf_keep keep = pf_keep_of(pf_note_text(decision, "verdict"));
		if (keep == PF_KEPT || keep == PF_REJECTED || keep == PF_NO_GAIN) {
			fputs("\n- ", stream);
			pf_note_print(stream, pf_note_text(variant, "name"));
			fprintf(stream, ", %s: ", pf_keep_name(keep));
			pf_note_print(stream, pf_note_text(decision, "reason"));
			fputc('.', stream);
		}
	}
	fputs(pf_export_decided(record) ? "\n" : "", stream);
}

/* "46.1 s ±0.8": the text of the tables with its own sign. */
static void print_time(const pf_interval *figure, FILE *stream)
{
	char text[PF_TEXT];
	const char *plus = strstr(pf_text_time(figure, text), "+-");
	if (plus) {
		fprintf(stream, "%.*s±%s", (int)(plus - text), text, plus + 2);
	} else {
		fputs(text, stream);
	}
}

static void print_row(const json_t *record, const json_t *variant, bool decided, FILE *stream)
{
	pf_interval figure;
	char text[PF_TEXT];
	double mean, photos = pf_note_number(json_object_get(record, "reference"), "photos_scored");
	bool ok = strcmp(pf_note_text(variant, "status"), "ok") == 0;
	fputs("| ", stream);
	pf_note_print(stream, pf_note_text(variant, "name"));
	fputs(" | ", stream);
	if (decided) {
		fprintf(stream, "%s | ", pf_export_verdict(variant));
	}
	if (!pf_export_timed(variant) || !pf_note_interval(variant, "wall_s", &figure)) {
		pf_note_print(stream, pf_note_text(variant, "status"));
		if (pf_note_text(variant, "reason")[0]) {
			fputs(": ", stream);
			pf_note_print(stream, pf_note_text(variant, "reason"));
		}
		fputs(" | | | | | | |\n", stream);
		return;
	}
	print_time(&figure, stream);
	fprintf(stream, ok && figure.mean > 0 ? " | %.2f | " : " | - | ", photos / figure.mean);
	bool has = ok && pf_note_interval(variant, "speedup_over_parent", &figure);
	fprintf(stream, "%s | ", has ? pf_text_gain(&figure, text) : "-");
	has = pf_export_over_baseline(record, variant, &figure);
	fprintf(stream, "%s | ", has ? pf_text_factor(&figure, text) : "-");
	has = pf_note_mean(variant, "first_result_ns", NULL, &mean);
	fprintf(stream, "%s | ", has ? pf_text_seconds(mean * 1e-9, text) : "-");
	has = pf_export_most(variant, "peak_rss_bytes", &mean);
	fprintf(stream, "%s | ", has ? pf_text_bytes(mean, text) : "-");
	fprintf(stream, "%s |\n", pf_export_identical(variant) ? "identical" : "-");
}

/* `verdict` is the comparison itself, or its part about CPU time. */
static void print_verdict(const json_t *comparison, const json_t *verdict, const char *what, FILE *stream)
{
	const char *word = pf_note_text(verdict, "word"), *withheld = pf_note_text(verdict, "withheld");
	pf_interval ratio, totals;
	if (!pf_note_interval(verdict, "ratio", &ratio)) {
		return;
	}
	bool undecided = strcmp(word, "undecided") == 0, equal = strcmp(word, "equivalent") == 0;
	fprintf(stream, "\n%s**%s", what, undecided ? "undecided between " : "");
	pf_note_print(stream, pf_note_text(comparison, "a"));
	fputs(undecided || equal ? " and " : " is ", stream);
	if (!undecided && !equal) {
		pf_note_print(stream, word);
		fputs(" than ", stream);
	}
	pf_note_print(stream, pf_note_text(comparison, "b"));
	fputs(equal ? " are equivalent" : "", stream);
	fprintf(stream, "**: %.3f times as long", ratio.mean);
	if (ratio.has_interval) {
		char low[PF_TEXT], high[PF_TEXT];
		fprintf(stream,
			" (geometric mean; %s to %s, %.0f %% t-interval of %.0f pairs; margin %.4g %%)",
			pf_text_bound(ratio.low, 3, low), pf_text_bound(ratio.high, 3, high),
			100 * ratio.level, pf_note_number(comparison, "pairs"),
			100 * pf_note_number(comparison, "margin"));
	}
	fputs(".\n", stream);
	if (withheld[0] && pf_note_interval(verdict, "ratio_totals", &totals)) {
		fprintf(stream,
			"\nNo verdict: the ratios of single rounds say %s, but the ratio of total times is %.3f.\n",
			withheld, totals.mean);
	}
}

static void print_comparison(const json_t *record, FILE *stream)
{
	const json_t *comparison = json_object_get(record, "comparison");
	print_verdict(comparison, comparison, "", stream);
	print_verdict(comparison, json_object_get(comparison, "cpu"), "CPU time: ", stream);
}

void pf_export_markdown(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	bool decided = pf_export_decided(record);
	print_heading(record, stream);
	pf_caveats(record, NULL, print_caveat, stream);
	print_comparison(record, stream);
	fprintf(stream,
		"\n"
		"| variant |%s time | photos/s | against its parent | against the baseline | first result | memory at "
		"most | scores |\n"
		"|:---|%s---:|---:|:---|---:|---:|---:|:---|\n",
		decided ? " verdict |" : "", decided ? ":---|" : "");
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		print_row(record, variant, decided, stream);
	}
	print_reasons(record, stream);
	print_notes(record, stream);
}
