#include "harness/show/doctor_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/stats/comparison.h"

enum { USUAL_COLUMNS = 120, INDENT = 36, LEAST_NOISES = 8 };

static void print_finding(const pf_finding *finding, pf_finding_id id, int columns, FILE *stream)
{
	int head = fprintf(stream, "%-12s  %-20s  ", pf_finding_status_word(finding->status),
			   pf_finding_name(id));
	pf_text_wrap(stream, finding->read, columns, INDENT, head);
	if (finding->status != PF_FINDING_ADVICE && finding->status != PF_FINDING_SPOILS) {
		return;
	}
	head = fprintf(stream, "%*swhy:  ", INDENT, "");
	pf_text_wrap(stream, pf_finding_why(id), columns, INDENT + 6, head);
	if (finding->mend[0]) {
		head = fprintf(stream, "%*smend: ", INDENT, "");
		pf_text_wrap(stream, finding->mend, columns, INDENT + 6, head);
	}
}

void pf_doctor_print_findings(const pf_finding findings[PF_FINDING_COUNT], int columns, FILE *stream)
{
	columns = columns ? columns : USUAL_COLUMNS;
	for (int status = PF_FINDING_STATUS_COUNT - 1; status >= 0; status--) {
		for (int i = 0; i < PF_FINDING_COUNT; i++) {
			if ((int)findings[i].status == status) {
				print_finding(&findings[i], (pf_finding_id)i, columns, stream);
			}
		}
	}
}

void pf_doctor_print_summary(const pf_finding findings[PF_FINDING_COUNT], FILE *stream)
{
	size_t counts[PF_FINDING_STATUS_COUNT] = {0};
	for (int i = 0; i < PF_FINDING_COUNT; i++) {
		counts[findings[i].status]++;
	}
	pf_text_say(stream, "\n%zu spoil%s measurements, %zu advise something, %zu not readable, %zu ok\n",
		    counts[PF_FINDING_SPOILS], counts[PF_FINDING_SPOILS] == 1 ? "s" : "",
		    counts[PF_FINDING_ADVICE], counts[PF_FINDING_UNREADABLE], counts[PF_FINDING_OK]);
}

static void print_noises(const pf_noise_floor *floor, FILE *stream)
{
	enum { COLUMNS = 7 };
	static const bool right[COLUMNS] = {false, true, true, true, true, true, true};
	static const char *const heads[COLUMNS] = {"kernel",       "processor", "median slot", "5 to 95 %",
						   "longest stop", "stolen",    "slots"};
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < floor->processors * PF_KERNEL_COUNT; i++) {
		const pf_slot_noise *noise = &floor->noises[i];
		char cpu[PF_TEXT], median[PF_TEXT], spread[PF_TEXT], longest[PF_TEXT], stolen[PF_TEXT],
			slots[PF_TEXT];
		snprintf(cpu, sizeof cpu, "%u", noise->cpu);
		snprintf(median, sizeof median, "%.3f ms", noise->median_ns * 1e-6);
		snprintf(spread, sizeof spread, "%+.1f to %+.1f %%",
			 100 * (noise->low_ns / noise->median_ns - 1),
			 100 * (noise->high_ns / noise->median_ns - 1));
		snprintf(longest, sizeof longest, "%.2f ms", noise->longest_ns * 1e-6);
		snprintf(stolen, sizeof stolen, "%.2f %%", 100 * noise->stolen);
		snprintf(slots, sizeof slots, "%zu", noise->slots);
		const char *cells[COLUMNS] = {pf_kernel_name((pf_kernel)(i % PF_KERNEL_COUNT)),
					      cpu,
					      median,
					      spread,
					      longest,
					      stolen,
					      slots};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

/* Deviations by length: they fall with the root of the length where the noise is of chance alone. */
static void print_margins(const pf_slot_noise *worst, pf_kernel kernel, int columns, FILE *stream)
{
	static const size_t pairs[] = {3, 5, 10, 20, 50};
	char text[600], length[PF_TEXT];
	const pf_noise_level *last = pf_noise_longest(worst);
	size_t used = (size_t)snprintf(text, sizeof text,
				       "%s, processor %u: two measurements of the same work differ by",
				       pf_kernel_name(kernel), worst->cpu);
	for (size_t i = 0; i < worst->level_count; i++) {
		const pf_noise_level *level = &worst->levels[i];
		if (i % 3 == 0 || level == last) {
			used += (size_t)snprintf(text + used, sizeof text - used, "%s %.2f %% of %s",
						 i ? "," : "", 100 * level->deviation,
						 pf_text_seconds(level->length_ns * 1e-9, length));
		}
	}
	used += (size_t)snprintf(text + used, sizeof text - used, "; margin of comparisons of the last:");
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		double percent = 100 * pf_noise_margin(last->deviation, pairs[i], PF_COMPARISON_ALPHA);
		char margin[PF_TEXT] = "none";
		if (percent < 100) {
			snprintf(margin, sizeof margin, "%.2g %%", percent);
		}
		used += (size_t)snprintf(text + used, sizeof text - used, "%s %s with %zu pairs",
					 i ? "," : "", margin, pairs[i]);
	}
	pf_text_wrap(stream, text, columns, 2, 0);
}

static void print_all_margins(const pf_noise_floor *floor, int columns, FILE *stream)
{
	char text[400];
	bool any = false;
	for (int kernel = 0; kernel < PF_KERNEL_COUNT; kernel++) {
		const pf_slot_noise *worst = pf_noise_worst(floor, (pf_kernel)kernel);
		if (worst) {
			print_margins(worst, (pf_kernel)kernel, columns, stream);
			any = true;
		}
	}
	if (any) {
		snprintf(
			text, sizeof text,
			"Differences are standard deviations on the worst processor, from at least %d pairs. "
			"Within the margin, equal things are called equivalent 19 times of 20 (alpha = %g). "
			"Longer trials average more of the short noise, and meet slower one that this does not show.",
			PF_NOISE_LEAST_PAIRS, PF_COMPARISON_ALPHA);
	} else {
		snprintf(text, sizeof text, "Too few slots for a margin: it takes %d pairs.",
			 PF_NOISE_LEAST_PAIRS);
	}
	pf_text_wrap(stream, text, columns, 0, 0);
}

void pf_doctor_print_noise(const pf_noise_floor *floor, int columns, FILE *stream)
{
	char bytes[PF_TEXT];
	columns = columns ? columns : USUAL_COLUMNS;
	pf_text_say(stream,
		    "\nNoise floor, %.1f s: fixed work in slots of %d chunks, memory through %s%s\n\n",
		    floor->seconds, PF_NOISE_CHUNKS, pf_text_bytes(floor->buffer_bytes, bytes),
		    floor->complete ? "" : " (PARTIAL: stopped on request)");
	print_noises(floor, stream);
	fputc('\n', stream);
	print_all_margins(floor, columns, stream);
}
