#include "harness/stats/words.h"

#include <assert.h>
#include <stddef.h>

#define PF_WORD_NAME(constant, name) name,
static const char *const names[] = {PF_WORD_LIST(PF_WORD_NAME)};

const char *pf_word_name(pf_word word)
{
	return (size_t)word < PF_WORD_COUNT ? names[word] : "?";
}

pf_word pf_word_of(const pf_interval *ratio, double margin)
{
	assert(margin > 0.0);
	double least = 1.0 / (1.0 + margin), most = 1.0 + margin;
	if (!ratio->has_interval) {
		return PF_WORD_UNDECIDED;
	}
	if (ratio->high < least) {
		return PF_WORD_FASTER;
	}
	if (ratio->low > most) {
		return PF_WORD_SLOWER;
	}
	return ratio->low > least && ratio->high < most ? PF_WORD_EQUIVALENT : PF_WORD_UNDECIDED;
}
