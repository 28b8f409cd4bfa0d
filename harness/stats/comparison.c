#include "harness/stats/comparison.h"

#include <assert.h>
#include <math.h>

#include "harness/stats/eprocess.h"

static bool totals_agree(const pf_interval *totals, pf_word word, double margin)
{
	switch (word) {
	case PF_WORD_FASTER:
		return totals->high < 1;
	case PF_WORD_SLOWER:
		return totals->low > 1;
	case PF_WORD_EQUIVALENT:
		return totals->mean > 1 / (1 + margin) && totals->mean < 1 + margin;
	default:
		return true;
	}
}

static pf_word by_eprocess(const double *a, const double *b, size_t n, const pf_comparison_rules *rules,
			   size_t *decided_after)
{
	pf_word word = PF_WORD_UNDECIDED;
	pf_eprocess process;
	pf_eprocess_start(&process, rules->margin, rules->alpha);
	for (size_t i = 0; i < n && word == PF_WORD_UNDECIDED; i++) {
		word = pf_eprocess_add(&process, log(a[i] / b[i]));
		*decided_after = word == PF_WORD_UNDECIDED ? 0 : i + 1;
	}
	return word;
}

pf_comparison pf_compare(const double *a, const double *b, size_t n, const pf_comparison_rules *rules)
{
	assert(n >= 1);
	pf_comparison result = {
		.ratio = pf_ratio_interval(a, b, n, PF_COMPARISON_LEVEL),
		.strict = pf_ratio_interval(a, b, n, 1.0 - rules->alpha),
		.totals = pf_total_ratio_interval(a, b, n, 1.0 - rules->alpha),
	};
	result.word = rules->until_decided ? by_eprocess(a, b, n, rules, &result.decided_after)
					   : pf_word_of(&result.strict, rules->margin);
	if (!totals_agree(&result.totals, result.word, rules->margin)) {
		result.withheld = result.word;
		result.word = PF_WORD_UNDECIDED;
		result.decided_after = 0;
	}
	return result;
}
