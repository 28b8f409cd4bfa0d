#include "harness/record/comparison_json.h"

#include "harness/record/interval_json.h"

json_t *pf_comparison_json(const char *a, const char *b, const pf_comparison *comparison, size_t pairs,
			   const pf_comparison_rules *rules, double max_time_s)
{
	pf_word word = pairs ? comparison->word : PF_WORD_UNDECIDED;
	return json_pack(
		"{s:s,s:s,s:s,s:o,s:o,s:I,s:o,s:f,s:f,s:b,s:o}", "a", a, "b", b, "word", pf_word_name(word),
		"ratio", pf_interval_json(&comparison->ratio, pairs > 0), "ratio_strict",
		pf_interval_json(&comparison->strict, pairs > 0), "pairs", (json_int_t)pairs, "decided_after",
		pairs && comparison->decided_after ? json_integer((json_int_t)comparison->decided_after)
						   : json_null(),
		"margin", rules->margin, "alpha", rules->alpha, "until_decided", (int)rules->until_decided,
		"max_time_s", max_time_s > 0 ? json_real(max_time_s) : json_null());
}
