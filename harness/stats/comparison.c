#include "harness/stats/comparison.h"

#include <assert.h>
#include <math.h>

#include "harness/stats/eprocess.h"

pf_comparison pf_compare(const double *a, const double *b, size_t n, const pf_comparison_rules *rules)
{
	assert(n >= 1);
	pf_comparison result = {
		.ratio = pf_ratio_interval(a, b, n, PF_COMPARISON_LEVEL),
		.strict = pf_ratio_interval(a, b, n, 1.0 - rules->alpha),
	};
	if (!rules->until_decided) {
		result.word = pf_word_of(&result.strict, rules->margin);
		return result;
	}
	pf_eprocess process;
	pf_eprocess_start(&process, rules->margin, rules->alpha);
	for (size_t i = 0; i < n && result.word == PF_WORD_UNDECIDED; i++) {
		result.word = pf_eprocess_add(&process, log(a[i] / b[i]));
		result.decided_after = result.word == PF_WORD_UNDECIDED ? 0 : i + 1;
	}
	return result;
}
