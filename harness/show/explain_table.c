#include "harness/show/explain_table.h"

#include <string.h>

#include "harness/base/text.h"

enum { COLUMNS = 6, LEAST_COLUMNS = 80 };

static void print_stages(const pf_explanation *own, int columns, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, true};
	static const char *const heads[COLUMNS] = {"stage",   "of all workers", "critical path",
						   "by main", "at half",        "at none"};
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < own->stage_count; i++) {
		const pf_explained_stage *one = &own->stages[i];
		char time[PF_TEXT], path[PF_TEXT], main[PF_TEXT], half[PF_TEXT], none[PF_TEXT];
		pf_text_seconds(one->own_s, time);
		snprintf(path, sizeof path, "%.1f %%", 100 * one->path_share);
		snprintf(main, sizeof main, "%.0f %%", 100 * one->main_share);
		snprintf(half, sizeof half, "%.2fx", one->half);
		snprintf(none, sizeof none, "%.2fx", one->none);
		const char *cells[COLUMNS] = {pf_stage_name(one->stage), time, path, main, half, none};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	char text[300];
	snprintf(
		text, sizeof text,
		"At half, at none: how many times as fast the whole run would be at most, if the stage took half of its "
		"time or none, %s.",
		own->replayed ? "by replaying its spans" : "by its part of the critical path");
	pf_text_wrap(stream, text, columns, 0, 0);
}

static void print_idle(const pf_explanation *own, FILE *stream)
{
	const struct {
		const char *what;
		double share;
	} parts[] = {{"working", own->busy},
		     {"others ran on its core", own->others_ran},
		     {"blocked in a stage (storage, locks)", own->blocked},
		     {"waiting for other workers or the loader", own->starved},
		     {"between stages", own->between},
		     {"not begun yet", own->not_begun},
		     {"finished early", own->finished}};
	static const bool right[2] = {true, false};
	pf_table *table = pf_table_create(2, right);
	pf_text_say(stream, "\nThe time of %s:\n",
		    own->has_workers ? "its workers, from the trial's begin to its end" : "its process");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char share[PF_TEXT];
		snprintf(share, sizeof share, "%.1f %%", 100 * parts[i].share);
		const char *cells[] = {share, parts[i].what};
		pf_table_row(table, cells, 2);
	}
	pf_table_print(table, stream, "  ");
	pf_table_free(table);
}

/* What Amdahl's law leaves: the stages of the variant's own process are serial, those of the workers are not.
 */
static void print_serial(const pf_explanation *own, int columns, FILE *stream)
{
	char text[400], time[PF_TEXT];
	double work = own->serial_s + own->parallel_s, n = own->workers;
	if (!own->has_workers) {
		snprintf(text, sizeof text,
			 "All of it is serial: one process. More workers need another variant.");
	} else {
		snprintf(
			text, sizeof text,
			"Serial: %s in main of %.1f %% of all work. With %u workers that allows %.2f times the speed of one "
			"(Amdahl), with any number %.1f; it has %.2f of them busy on average.",
			pf_text_seconds(own->serial_s, time), work > 0 ? 100 * own->serial_s / work : 0,
			own->workers, work > 0 ? work / (own->serial_s + own->parallel_s / n) : 0,
			own->serial_s > 0 ? work / own->serial_s : 0, work / own->wall_s);
	}
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
}

static void add_share(char *text, size_t room, const char *what, double share)
{
	size_t used = strlen(text);
	if (share > 0) {
		snprintf(text + used, room - used, "%s%s %.0f %%", used ? ", " : "", what, 100 * share);
	}
}

static void print_limits(const pf_explanation *own, int columns, FILE *stream)
{
	const pf_explained_limits *limits = &own->limits;
	char text[700], shares[300] = "", other[100] = "";
	if (!(limits->photos_per_s > 0)) {
		return;
	}
	bool own_decoder = limits->own_decoder && limits->own_photos_per_s > 0;
	const char *decoders[] = {"libjpeg-turbo", "our own decoder"};
	double alone[] = {limits->photos_per_s, limits->own_photos_per_s};
	add_share(shares, sizeof shares, "decode", limits->decode);
	add_share(shares, sizeof shares, "pose network", limits->network);
	add_share(shares, sizeof shares, "whole run", own_decoder ? limits->run_of_own : limits->run);
	if (alone[!own_decoder] > 0) {
		snprintf(other, sizeof other, " (%s %.1f)", decoders[!own_decoder], alone[!own_decoder]);
	}
	if (limits->reduced) {
		snprintf(
			text, sizeof text,
			"Of the limit: %s%s%zu of the photos are decoded at a reduced size, by our own decoder; the "
			"limits of decoding are of whole photos, and say nothing of that.",
			shares, shares[0] ? ". " : "", limits->reduced);
	} else {
		snprintf(text, sizeof text,
			 "Of the limit: %s. %s alone decodes %.1f photos/s here on all cores%s.", shares,
			 own_decoder ? "Our own decoder" : "libjpeg-turbo", alone[own_decoder], other);
	}
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
	if (!(limits->network > 0)) {
		return;
	}
	int used = snprintf(
		text, sizeof text,
		"Roofline: the pose network does %.0f of the %.0f G%s/s of a core (%s), by counted multiply-adds.",
		limits->network_gflops, limits->peak_gflops, strncmp(limits->peak, "int", 3) ? "FLOP" : "OP",
		limits->peak);
	if (limits->roof_gflops > 0) {
		snprintf(
			text + used, sizeof text - (size_t)used,
			" At its %.0f operations a byte (computed, not counted: as if every layer went to memory) memory "
			"gives %.1f GB/s, and the roof is %.0f GFLOP/s: %s.",
			limits->intensity, limits->memory_gb_per_s, limits->roof_gflops,
			limits->roof_gflops < limits->peak_gflops ? "memory" : "arithmetic");
	}
	pf_text_wrap(stream, text, columns, 0, 0);
}

static void print_what_if(const pf_explanation *own, int columns, FILE *stream)
{
	char text[500], gain[PF_TEXT];
	int used = snprintf(text, sizeof text, "What if");
	if (!own->asked) {
		return;
	}
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		if (own->what_if_factors[i] != 1 && used < (int)sizeof text - 100) {
			used += snprintf(text + used, sizeof text - (size_t)used,
					 " %s took %.4g of its time,", pf_stage_name((pf_stage)i),
					 own->what_if_factors[i]);
		}
	}
	snprintf(text + used, sizeof text - (size_t)used, " the run would be %s%s as fast, by %s.",
		 own->replayed ? "" : "at most ", pf_text_factor(&own->what_if, gain),
		 own->replayed ? "replay of its spans" : "the critical path");
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
}

void pf_explain_print(const pf_explanation *own, FILE *stream)
{
	char sentence[400], time[PF_TEXT];
	int columns = pf_text_columns(fileno(stream));
	columns = columns ? columns : LEAST_COLUMNS;
	pf_text_wrap(stream, pf_explain_sentence(own, sentence), columns, 0, 0);
	pf_text_say(stream, "\n%s: %llu photos in %s, %zu trial%s\n\n", own->label,
		    (unsigned long long)own->photos, pf_text_seconds(own->wall_s, time), own->trials,
		    own->trials > 1 ? "s, the median one" : "");
	if (own->preset) {
		char paths[PF_PATHS_TEXT];
		pf_text_say(stream, "Preset %s: %s.\n\n", pf_preset_plan_of(own->preset)->name,
			    pf_paths_text(&own->paths, paths));
	}
	print_stages(own, columns, stream);
	print_idle(own, stream);
	print_serial(own, columns, stream);
	print_limits(own, columns, stream);
	print_what_if(own, columns, stream);
}
