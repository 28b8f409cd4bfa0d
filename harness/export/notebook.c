#include "harness/export/notebook.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/claims/claims.h"
#include "harness/export/export_parts.h"
#include "harness/record/caveats.h"
#include "harness/record/notebook_parts.h"
#include "harness/run/run.h"
#include "harness/scores/tolerance.h"
#include "photofinish/trace.h"

static void row(FILE *stream, const char *label, const char *text)
{
	fprintf(stream, "| %s | ", label);
	pf_note_print(stream, text);
	fprintf(stream, " |\n");
}

static void print_machine(const json_t *record, FILE *stream)
{
	const json_t *machine = json_object_get(record, "environment");
	char text[1200], bytes[PF_TEXT];
	snprintf(text, sizeof text, "%.200s, %.0f cores (%.0f processors), %s memory, hypervisor: %.20s",
		 pf_note_text(machine, "cpu"), pf_note_number(machine, "cores"),
		 pf_note_number(machine, "processors"),
		 pf_text_bytes(pf_note_number(machine, "memory_bytes"), bytes),
		 pf_note_text(machine, "hypervisor"));
	row(stream, "machine", text);
	snprintf(text, sizeof text, "%.200s, %.200s, %.200s", pf_note_text(machine, "kernel"),
		 pf_note_text(machine, "libc"), pf_note_text(machine, "compiler"));
	row(stream, "system", text);
	snprintf(text, sizeof text, "photofinish %.60s (%.60s build), %.600s",
		 pf_note_text(machine, "version"), pf_note_text(machine, "build_type"),
		 pf_note_text(machine, "engine"));
	row(stream, "engine", text);
	const json_t *placement = json_object_get(record, "placement");
	if (pf_note_text(placement, "kind")[0]) {
		snprintf(text, sizeof text, "%.40s, of processors %.200s", pf_note_text(placement, "kind"),
			 pf_note_text(placement, "allowed"));
		row(stream, "workers bound to", text);
	}
}

static void print_caveat(void *context, pf_caveat caveat, const char *text)
{
	(void)caveat;
	FILE *stream = context;
	fputc('\n', stream);
	pf_note_print_gist(stream, text);
	fputc('\n', stream);
}

static void print_setting(const json_t *record, FILE *stream)
{
	const json_t *dataset = json_object_get(record, "dataset"),
		     *reference = json_object_get(record, "reference");
	char text[1200], bytes[PF_TEXT];
	fprintf(stream, "# The journey over ");
	pf_note_print(stream, pf_note_text(dataset, "name"));
	fprintf(stream,
		"\n\nA lab notebook, written by photofinish from the record of a run.\n\n| | |\n|---|---|\n");
	row(stream, "run", pf_note_text(record, "started"));
	print_machine(record, stream);
	snprintf(text, sizeof text, "%.300s: %.0f photos, %s, cache %.20s, hash %.64s",
		 pf_note_text(dataset, "name"), pf_note_number(dataset, "photos"),
		 pf_text_bytes(pf_note_number(dataset, "bytes"), bytes), pf_note_text(dataset, "cache"),
		 pf_note_text(dataset, "hash"));
	row(stream, "dataset", text);
	snprintf(text, sizeof text,
		 "%.0f photos scored, %.0f could not be; scores of trials are compared with it",
		 pf_note_number(reference, "photos_scored"), pf_note_number(reference, "photos_failed"));
	row(stream, "reference", text);
	snprintf(text, sizeof text, "%.0f of %.0f, interleaved, seed %.24s; intervals at 95 %%, Student's t",
		 pf_note_number(record, "rounds_done"), pf_note_number(record, "rounds"),
		 pf_note_text(record, "seed"));
	row(stream, "rounds", text);
	pf_caveats(record, NULL, print_caveat, stream);
}

/* "parallel: -40 % (-42 to -38) slower" */
static void print_against_incumbent(const json_t *variant, FILE *stream)
{
	pf_interval speedup;
	char text[PF_TEXT];
	if (!pf_export_over_incumbent(variant, &speedup)) {
		fputc('-', stream);
		return;
	}
	pf_note_print(stream, pf_note_text(json_object_get(variant, "decision"), "incumbent"));
	fprintf(stream, ": %s", pf_text_gain(&speedup, text));
}

static void print_overview(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	fprintf(stream,
		"\n"
		"## In short\n"
		"\n"
		"| step | verdict | time | against the best before it | against its parent | against the baseline |\n"
		"|---|---|---|---|---|---|\n");
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		char why[PF_DECISION_TEXT], limits[PF_TOLERANCE_TEXT];
		char time[PF_TEXT] = "-", gain[PF_TEXT] = "-", factor[PF_TEXT] = "-";
		pf_interval figure;
		if (pf_note_interval(variant, "wall_s", &figure)) {
			pf_text_time(&figure, time);
		}
		if (pf_note_interval(variant, "speedup_over_parent", &figure)) {
			pf_text_gain(&figure, gain);
		}
		if (pf_note_text(variant, "parent")[0] &&
		    pf_note_interval(variant, "speedup_over_baseline", &figure)) {
			pf_text_factor(&figure, factor);
		}
		fprintf(stream, "| ");
		pf_note_print(stream, pf_note_text(variant, "name"));
		bool approximate = pf_caveat_approximate(variant, limits, sizeof limits)[0];
		fprintf(stream, " | %s%s | %s | ", pf_note_verdict(variant, why, sizeof why),
			approximate ? " (approximate)" : "", time);
		print_against_incumbent(variant, stream);
		fprintf(stream, " | %s | %s |\n", gain, factor);
	}
}

/* "227 MB, 2.03x" */
static void print_memory(const json_t *variant, const json_t *parent, FILE *stream)
{
	double own, other;
	char text[PF_TEXT];
	if (!pf_note_mean(variant, "peak_rss_bytes", NULL, &own)) {
		fprintf(stream, "-");
		return;
	}
	fprintf(stream, "%s", pf_text_bytes(own, text));
	if (parent && pf_note_mean(parent, "peak_rss_bytes", NULL, &other) && other > 0) {
		fprintf(stream, ", %.2fx", own / other);
	}
}

/* What became of the scores, by the trials that were compared with the reference. */
static void print_scores(const json_t *variant, FILE *stream)
{
	char limits[PF_TOLERANCE_TEXT];
	const char *status = pf_note_text(variant, "status");
	if (strcmp(status, "wrong_output") == 0) {
		fprintf(stream, "wrong: no time for it");
	} else if (strcmp(status, "ok") != 0) {
		fprintf(stream, "not compared");
	} else if (pf_caveat_approximate(variant, limits, sizeof limits)[0]) {
		fprintf(stream, "within ");
		pf_note_print(stream, limits);
	} else {
		fprintf(stream, "the same bits");
	}
}

/* One row a step that changes another one: its gain in time and in memory, and its effect on scores. */
static void print_gains(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	bool any = false;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		const char *name = pf_note_text(variant, "parent");
		const json_t *parent = name[0] ? pf_note_variant(record, name) : NULL;
		char gain[PF_TEXT] = "-";
		pf_interval figure;
		if (!parent) {
			continue;
		}
		if (!any) {
			fprintf(stream,
				"\n"
				"## What each technique gains\n"
				"\n"
				"Against the step that it changes: time, memory (the sum of its processes' "
				"peaks, the mean of the trials), scores.\n"
				"\n"
				"| technique | instead of | time | memory | scores |\n"
				"|---|---|---|---|---|\n");
			any = true;
		}
		if (pf_note_interval(variant, "speedup_over_parent", &figure)) {
			pf_text_gain(&figure, gain);
		}
		fprintf(stream, "| ");
		pf_note_print(stream, pf_note_text(variant, "name"));
		fprintf(stream, " | ");
		pf_note_print(stream, name);
		fprintf(stream, " | %s | ", gain);
		print_memory(variant, parent, stream);
		fprintf(stream, " | ");
		print_scores(variant, stream);
		fprintf(stream, " |\n");
	}
}

/* One row a step that has times, one column a stage that any of them has. */
static void print_stages(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant, *variants = json_object_get(record, "variants");
	double photos = pf_note_number(json_object_get(record, "dataset"), "photos"), mean;
	bool any[PF_STAGE_COUNT] = {false};
	if (photos < 1) {
		return;
	}
	json_array_foreach(variants, index, variant)
	{
		for (int i = 0; i < PF_STAGE_COUNT; i++) {
			any[i] = any[i] || pf_note_mean(variant, "stages", pf_stage_name((pf_stage)i), &mean);
		}
	}
	fprintf(stream, "\n"
			"## Where the time goes\n"
			"\n"
			"Milliseconds a photo in each stage, summed over the workers.\n"
			"\n"
			"| step |");
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		fprintf(stream, any[i] ? " %s |" : "%.0s", pf_stage_name((pf_stage)i));
	}
	fprintf(stream, "\n|---|");
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		fprintf(stream, "%s", any[i] ? "---:|" : "");
	}
	fputc('\n', stream);
	json_array_foreach(variants, index, variant)
	{
		if (strcmp(pf_note_text(variant, "status"), "ok") != 0) {
			continue;
		}
		fprintf(stream, "| ");
		pf_note_print(stream, pf_note_text(variant, "name"));
		fprintf(stream, " |");
		for (int i = 0; i < PF_STAGE_COUNT; i++) {
			if (any[i] && pf_note_mean(variant, "stages", pf_stage_name((pf_stage)i), &mean)) {
				fprintf(stream, " %.2f |", mean * 1e-6 / photos);
			} else if (any[i]) {
				fprintf(stream, " - |");
			}
		}
		fputc('\n', stream);
	}
}

/* The baseline's time in the parts of the case study: sums of the stages over the wall time. */
static void print_shares(const json_t *record, FILE *stream)
{
	static const pf_stage stages[PF_PART_OVERHEAD][2] = {{PF_STAGE_READ, PF_STAGE_DECODE},
							     {PF_STAGE_POSE, PF_STAGE_FACES},
							     {PF_STAGE_QUALITY, PF_STAGE_QUALITY}};
	size_t index;
	const json_t *variant, *baseline = NULL;
	double wall, rest = 1;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		bool own = !pf_note_text(variant, "parent")[0] &&
			   strcmp(pf_note_text(variant, "status"), "ok") == 0 &&
			   !json_is_object(json_object_get(variant, "outside"));
		baseline = baseline || !own ? baseline : variant;
	}
	if (!baseline || !pf_note_mean(baseline, "wall_ns", NULL, &wall) || wall <= 0) {
		return;
	}
	fprintf(stream, "\n| share of ");
	pf_note_print(stream, pf_note_text(baseline, "name"));
	fprintf(stream, "'s time | here | published |\n|---|---:|---:|\n");
	for (int part = 0; part < PF_PART_COUNT; part++) {
		double share = 0;
		for (int i = 0; i < 2 && part < PF_PART_OVERHEAD; i++) {
			double mean = 0;
			bool twice = i == 1 && stages[part][0] == stages[part][1];
			pf_note_mean(baseline, "stages", pf_stage_name(stages[part][i]), &mean);
			share += twice ? 0 : mean / wall;
		}
		share = part < PF_PART_OVERHEAD ? share : rest;
		rest -= share;
		fprintf(stream, "| %s | %.1f %% | %.0f %% |\n", pf_part_names[part], 100 * share,
			100 * pf_published_shares[part]);
	}
}

/* A claim's figure, a ratio or a share. */
static void claim_figure(FILE *stream, const json_t *claim, const char *key)
{
	bool share = strcmp(pf_note_text(claim, "unit"), "share") == 0;
	double value = pf_note_number(claim, key);
	if (!json_is_number(json_object_get(claim, key))) {
		fprintf(stream, "-");
	} else {
		fprintf(stream, share ? "%.0f %%" : "%.2fx", share ? 100 * value : value);
	}
}

static void print_claims(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *claim, *claims = json_object_get(record, "claims");
	if (!json_array_size(claims)) {
		return;
	}
	fprintf(stream, "\n"
			"## The claims of the case study\n"
			"\n"
			"| claim | published | measured | interval | verdict | why |\n"
			"|---|---|---|---|---|---|\n");
	json_array_foreach(claims, index, claim)
	{
		fprintf(stream, "| ");
		pf_note_print(stream, pf_note_text(claim, "id"));
		fprintf(stream, ": ");
		pf_note_print(stream, pf_note_text(claim, "statement"));
		fprintf(stream, " | ");
		claim_figure(stream, claim, "published");
		fprintf(stream, " | ");
		claim_figure(stream, claim, "measured");
		fprintf(stream, " | ");
		claim_figure(stream, claim, "low");
		if (json_is_number(json_object_get(claim, "low"))) {
			fprintf(stream, " to ");
			claim_figure(stream, claim, "high");
		}
		fprintf(stream, " | ");
		pf_note_print(stream, pf_note_text(claim, "verdict"));
		fprintf(stream, " | ");
		pf_note_print(stream, pf_note_text(claim, "why"));
		fprintf(stream, " |\n");
	}
}

static void print_projections(const json_t *goal, FILE *stream)
{
	size_t index;
	const json_t *step;
	bool priced = json_is_number(json_object_get(goal, "price_per_hour"));
	fprintf(stream,
		"| step | hours | goal | events a week | CPU s a photo |%s\n|---|---|---|---:|---:|%s\n",
		priced ? " cost |" : "", priced ? "---:|" : "");
	json_array_foreach(json_object_get(goal, "steps"), index, step)
	{
		pf_interval seconds;
		fprintf(stream, "| ");
		pf_note_print(stream, pf_note_text(step, "name"));
		fprintf(stream, " | ");
		if (pf_note_interval(step, "seconds", &seconds)) {
			fprintf(stream, "%.3g", seconds.mean / 3600);
			if (seconds.has_interval) {
				fprintf(stream, " (%.3g to %.3g)", seconds.low / 3600, seconds.high / 3600);
			}
		}
		fprintf(stream, " | ");
		pf_note_print(stream, pf_note_text(step, "word"));
		fprintf(stream, " | %.3g | %.3g |", pf_note_number(step, "events_a_week"),
			pf_note_number(step, "cpu_s_a_photo"));
		if (priced) {
			fprintf(stream, " %.2f |", pf_note_number(step, "cost"));
		}
		fputc('\n', stream);
	}
}

static void print_goal(const json_t *record, FILE *stream)
{
	const json_t *goal = json_object_get(record, "goal");
	char time[PF_TEXT], bytes[PF_TEXT], published[PF_TEXT];
	if (!json_is_object(goal)) {
		return;
	}
	fprintf(stream,
		"\n"
		"## The goal\n"
		"\n"
		"%.0f photos in %s. A projection: to photos like these (%s each; the case study's have %s), "
		"on this machine.\n"
		"\n",
		pf_note_number(goal, "photos"), pf_text_seconds(pf_note_number(goal, "seconds"), time),
		pf_text_bytes(pf_note_number(goal, "bytes_a_photo"), bytes),
		pf_text_bytes(pf_note_number(goal, "published_bytes_a_photo"), published));
	print_projections(goal, stream);
	const char *first = pf_note_text(goal, "first_met");
	fputc('\n', stream);
	pf_note_print(stream, first[0] ? first : "No step");
	fprintf(stream, first[0] ? " is the first step that meets it with its whole interval.\n"
				 : " meets it with its whole interval.\n");
}

void pf_notebook_print(const json_t *record, FILE *stream)
{
	print_setting(record, stream);
	print_overview(record, stream);
	print_gains(record, stream);
	pf_note_steps(record, stream);
	print_stages(record, stream);
	print_shares(record, stream);
	print_claims(record, stream);
	print_goal(record, stream);
}
