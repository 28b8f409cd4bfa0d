#include "harness/show/memory_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/show/allocation_table.h"
#include "harness/show/run_table.h"

enum {
	SPARKLINE = 24,
	SHOWN_PROCESSES = 9,
	WIDE = 10,
	NARROW = 6,
	WIDE_BYTES = 7,
	NARROW_BYTES = 5,
	LEAST_WIDTH = 120
};

const char *pf_memory_head(const pf_run *run)
{
	return run->memory && run->memory->sample ? "peak PSS" : "memory at most";
}

void pf_memory_cell(const pf_run *run, const pf_contestant *contestant, char *out)
{
	uint64_t sampled = pf_memory_peak_pss(run, contestant), bound = pf_run_most_memory(contestant);
	bool wanted = run->memory && run->memory->sample;
	char bytes[PF_TEXT];
	if (sampled || bound) {
		pf_text_bytes((double)(sampled ? sampled : bound), bytes);
		snprintf(out, PF_TEXT, "%s%s", wanted && !sampled ? "<= " : "", bytes);
	}
}

void pf_memory_sparkline(const pf_memory_series *series, const pf_memory_process *process, int width,
			 char *out)
{
	static const char levels[] = ".:-=+*%#";
	enum { STEPS = sizeof levels - 2, MOST = 128 };
	uint64_t most = process ? process->peak.pss : series->peak.all.pss, most_in[MOST] = {0};
	uint64_t end = series->point_count ? series->points[series->point_count - 1].at_ns : 0;
	bool looked[MOST] = {false};
	width = width < MOST ? width : MOST;
	for (size_t i = 0; i < series->point_count && end; i++) {
		uint64_t pss = process ? process->pss[i] : series->points[i].all.pss;
		size_t at = (size_t)((double)series->points[i].at_ns / (double)end * width);
		at = at < (size_t)width ? at : (size_t)width - 1;
		looked[at] = true;
		if (pss != PF_MEMORY_ABSENT && pss > most_in[at]) {
			most_in[at] = pss;
		}
	}
	for (int i = 0; i < width; i++) {
		if (!looked[i] && i > 0) { /* nobody looked: as it was before */
			most_in[i] = most_in[i - 1];
		}
		double share = most ? (double)most_in[i] / (double)most : 0;
		int level = (int)(share * STEPS + 0.5);
		out[i] = most_in[i] ? levels[level < STEPS ? level : STEPS] : ' ';
	}
	out[width] = '\0';
}

static void process_name(uint32_t slot, char *out, size_t capacity)
{
	if (slot == PF_NO_SLOT) {
		snprintf(out, capacity, "other");
	} else if (slot == PF_HARNESS_SLOT) {
		snprintf(out, capacity, "harness");
	} else if (slot == 0) {
		snprintf(out, capacity, "main");
	} else {
		snprintf(out, capacity, "worker %u", slot);
	}
}

static char *bytes_or_dash(uint64_t bytes, bool known, char *out)
{
	if (known) {
		return pf_text_bytes((double)bytes, out);
	}
	strcpy(out, "-");
	return out;
}

/* One process, or all together; `bound` is the sum of the kernel's peaks, 0 where that is none. */
static void row(pf_table *table, bool narrow, const char *label, const pf_trial *trial,
		const pf_memory_process *process, uint64_t bound)
{
	const pf_memory_series *series = trial->found[PF_PROBE_memory];
	const pf_smaps *peak = process ? &process->peak : &series->peak.all;
	char name[32] = "all", pss[PF_TEXT], shared[PF_TEXT], own[PF_TEXT], rss[PF_TEXT], most[PF_TEXT] = "",
	     samples[32], cost[32] = "", line[SPARKLINE + 1];
	if (process) {
		process_name(process->slot, name, sizeof name);
	} else {
		bytes_or_dash(bound, bound > 0, most);
		snprintf(cost, sizeof cost, "%.1f %%",
			 100 * (double)series->cost_ns / (double)(trial->wall_ns ? trial->wall_ns : 1));
	}
	pf_text_bytes((double)peak->pss, pss);
	bytes_or_dash(peak->shared, peak->shared != UINT64_MAX, shared);
	pf_text_bytes((double)peak->own, own);
	pf_text_bytes((double)peak->rss, rss);
	snprintf(samples, sizeof samples, "%u", process ? process->samples : series->samples);
	pf_memory_sparkline(series, process, SPARKLINE, line);
	const char *wide_cells[WIDE] = {label, name, pss, shared, own, rss, most, samples, cost, line};
	const char *narrow_cells[NARROW] = {label, name, pss, shared, rss, most};
	pf_table_row(table, narrow ? narrow_cells : wide_cells, narrow ? NARROW : WIDE);
}

static void print_sampled(const pf_run *run, int columns, FILE *stream)
{
	static const bool right[WIDE] = {false, false, true, true, true, true, true, true, true, false};
	static const char *const heads[WIDE] = {"variant", "process", "peak PSS", "shared", "own",
						"RSS",     "at most", "samples",  "cost",   "over its time"},
				 *const heads_narrow[NARROW] = {"variant", "process", "peak PSS",
								"shared",  "RSS",     "at most"};
	bool narrow = columns && columns < LEAST_WIDTH;
	pf_table *table = pf_table_create(narrow ? NARROW : WIDE, right);
	fputc('\n', stream);
	pf_text_wrap(
		stream,
		"Memory, each variant in a trial of its own after the rounds: profiled, not timed. "
		"PSS: a page that n processes map counts as 1/n in each of them; shared: of it in shared memory; "
		"own: no other process maps it. Peaks between samples are missed. "
		"At most: the sum of the kernel's peaks, in which shared pages count in each process.",
		columns ? columns : LEAST_WIDTH, 0, 0);
	pf_table_row(table, narrow ? heads_narrow : heads, narrow ? NARROW : WIDE);
	for (size_t i = 0; i < run->memory->step_count; i++) {
		const pf_step_memory *step = &run->memory->steps[i];
		char label[192];
		if (!step->sampled) {
			continue;
		}
		const pf_memory_series *series = step->sampling.found[PF_PROBE_memory];
		pf_run_label(&run->contestants[i], label, sizeof label);
		/* Nobody asks a command's own processes for their peaks. */
		bool command = run->contestants[i].variant->caps & PF_CAP_COMMAND;
		row(table, narrow, label, &step->sampling, NULL, command ? 0 : step->sampling.peak_rss_bytes);
		for (size_t k = 0; k < series->process_count && series->process_count > 1; k++) {
			if (k < SHOWN_PROCESSES) {
				row(table, narrow, "", &step->sampling, &series->processes[k], 0);
			}
		}
		if (series->process_count > SHOWN_PROCESSES) {
			char more[64];
			snprintf(more, sizeof more, "and %zu more: all are in the record (--json)",
				 series->process_count - SHOWN_PROCESSES);
			const char *cells[] = {"", more};
			pf_table_row(table, cells, 2);
		}
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

/* Who sent how much to whom. */
static void print_hops(const char *label, const pf_trial *trial, int columns, FILE *stream)
{
	char text[1200], from[32], to[32], bytes[PF_TEXT];
	size_t used = (size_t)snprintf(text, sizeof text, "%s moved", label);
	for (size_t i = 0; i < trial->moved_count && used < sizeof text - 100; i++) {
		const pf_moved *moved = &trial->moved[i];
		process_name(moved->from, from, sizeof from);
		process_name(moved->to, to, sizeof to);
		used += (size_t)snprintf(text + used, sizeof text - used, "%s %s from %s to %s (%llu %s)",
					 i ? "," : "", pf_text_bytes((double)moved->bytes, bytes), from, to,
					 (unsigned long long)moved->frames, pf_hop_name(moved->kind));
	}
	if (trial->moved_count) {
		pf_text_wrap(stream, text, columns, 2, 0);
	}
}

static void bytes_row(pf_table *table, bool narrow, const char *label, const pf_trial *trial)
{
	const pf_io_count *io = &trial->io;
	char photos[PF_TEXT], read[PF_TEXT], from[PF_TEXT], written[PF_TEXT], to[PF_TEXT], moved[PF_TEXT];
	pf_text_bytes((double)trial->read_bytes, photos);
	pf_text_bytes((double)trial->device_read_bytes, from);
	pf_text_bytes((double)trial->moved_bytes, moved);
	bytes_or_dash(io->read_call_bytes, io->known, read);
	bytes_or_dash(io->written_bytes, io->known, written);
	bytes_or_dash(io->device_written_bytes, io->known, to);
	const char *cells[] = {label, photos, moved, read, written, from, to};
	pf_table_row(table, cells, narrow ? NARROW_BYTES : WIDE_BYTES);
}

static void print_bytes(const pf_run *run, int columns, FILE *stream)
{
	static const bool right[WIDE_BYTES] = {false, true, true, true, true, true, true};
	static const char *const heads[WIDE_BYTES] = {
		"bytes in that trial", "photos read",  "photos moved", "read by calls",
		"written by calls",    "from storage", "to storage"};
	static const char *const heads_narrow[NARROW_BYTES] = {"bytes in that trial", "photos read",
							       "photos moved", "read", "written"};
	bool narrow = columns && columns < LEAST_WIDTH;
	pf_table *table = pf_table_create(narrow ? NARROW_BYTES : WIDE_BYTES, right);
	char label[192];
	pf_table_row(table, narrow ? heads_narrow : heads, narrow ? NARROW_BYTES : WIDE_BYTES);
	for (size_t i = 0; i < run->memory->step_count; i++) {
		/* Older records have not this trial. */
		if (run->memory->steps[i].sampled && run->memory->steps[i].sampling.workers) {
			pf_run_label(&run->contestants[i], label, sizeof label);
			bytes_row(table, narrow, label, &run->memory->steps[i].sampling);
		}
	}
	fputc('\n', stream);
	pf_table_print(table, stream, "");
	pf_table_free(table);
	for (size_t i = 0; i < run->memory->step_count; i++) {
		if (run->memory->steps[i].sampled) {
			pf_run_label(&run->contestants[i], label, sizeof label);
			print_hops(label, &run->memory->steps[i].sampling, columns, stream);
		}
	}
}

void pf_memory_print(const pf_run *run, int columns, FILE *stream)
{
	bool any_sampled = false, any_counted = false;
	for (size_t i = 0; run->memory && i < run->memory->step_count; i++) {
		any_sampled = any_sampled || run->memory->steps[i].sampled;
		any_counted = any_counted || run->memory->steps[i].counted;
	}
	if (any_sampled) {
		print_sampled(run, columns, stream);
		print_bytes(run, columns, stream);
	}
	if (any_counted) {
		pf_allocation_print(run, columns, stream);
	}
	for (size_t i = 0; run->memory && i < run->memory->step_count; i++) {
		char text[512];
		if (run->memory->steps[i].why[0]) {
			snprintf(text, sizeof text, "%s: %s", run->contestants[i].label,
				 run->memory->steps[i].why);
			pf_text_wrap(stream, text, columns, 2, 0);
		}
	}
}
