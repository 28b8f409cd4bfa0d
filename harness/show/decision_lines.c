#include "harness/show/decision_lines.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/stats/enough.h"

enum { VERDICT_WIDTH = 12 }; /* "not judged", two blanks */

/* "chunked 1.67x (1.62 to 1.73)", and what else decided. */
static void print_one(const pf_contestant *contestant, FILE *out)
{
	const pf_decision *decision = &contestant->decision;
	char text[PF_TEXT];
	bool withheld = decision->word == PF_WORD_UNDECIDED &&
			pf_word_of(&decision->ratio, PF_MARGIN) != PF_WORD_UNDECIDED;
	fprintf(out, "%s %s", contestant->label, pf_text_factor(&decision->ratio, text));
	fputs(withheld                               ? " while the machine was busy"
	      : decision->word == PF_WORD_EQUIVALENT ? " equivalent"
						     : "",
	      out);
	if (decision->has_purpose_ratio) {
		fprintf(out, " and its %s %s that of %s", pf_purpose_name(decision->purpose),
			pf_text_factor(&decision->purpose_ratio, text), decision->purpose_against);
	}
	fputs(decision->approximate ? " approximate" : "", out);
}

/* Those that were compared, by what they were compared with. Returns how many. */
static size_t print_compared(const pf_run *run, pf_keep keep, FILE *out)
{
	const char *incumbent = "";
	size_t count = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		const pf_decision *decision = &contestant->decision;
		if (decision->keep != keep || !decision->has_ratio) {
			continue;
		}
		if (strcmp(decision->incumbent, incumbent) != 0) {
			incumbent = decision->incumbent;
			fprintf(out, "%sagainst %s: ", count ? "; " : "", incumbent);
		} else {
			fputs(", ", out);
		}
		print_one(contestant, out);
		count++;
	}
	return count;
}

/* The others; what was not judged and has no time is in the table. */
static size_t print_others(const pf_run *run, pf_keep keep, size_t before, FILE *out)
{
	size_t count = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		const pf_decision *decision = &contestant->decision;
		if (decision->keep != keep || decision->has_ratio ||
		    (keep == PF_NOT_JUDGED && contestant->status != PF_RUN_OK)) {
			continue;
		}
		fprintf(out, "%s%s", before + count ? "; " : "", contestant->label);
		if (keep == PF_REJECTED) { /* the table has the reason of a failure */
			fprintf(out, ": %.*s", (int)strcspn(decision->reason, ":"), decision->reason);
		} else if (keep != PF_BASELINE) {
			fprintf(out, ": %s", decision->reason);
		}
		count++;
	}
	return count;
}

/* One paragraph; nothing if no variant has that verdict. */
static void print_verdict(const pf_run *run, pf_keep keep, int columns, FILE *stream)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	if (!out) {
		pf_out_of_memory();
	}
	size_t count = print_compared(run, keep, out);
	count += print_others(run, keep, count, out);
	fclose(out);
	pf_enough(text);
	if (count) {
		fprintf(stream, "%-*s", VERDICT_WIDTH, pf_keep_name(keep));
		pf_text_wrap(stream, text, columns, VERDICT_WIDTH, VERDICT_WIDTH);
	}
	free(text);
}

static bool any_decided(const pf_run *run)
{
	size_t compared = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_keep keep = run->contestants[i].decision.keep;
		compared += keep == PF_KEPT || keep == PF_REJECTED || keep == PF_NO_GAIN;
	}
	return run->decided && compared;
}

void pf_decisions_print(const pf_run *run, int columns, FILE *stream)
{
	static const pf_keep order[] = {PF_BASELINE, PF_KEPT, PF_NO_GAIN, PF_REJECTED, PF_NOT_JUDGED};
	columns = columns ? columns : 120;
	if (!any_decided(run)) {
		return;
	}
	fputc('\n', stream);
	pf_text_wrap(
		stream,
		"Verdicts: the time of each over that of the fastest kept before it (below 1x is faster).",
		columns, 0, 0);
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		print_verdict(run, order[i], columns, stream);
	}
}
