#include "harness/record/comparison_json.h"

#include <string.h>

#include "harness/base/json_values.h"
#include "harness/record/interval_json.h"
#include "harness/record/notebook_parts.h"

static json_t *verdict_json(const pf_comparison *comparison, bool known)
{
	pf_word word = known ? comparison->word : PF_WORD_UNDECIDED;
	return json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "word", pf_word_name(word), "ratio",
			 pf_interval_json(&comparison->ratio, known), "ratio_strict",
			 pf_interval_json(&comparison->strict, known), "ratio_totals",
			 pf_interval_json(&comparison->totals, known), "withheld",
			 known && comparison->withheld != PF_WORD_UNDECIDED
				 ? json_string(pf_word_name(comparison->withheld))
				 : json_null(),
			 "decided_after",
			 known && comparison->decided_after
				 ? json_integer((json_int_t)comparison->decided_after)
				 : json_null());
}

json_t *pf_comparison_json(const char *a, const char *b, const pf_comparison *comparison,
			   const pf_comparison *cpu, size_t pairs, const pf_comparison_rules *rules,
			   double max_time_s)
{
	json_t *object = verdict_json(comparison, pairs > 0);
	json_t *rest = json_pack("{s:s,s:s,s:o,s:I,s:f,s:f,s:b,s:o}", "a", a, "b", b, "cpu",
				 pairs && cpu ? verdict_json(cpu, true) : json_null(), "pairs",
				 (json_int_t)pairs, "margin", rules->margin, "alpha", rules->alpha,
				 "until_decided", (int)rules->until_decided, "max_time_s",
				 max_time_s > 0 ? json_real(max_time_s) : json_null());
	json_object_update(object, rest);
	json_decref(rest);
	return object;
}

static pf_interval interval_of(const json_t *object, const char *key)
{
	pf_interval interval = {0};
	pf_note_interval(object, key, &interval);
	return interval;
}

static pf_word word_of(const char *name)
{
	static const pf_word words[] = {PF_WORD_FASTER, PF_WORD_SLOWER, PF_WORD_EQUIVALENT};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(pf_word_name(words[i]), name) == 0) {
			return words[i];
		}
	}
	return PF_WORD_UNDECIDED;
}

pf_comparison pf_comparison_of_json(const json_t *object)
{
	return (pf_comparison){.ratio = interval_of(object, "ratio"),
			       .strict = interval_of(object, "ratio_strict"),
			       .totals = interval_of(object, "ratio_totals"),
			       .withheld = word_of(pf_note_text(object, "withheld")),
			       .word = word_of(pf_note_text(object, "word")),
			       .decided_after = (size_t)pf_json_count(object, "decided_after", 0)};
}

pf_comparison_rules pf_comparison_rules_of_json(const json_t *object)
{
	return (pf_comparison_rules){.margin = pf_note_number(object, "margin"),
				     .alpha = pf_note_number(object, "alpha"),
				     .until_decided = json_is_true(json_object_get(object, "until_decided"))};
}
