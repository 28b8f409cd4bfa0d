#include "harness/export/export.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/export/export_parts.h"
#include "harness/record/machine_id.h"

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

/* What a reader has to know before believing the figures. */
static void print_warnings(const json_t *record, FILE *stream)
{
	const json_t *environment = json_object_get(record, "environment"),
		     *stages = json_object_get(json_object_get(record, "configuration"), "stages");
	if (json_is_true(json_object_get(record, "partial"))) {
		fputs("\n**PARTIAL**: the run ended before all rounds were done.\n", stream);
	}
	if (pf_note_text(environment, "sanitizers")[0] ||
	    strcmp(pf_note_text(environment, "build_type"), "Debug") == 0) {
		fputs("\n**NOT FOR TIMING**: built with sanitizers or without optimisation.\n", stream);
	}
	if (json_is_array(stages) && json_array_size(stages) < 5) {
		fputs("\n**ONLY PART OF THE JOB**: stages were left out.\n", stream);
	}
	size_t all, tagged = pf_note_tagged(record, &all);
	if (tagged) {
		fprintf(stream,
			"\n"
			"**This machine was busy**: %zu of %zu trials are tagged as disturbed; "
			"times are too long by what others took.\n",
			tagged, all);
	}
	if (json_is_true(json_object_get(record, "profiled"))) {
		fputs("\n**PROFILED**: times carry what reading counters took.\n", stream);
	}
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

static void print_row(const json_t *record, const json_t *variant, FILE *stream)
{
	pf_interval figure;
	char text[PF_TEXT];
	double mean, photos = pf_note_number(json_object_get(record, "reference"), "photos_scored");
	bool ok = strcmp(pf_note_text(variant, "status"), "ok") == 0;
	fputs("| ", stream);
	pf_note_print(stream, pf_note_text(variant, "name"));
	fputs(" | ", stream);
	if (!pf_export_timed(variant) || !pf_note_interval(variant, "wall_s", &figure)) {
		pf_note_print(stream, pf_note_text(variant, "status"));
		if (pf_note_text(variant, "reason")[0]) {
			fputs(": ", stream);
			pf_note_print(stream, pf_note_text(variant, "reason"));
		}
		fputs(" | | | | | |\n", stream);
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
	fprintf(stream, "%s |\n", has ? pf_text_bytes(mean, text) : "-");
}

static void print_comparison(const json_t *record, FILE *stream)
{
	const json_t *comparison = json_object_get(record, "comparison");
	const char *word = pf_note_text(comparison, "word");
	pf_interval ratio;
	if (!pf_note_interval(comparison, "ratio", &ratio)) {
		return;
	}
	bool undecided = strcmp(word, "undecided") == 0, equal = strcmp(word, "equivalent") == 0;
	fputs(undecided ? "\n**undecided between " : "\n**", stream);
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
		fprintf(stream, " (%.3f to %.3f, %.0f %% t-interval of %.0f pairs; margin %.4g %%)",
			ratio.low, ratio.high, 100 * ratio.level, pf_note_number(comparison, "pairs"),
			100 * pf_note_number(comparison, "margin"));
	}
	fputs(".\n", stream);
}

void pf_export_markdown(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	print_heading(record, stream);
	print_warnings(record, stream);
	print_comparison(record, stream);
	fputs("\n"
	      "| step | time | photos/s | against its parent | against the baseline | first result | memory at "
	      "most |\n"
	      "|:---|---:|---:|:---|---:|---:|---:|\n",
	      stream);
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		print_row(record, variant, stream);
	}
	fputs("\nEvery timed trial's scores were compared with the reference.\n", stream);
}
