#include "harness/stats/verdict.h"

#include <assert.h>
#include <stddef.h>

#define PF_VERDICT_NAME(constant, name) name,
static const char *const names[] = {PF_VERDICT_LIST(PF_VERDICT_NAME)};

const char *pf_verdict_name(pf_verdict verdict)
{
	return (size_t)verdict < PF_VERDICT_COUNT ? names[verdict] : "?";
}

pf_verdict pf_verdict_of(const pf_interval *ratio, double margin)
{
	assert(margin > 0.0);
	double least = 1.0 / (1.0 + margin), most = 1.0 + margin;
	if (!ratio->has_interval) {
		return PF_VERDICT_UNDECIDED;
	}
	if (ratio->high < least) {
		return PF_VERDICT_FASTER;
	}
	if (ratio->low > most) {
		return PF_VERDICT_SLOWER;
	}
	return ratio->low > least && ratio->high < most ? PF_VERDICT_EQUIVALENT : PF_VERDICT_UNDECIDED;
}
