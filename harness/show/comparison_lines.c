#include "harness/show/comparison_lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/stats/enough.h"

#define LEAST_POINTS 0.1 /* that a part is named for */

static char *factor_text(double factor, char *out)
{
	return pf_text_bound(factor, factor < 9.995 ? 3 : 1, out);
}

/* What the comparison amounts to. */
static void print_word(const char *what, const char *a, const char *b, const pf_comparison *comparison,
		       size_t pairs, double margin, int columns, FILE *stream)
{
	size_t capacity = strlen(a) + strlen(b) + 900; /* names are as long as they are */
	char *text = malloc(capacity), mean[PF_TEXT], low[PF_TEXT], high[PF_TEXT];
	const pf_interval *ratio = &comparison->ratio;
	int used = 0;
	if (!text) {
		pf_out_of_memory();
	}
	used = snprintf(text, capacity, "%s", what);
	switch (comparison->word) {
	case PF_WORD_FASTER:
	case PF_WORD_SLOWER:
		used += snprintf(text + used, capacity - (size_t)used, "%s is %s than %s", a,
				 pf_word_name(comparison->word), b);
		break;
	case PF_WORD_EQUIVALENT:
		used += snprintf(text + used, capacity - (size_t)used,
				 "%s and %s are equivalent within %.4g %%", a, b, 100 * margin);
		break;
	default:
		used += snprintf(text + used, capacity - (size_t)used, "undecided between %s and %s", a, b);
		break;
	}
	used += snprintf(text + used, capacity - (size_t)used, ": %s times as long",
			 factor_text(ratio->mean, mean));
	if (ratio->has_interval) {
		snprintf(text + used, capacity - (size_t)used,
			 " (geometric mean; %s to %s, 95 %% t-interval of %zu pairs)",
			 factor_text(ratio->low, low), factor_text(ratio->high, high), pairs);
	}
	pf_text_wrap(stream, text, columns, 0, 0);
	free(text);
}

static void print_basis(const pf_comparison *comparison, size_t pairs, const pf_comparison_rules *rules,
			int columns, FILE *stream)
{
	char text[600], low[PF_TEXT], high[PF_TEXT], sure[PF_TEXT];
	const pf_interval *strict = &comparison->strict;
	double margin = 100 * rules->margin;
	snprintf(sure, sizeof sure, "%.4g %%", 100 * rules->alpha);
	factor_text(strict->low, low);
	factor_text(strict->high, high);
	if (comparison->withheld != PF_WORD_UNDECIDED) {
		const pf_interval *totals = &comparison->totals;
		char total[PF_TEXT], total_low[PF_TEXT], total_high[PF_TEXT];
		snprintf(text, sizeof text,
			 "no verdict: the ratios of single rounds say %s, but the ratio of total times is %s "
			 "(%s to %s, %.4g %%): times vary too much for one number",
			 pf_word_name(comparison->withheld), factor_text(totals->mean, total),
			 factor_text(totals->low, total_low), factor_text(totals->high, total_high),
			 100 * totals->level);
	} else if (rules->until_decided && comparison->word != PF_WORD_UNDECIDED) {
		snprintf(text, sizeof text,
			 "proved after %zu pairs by an e-process, which may look after each: "
			 "false in %s of such comparisons at most; margin %.4g %%",
			 comparison->decided_after, sure, margin);
	} else if (rules->until_decided) {
		snprintf(
			text, sizeof text,
			"no verdict was proved in %zu pair%s (e-process, false in %s at most, margin %.4g %%)",
			pairs, pf_text_plural(pairs), sure, margin);
	} else if (!strict->has_interval) {
		snprintf(text, sizeof text,
			 "one pair gives no interval and no verdict: it takes two, better ten");
	} else if (comparison->word == PF_WORD_UNDECIDED) {
		snprintf(
			text, sizeof text,
			"a verdict takes the whole %.4g %% interval, %s to %s, beyond or within the margin of %.4g %%: "
			"more rounds narrow it, --until-decided goes on until there is one",
			100 * strict->level, low, high, margin);
	} else {
		snprintf(text, sizeof text,
			 "the verdict rests on the %.4g %% interval, %s to %s, and a margin of %.4g %%: "
			 "false in %s of such comparisons at most",
			 100 * strict->level, low, high, margin, sure);
	}
	pf_text_wrap(stream, text, columns, 0, 0);
}

void pf_comparison_print(const char *a, const char *b, const pf_comparison *comparison, size_t pairs,
			 const pf_comparison_rules *rules, int columns, FILE *stream)
{
	print_word("", a, b, comparison, pairs, rules->margin, columns, stream);
	print_basis(comparison, pairs, rules, columns, stream);
}

void pf_comparison_print_cpu(const char *a, const char *b, const pf_comparison *cpu, size_t pairs,
			     const pf_comparison_rules *rules, int columns, FILE *stream)
{
	print_word("CPU time: ", a, b, cpu, pairs, rules->margin, columns, stream);
	if (cpu->withheld != PF_WORD_UNDECIDED) {
		print_basis(cpu, pairs, rules, columns, stream);
	}
}

static int by_size(const void *x, const void *y)
{
	double a = fabs(((const pf_part_share *)x)->share.mean),
	       b = fabs(((const pf_part_share *)y)->share.mean);
	return (a < b) - (a > b);
}

/* "+3", "-0.4". */
static char *points_text(double share, char *out)
{
	double points = 100 * share;
	double rounded = fabs(points) < 9.95 ? round(points * 10) / 10 : round(points);
	snprintf(out, PF_TEXT, "%+.*f", rounded != floor(rounded) ? 1 : 0, rounded == 0 ? 0.0 : rounded);
	return out;
}

void pf_split_text(double total, pf_part_share *parts, size_t count, char *out, size_t capacity)
{
	char points[PF_TEXT];
	double rest = 0;
	bool first = true;
	qsort(parts, count, sizeof *parts, by_size);
	size_t used = (size_t)snprintf(out, capacity, "%s %%:", points_text(total, points));
	for (size_t i = 0; i < count && used < capacity; i++) {
		const pf_interval *share = &parts[i].share;
		if (fabs(100 * share->mean) < LEAST_POINTS) {
			rest += share->mean;
			continue;
		}
		bool unsure = !share->has_interval || (share->low <= 0 && share->high >= 0);
		used += (size_t)snprintf(out + used, capacity - used, "%s %s%s %s%s", first ? "" : ",",
					 unsure ? "[" : "", parts[i].name, points_text(share->mean, points),
					 unsure ? "]" : "");
		first = false;
	}
	if (used < capacity && (first || fabs(100 * rest) >= LEAST_POINTS)) {
		snprintf(out + used, capacity - used, "%s others %s", first ? "" : ",",
			 points_text(rest, points));
	}
}
