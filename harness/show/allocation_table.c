#include "harness/show/allocation_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/memory/allocations.h"
#include "harness/show/run_table.h"

enum { STAGE_CELLS = 7, STEP_CELLS = 7 };

static const char *stage_name(int stage)
{
	return stage < PF_STAGE_COUNT ? pf_stage_name((pf_stage)stage) : "outside";
}

static size_t photos_of(const pf_trial *trial)
{
	return trial->photos_scored + trial->photos_failed;
}

/* "-" where there are no photos. */
static const char *calls_each(uint64_t calls, size_t photos, char *out)
{
	if (!photos) {
		return "-";
	}
	snprintf(out, PF_TEXT, "%.1f", (double)calls / (double)photos);
	return out;
}

static const char *bytes_each(uint64_t bytes, size_t photos, char *out)
{
	return photos ? pf_text_bytes((double)bytes / (double)photos, out) : "-";
}

/* Both kinds of calls that ask for memory. */
static uint64_t calls_of(const pf_allocation_count *count)
{
	return count->allocations + count->reallocations;
}

/* What is done for each photo; the others are done once a process, or are the variant's own. */
static bool of_photos(int stage)
{
	return stage < PF_STAGE_COUNT && stage != PF_STAGE_STARTUP && stage != PF_STAGE_WAIT;
}

static pf_allocation_count sum_of_photos(const pf_allocations *counted)
{
	pf_allocation_count sum = {0};
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		if (of_photos(i)) {
			sum.allocations += counted->stages[i].allocations;
			sum.reallocations += counted->stages[i].reallocations;
			sum.frees += counted->stages[i].frees;
			sum.bytes += counted->stages[i].bytes;
		}
	}
	return sum;
}

static uint64_t peak_of(const pf_allocations *counted)
{
	uint64_t most = 0;
	for (size_t i = 0; i < counted->process_count; i++) {
		most = counted->processes[i].peak_live_bytes > most ? counted->processes[i].peak_live_bytes
								    : most;
	}
	return most;
}

static const char *repeat_word(const pf_step_memory *step)
{
	return step->counted < 2 ? "-" : pf_allocations_repeat(step) ? "same" : "differ";
}

static void stage_row(pf_table *table, const char *name, const pf_allocation_count *count, size_t photos,
		      uint64_t peak)
{
	char calls[32], each[PF_TEXT], bytes[PF_TEXT], of_photo[PF_TEXT], frees[32], live[PF_TEXT];
	snprintf(calls, sizeof calls, "%llu", (unsigned long long)calls_of(count));
	snprintf(frees, sizeof frees, "%llu", (unsigned long long)count->frees);
	const char *cells[STAGE_CELLS] = {name,
					  calls,
					  calls_each(calls_of(count), photos, each),
					  pf_text_bytes((double)count->bytes, bytes),
					  bytes_each(count->bytes, photos, of_photo),
					  frees,
					  pf_text_bytes((double)peak, live)};
	pf_table_row(table, cells, STAGE_CELLS);
}

/* Where a step's second trial made other calls than its first one. */
static void print_differences(const pf_step_memory *step, int columns, FILE *stream)
{
	char text[600] = "the trials' calls differ in";
	bool any = false;
	const pf_allocations *first = step->counting[0].found[PF_PROBE_allocations],
			     *second = step->counting[1].found[PF_PROBE_allocations];
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		const pf_allocation_count *a = &first->stages[i], *b = &second->stages[i];
		if (a->allocations != b->allocations || a->reallocations != b->reallocations ||
		    a->frees != b->frees) {
			size_t used = strlen(text);
			bool calls = calls_of(a) != calls_of(b), frees = a->frees != b->frees;
			snprintf(text + used, sizeof text - used, "%s %s (%s%llu, %llu)", any ? "," : "",
				 stage_name(i),
				 calls   ? ""
				 : frees ? "frees "
					 : "allocations alone ",
				 (unsigned long long)(calls   ? calls_of(a)
						      : frees ? a->frees
							      : a->allocations),
				 (unsigned long long)(calls   ? calls_of(b)
						      : frees ? b->frees
							      : b->allocations));
			any = true;
		}
	}
	if (!any) {
		snprintf(text, sizeof text, "the trials made as many calls, of other sizes");
	}
	pf_text_wrap(stream, text, columns, 2, 0);
}

static void print_stages(const char *label, const pf_step_memory *step, int columns, FILE *stream)
{
	static const bool right[STAGE_CELLS] = {false, true, true, true, true, true, true};
	static const char *const heads[STAGE_CELLS] = {"stage",   "allocations", "a photo",       "bytes",
						       "a photo", "frees",       "peak live heap"};
	const pf_trial *trial = &step->counting[0];
	const pf_allocations *counted = trial->found[PF_PROBE_allocations];
	pf_allocation_count photos = sum_of_photos(counted);
	uint64_t peak = 0;
	pf_table *table = pf_table_create(STAGE_CELLS, right);
	char hex[2 * PF_SHA256_BYTES + 1];
	fprintf(stream, "\n%s:\n", label);
	pf_table_row(table, heads, STAGE_CELLS);
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		const pf_allocation_count *count = &counted->stages[i];
		if (calls_of(count) || count->frees) {
			stage_row(table, stage_name(i), count, of_photos(i) ? photos_of(trial) : 0,
				  counted->stage_peak_live_bytes[i]);
			peak = of_photos(i) && counted->stage_peak_live_bytes[i] > peak
				       ? counted->stage_peak_live_bytes[i]
				       : peak;
		}
	}
	stage_row(table, "of photos", &photos, photos_of(trial), peak);
	stage_row(table, "all", &counted->total, 0, peak_of(counted));
	pf_table_print(table, stream, "");
	pf_table_free(table);
	if (pf_allocations_repeat(step)) {
		pf_sha256_hex(counted->digest, hex);
		pf_text_say(stream, "both trials made the same calls in each stage (digest %.16s)\n", hex);
	} else if (step->counted > 1) {
		print_differences(step, columns, stream);
	}
}

/* Whose figures are less than what there was. */
static void print_lost(const char *label, const pf_step_memory *step, FILE *stream)
{
	const pf_allocations *counted = step->counting[0].found[PF_PROBE_allocations];
	uint64_t lost = counted->lost_processes;
	if (lost) {
		pf_text_say(stream, "%s: %llu processes were not counted: there were too many\n", label,
			    (unsigned long long)lost);
	}
}

static void step_row(pf_table *table, const char *label, const pf_step_memory *step)
{
	const pf_trial *trial = &step->counting[0];
	const pf_allocations *counted = trial->found[PF_PROBE_allocations];
	pf_allocation_count photos = sum_of_photos(counted);
	int most = 0;
	char calls[32], each[PF_TEXT], bytes[PF_TEXT], live[PF_TEXT], where[64];
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		most = calls_of(&counted->stages[i]) > calls_of(&counted->stages[most]) ? i : most;
	}
	snprintf(calls, sizeof calls, "%llu", (unsigned long long)calls_of(&counted->total));
	snprintf(where, sizeof where, "%s %.0f %%", stage_name(most),
		 100 * (double)calls_of(&counted->stages[most]) /
			 (double)(calls_of(&counted->total) ? calls_of(&counted->total) : 1));
	const char *cells[STEP_CELLS] = {label,
					 calls,
					 calls_each(calls_of(&photos), photos_of(trial), each),
					 bytes_each(photos.bytes, photos_of(trial), bytes),
					 pf_text_bytes((double)peak_of(counted), live),
					 where,
					 repeat_word(step)};
	pf_table_row(table, cells, STEP_CELLS);
}

void pf_allocation_print(const pf_run *run, int columns, FILE *stream)
{
	static const bool right[STEP_CELLS] = {false, true, true, true, true, false, false};
	static const char *const heads[STEP_CELLS] = {"variant",       "allocations",    "a photo",
						      "bytes a photo", "peak live heap", "most in",
						      "second trial"};
	bool detail = run->contestant_count <= 2;
	pf_table *table = pf_table_create(STEP_CELLS, right);
	fputc('\n', stream);
	pf_text_wrap(stream,
		     "Allocations (malloc and its kin, reallocations included), "
		     "counted in trials of their own after the rounds: profiled, not timed. "
		     "Peak live heap: of the process that had the most, with what it had from its parent. "
		     "A photo: without what is done once (startup, outside).",
		     columns ? columns : 120, 0, 0);
	pf_table_row(table, heads, STEP_CELLS);
	for (size_t i = 0; i < run->memory->step_count; i++) {
		const pf_step_memory *step = &run->memory->steps[i];
		char label[192];
		pf_run_label(&run->contestants[i], label, sizeof label);
		if (step->counted && detail) {
			print_stages(label, step, columns, stream);
		} else if (step->counted) {
			step_row(table, label, step);
		}
	}
	if (!detail) {
		pf_table_print(table, stream, "");
	}
	pf_table_free(table);
	for (size_t i = 0; i < run->memory->step_count; i++) {
		if (run->memory->steps[i].counted) {
			print_lost(run->contestants[i].label, &run->memory->steps[i], stream);
		}
	}
}
