#include "harness/show/callgrind_lines.h"

#include <inttypes.h>

#include "harness/base/text.h"

enum { LINE = 110, COLUMNS = 2 + PF_KERNEL_PHOTOS };

static void print_parts(const pf_callgrind *callgrind, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true};
	pf_table *table = pf_table_create(callgrind->count + 2, right);
	char texts[COLUMNS][PF_TEXT];
	const char *cells[COLUMNS] = {"", "share"};
	uint64_t total = 0;
	for (uint32_t i = 0; i < callgrind->count; i++) {
		snprintf(texts[2 + i], PF_TEXT, "photo %u", callgrind->photos[i].index);
		cells[2 + i] = texts[2 + i];
		total += callgrind->photos[i].total;
	}
	pf_table_row(table, cells, callgrind->count + 2);
	for (int part = 0; part <= PF_KERNEL_PARTS; part++) {
		uint64_t all = 0;
		bool whole = part == PF_KERNEL_PARTS, known = whole || callgrind->known[part];
		cells[0] = whole ? "whole photo" : pf_kernel_part_name((pf_kernel_part)part);
		for (uint32_t i = 0; i < callgrind->count; i++) {
			const pf_callgrind_photo *photo = &callgrind->photos[i];
			uint64_t instructions = whole ? photo->total : photo->parts[part];
			snprintf(texts[2 + i], PF_TEXT, known ? "%" PRIu64 : "unknown", instructions);
			all += instructions;
		}
		snprintf(texts[1], PF_TEXT, known && total ? "%.2f %%" : "-",
			 100 * (double)all / (double)total);
		cells[1] = texts[1];
		pf_table_row(table, cells, callgrind->count + 2);
	}
	pf_table_print(table, stream, "  ");
	pf_table_free(table);
}

void pf_callgrind_print(const pf_callgrind *callgrind, FILE *stream)
{
	char text[PF_CALLGRIND_WHY + 200];
	if (!callgrind) {
		return;
	}
	if (callgrind->why[0]) {
		fputc('\n', stream);
		snprintf(text, sizeof text, "Instructions by callgrind: unavailable: %s", callgrind->why);
		pf_text_wrap(stream, text, LINE, 0, 0);
		return;
	}
	fprintf(stream,
		"\n"
		"Instructions of the scoring kernel by callgrind, one photo at a time (user's part, networks with " PF_CALLGRIND_ISA
		"):\n");
	print_parts(callgrind, stream);
	uint64_t total = 0;
	size_t used = (size_t)snprintf(text, sizeof text, "most in: ");
	for (uint32_t i = 0; i < callgrind->count; i++) {
		total += callgrind->photos[i].total;
	}
	for (uint32_t i = 0; i < callgrind->top_count && i < 4; i++) {
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %.1f %%", i ? ", " : "",
					 callgrind->top[i].name,
					 100 * (double)callgrind->top[i].self / (double)total);
	}
	pf_text_wrap(stream, text, LINE, 2, 0);
	if (callgrind->largest_difference == 0) {
		pf_text_say(stream, "  Its scores are the reference's, bit by bit.\n");
	} else {
		pf_text_say(
			stream,
			"  Its scores differ from the reference's by at most %.2g of 1: another instruction set.\n",
			callgrind->largest_difference);
	}
}
