#include "harness/export/export.h"

#include <math.h>
#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/export/export_parts.h"
#include "harness/record/caveats.h"
#include "harness/record/machine_id.h"
#include "harness/run/decision.h"
#include "harness/run/run.h"
#include "harness/scores/tolerance.h"
#include "harness/stats/words.h"
#include "photofinish/trace.h"

/* A label's value: backslash, quote and new line are escaped, other controls become "?". */
static void label(FILE *stream, const char *separator, const char *name, const char *value)
{
	fprintf(stream, "%s%s=\"", separator, name);
	for (const unsigned char *at = (const unsigned char *)value; *at;) {
		size_t control = *at == '\n' ? 0 : pf_plain_control(at);
		if (control) {
			fputc('?', stream);
			at += control;
		} else if (*at == '\n') {
			fputs("\\n", stream);
			at++;
		} else {
			if (*at == '"' || *at == '\\') {
				fputc('\\', stream);
			}
			fputc(*at++, stream);
		}
	}
	fputc('"', stream);
}

/* `unit` is the name's last word, or NULL. */
static void family(FILE *stream, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(stream, "# TYPE photofinish_%s %s\n", name, type);
	if (unit) {
		fprintf(stream, "# UNIT photofinish_%s %s\n", name, unit);
	}
	fprintf(stream, "# HELP photofinish_%s %s\n", name, help);
}

/* "photofinish_NAME{dataset=...,variant=...,workers=..." up to where further labels go. Series of approximate
 * steps bear a label that others lack. */
static void begin(FILE *stream, const char *name, const json_t *record, const json_t *variant)
{
	char workers[24], limits[PF_TOLERANCE_TEXT];
	snprintf(workers, sizeof workers, "%.0f", pf_note_number(variant, "workers"));
	fprintf(stream, "photofinish_%s", name);
	label(stream, "{", "dataset", pf_note_text(json_object_get(record, "dataset"), "name"));
	label(stream, ",", "variant", pf_note_text(variant, "name"));
	label(stream, ",", "workers", workers);
	if (pf_caveat_approximate(variant, limits, sizeof limits)[0]) {
		label(stream, ",", "scores", "approximate");
	}
}

static void end(FILE *stream, double value)
{
	fprintf(stream, "} %.17g\n", value);
}

static void interval(FILE *stream, const char *name, const json_t *record, const json_t *variant,
		     const char *against, const pf_interval *figure)
{
	static const char *const names[] = {"mean", "low", "high"};
	const double values[] = {figure->mean, figure->low, figure->high};
	for (int i = 0; i < (figure->has_interval ? 3 : 1); i++) {
		begin(stream, name, record, variant);
		if (against) {
			label(stream, ",", "against", against);
		}
		label(stream, ",", "statistic", names[i]);
		end(stream, values[i]);
	}
}

#define EACH_VARIANT(record, index, variant) \
	json_array_foreach(json_object_get(record, "variants"), index, variant)

static void print_times(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	pf_interval figure;
	family(stream, "wall_seconds", "gauge", "seconds",
	       "Wall time of a trial: mean of the checked ones, low and high ends of its 95 % t-interval.");
	EACH_VARIANT(record, index, variant)
	{
		if (pf_export_timed(variant) && pf_note_interval(variant, "wall_s", &figure)) {
			interval(stream, "wall_seconds", record, variant, NULL, &figure);
		}
	}
	family(stream, "speedup_ratio", "gauge", "ratio",
	       "How many times as fast as its parent, the baseline or the incumbent (the fastest kept before it), "
	       "paired by round: 95 % t-interval.");
	EACH_VARIANT(record, index, variant)
	{
		if (pf_export_timed(variant) && pf_note_interval(variant, "speedup_over_parent", &figure)) {
			interval(stream, "speedup_ratio", record, variant, "parent", &figure);
		}
		if (pf_export_over_baseline(record, variant, &figure)) {
			interval(stream, "speedup_ratio", record, variant, "baseline", &figure);
		}
		if (pf_export_timed(variant) && pf_export_over_incumbent(variant, &figure)) {
			interval(stream, "speedup_ratio", record, variant, "incumbent", &figure);
		}
	}
}

/* Means of checked trials, each a family. */
static void print_means(const json_t *record, FILE *stream)
{
	static const struct {
		const char *name, *unit, *key, *help;
		double scale;
	} means[] = {
		{"cpu_seconds", "seconds", "cpu_ns",
		 "User and system time of all processes of a trial, mean.", 1e-9},
		{"first_result_seconds", "seconds", "first_result_ns",
		 "Time until the first scored photo reached the harness, mean.", 1e-9},
		{"peak_memory_bytes", "bytes", "peak_rss_bytes",
		 "Sum of the peak resident sizes of a trial's processes (shared pages count in each), mean.",
		 1},
		{"moved_bytes", "bytes", "moved_bytes", "Bytes of photos sent between processes, mean.", 1},
	};
	for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
		size_t index;
		const json_t *variant;
		double mean;
		family(stream, means[i].name, "gauge", means[i].unit, means[i].help);
		EACH_VARIANT(record, index, variant)
		{
			if (pf_note_mean(variant, means[i].key, NULL, &mean)) {
				begin(stream, means[i].name, record, variant);
				end(stream, mean * means[i].scale);
			}
		}
	}
}

static void print_stages(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	double mean;
	family(stream, "stage_seconds", "gauge", "seconds",
	       "Time in a stage, summed over the workers of a trial, mean.");
	EACH_VARIANT(record, index, variant)
	{
		for (int i = 0; i < PF_STAGE_COUNT; i++) {
			const char *stage = pf_stage_name((pf_stage)i);
			if (pf_note_mean(variant, "stages", stage, &mean)) {
				begin(stream, "stage_seconds", record, variant);
				label(stream, ",", "stage", stage);
				end(stream, mean * 1e-9);
			}
		}
	}
}

/* Trials with a time, of the steps whose scores are approximate, or of the others. */
static void print_checked(const json_t *record, bool approximate, const char *name, const char *help,
			  FILE *stream)
{
	size_t index;
	const json_t *variant;
	family(stream, name, "gauge", NULL, help);
	EACH_VARIANT(record, index, variant)
	{
		size_t k, count = 0;
		const json_t *trial;
		json_array_foreach(json_object_get(variant, "trials"), k, trial)
		{
			bool own = json_is_object(json_object_get(trial, "tolerance"));
			count += pf_note_counts(variant, trial) == PF_COUNTS && own == approximate;
		}
		begin(stream, name, record, variant);
		end(stream, (double)count);
	}
}

/* One of all statuses holds. */
static void print_statuses(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	family(stream, "status", "stateset", NULL, "What became of the variant; see docs/formats.md.");
	EACH_VARIANT(record, index, variant)
	{
		for (int i = 0; i < PF_RUN_STATUS_COUNT; i++) {
			const char *name = pf_run_status_name((pf_run_status)i);
			begin(stream, "status", record, variant);
			label(stream, ",", "photofinish_status", name);
			end(stream, strcmp(name, pf_note_text(variant, "status")) == 0);
		}
	}
	print_checked(record, false, "checked_trials",
		      "Trials whose scores are the reference's, bit by bit, or that score nothing by design.",
		      stream);
	print_checked(record, true, "approximate_trials",
		      "Trials whose scores are within a stated tolerance of the reference's: not identical.",
		      stream);
}

/* One of all verdicts holds, of those variants that were decided on. */
static void print_verdicts(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	if (!pf_export_decided(record)) {
		return;
	}
	family(stream, "verdict", "stateset", NULL,
	       "What the journey decided on the variant; see docs/journey.md.");
	EACH_VARIANT(record, index, variant)
	{
		for (int i = 0; i < PF_KEEP_COUNT && pf_export_verdict(variant)[0]; i++) {
			const char *name = pf_keep_name((pf_keep)i);
			begin(stream, "verdict", record, variant);
			label(stream, ",", "photofinish_verdict", name);
			end(stream, strcmp(name, pf_export_verdict(variant)) == 0);
		}
	}
}

static void print_run(const json_t *record, FILE *stream)
{
	const json_t *environment = json_object_get(record, "environment"),
		     *dataset = json_object_get(record, "dataset");
	char machine[PF_MACHINE_ID + 1];
	pf_machine_id(environment, machine);
	family(stream, "run", "info", NULL, "The run that these figures are of.");
	fputs("photofinish_run_info", stream);
	label(stream, "{", "command", pf_note_text(record, "command"));
	label(stream, ",", "started", pf_note_text(record, "started"));
	label(stream, ",", "label", pf_note_text(record, "label"));
	label(stream, ",", "machine", machine);
	label(stream, ",", "cpu", pf_note_text(environment, "cpu"));
	label(stream, ",", "version", pf_note_text(environment, "version"));
	label(stream, ",", "dataset", pf_note_text(dataset, "name"));
	label(stream, ",", "dataset_hash", pf_note_text(dataset, "hash"));
	label(stream, ",", "cache", pf_note_text(dataset, "cache"));
	end(stream, 1);
	family(stream, "partial", "gauge", NULL, "1 if the run ended before all rounds were done.");
	fprintf(stream, "photofinish_partial %d\n", json_is_true(json_object_get(record, "partial")));
	family(stream, "rounds_done", "gauge", NULL, "Rounds in which every variant had its trial.");
	fprintf(stream, "photofinish_rounds_done %.0f\n", pf_note_number(record, "rounds_done"));
}

struct of {
	const json_t *record, *variant; /* variant: NULL for the run */
	FILE *stream;
};

static void print_caveat(void *context, pf_caveat caveat, const char *text)
{
	const struct of *of = context;
	if (of->variant) {
		begin(of->stream, "caveat", of->record, of->variant);
	} else {
		fputs("photofinish_caveat", of->stream);
		label(of->stream, "{", "dataset",
		      pf_note_text(json_object_get(of->record, "dataset"), "name"));
	}
	label(of->stream, ",", "kind", pf_caveat_name(caveat));
	label(of->stream, ",", "text", text);
	end(of->stream, 1);
}

/* Those of the run have no variant. */
static void print_caveats(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	struct of of = {.record = record, .stream = stream};
	family(stream, "caveat", "gauge", NULL,
	       "What has to be known before the figures of the run, or of a variant, are believed.");
	pf_caveats(record, NULL, print_caveat, &of);
	EACH_VARIANT(record, index, variant)
	{
		of.variant = variant;
		pf_caveats(record, variant, print_caveat, &of);
	}
}

static void begin_comparison(const char *name, const json_t *comparison, const char *by, FILE *stream)
{
	fprintf(stream, "photofinish_%s", name);
	label(stream, "{", "of", pf_note_text(comparison, "a"));
	label(stream, ",", "to", pf_note_text(comparison, "b"));
	label(stream, ",", "by", by);
}

/* Verdicts by wall and by CPU time: one of all words holds. */
static void print_comparison(const json_t *record, FILE *stream)
{
	static const char *const by[] = {"wall", "cpu"};
	const json_t *comparison = json_object_get(record, "comparison");
	const json_t *verdicts[] = {comparison, json_object_get(comparison, "cpu")};
	pf_interval ratio;
	if (!pf_note_interval(comparison, "ratio", &ratio)) {
		return;
	}
	family(stream, "comparison_verdict", "stateset", NULL,
	       "What the first variant is against the second.");
	for (size_t i = 0; i < 2; i++) {
		for (int word = 0; word < PF_WORD_COUNT && json_is_object(verdicts[i]); word++) {
			const char *name = pf_word_name((pf_word)word);
			begin_comparison("comparison_verdict", comparison, by[i], stream);
			label(stream, ",", "photofinish_comparison_verdict", name);
			end(stream, strcmp(name, pf_note_text(verdicts[i], "word")) == 0);
		}
	}
	family(stream, "comparison_ratio", "gauge", NULL,
	       "Geometric mean of the ratios of times, paired by round.");
	for (size_t i = 0; i < 2; i++) {
		if (pf_note_interval(verdicts[i], "ratio", &ratio)) {
			begin_comparison("comparison_ratio", comparison, by[i], stream);
			end(stream, ratio.mean);
		}
	}
}

void pf_export_openmetrics(const json_t *record, FILE *stream)
{
	print_run(record, stream);
	print_caveats(record, stream);
	print_statuses(record, stream);
	print_verdicts(record, stream);
	print_times(record, stream);
	print_means(record, stream);
	print_stages(record, stream);
	print_comparison(record, stream);
	fputs("# EOF\n", stream);
}
