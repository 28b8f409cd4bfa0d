/* Options of what compares times. */
#ifndef HARNESS_COMPARISON_ARGS_H
#define HARNESS_COMPARISON_ARGS_H

#include "harness/cli/options.h"
#include "harness/stats/comparison.h"

typedef struct pf_comparison_choice {
	double margin_percent, alpha, max_time_s;
	bool until_decided;
	uint32_t rounds; /* 0: not given */
	const char *fail_if, *by;
} pf_comparison_choice;

#define PF_COMPARISON_DEFAULTS                                                                \
	{                                                                                     \
		.margin_percent = 100 * PF_MARGIN, .alpha = PF_COMPARISON_ALPHA, .by = "wall" \
	}

#define PF_COMPARISON_ROUNDS 10 /* where nothing is given, if they fit into the time: */
#define PF_COMPARISON_TIME_S 50
#define PF_COMPARISON_LEAST_ROUNDS 3
#define PF_COMPARISON_MOST_ROUNDS 1000 /* until decided */

/* Rows of an option table for a pf_comparison_choice named `c`; rounds and --max-time's default are the
 * command's own. */
#define PF_COMPARISON_ARGS(c, default_time)                                                                \
	{"margin",      'm',                                                                               \
	 PF_ARG_NUMBER, &(c).margin_percent,                                                               \
	 "PERCENT",     "differences up to here are none (default: 2)",                                    \
	 0.001,         1000},                                                                             \
		{"alpha",    0,   PF_ARG_NUMBER,                                                           \
		 &(c).alpha, "P", "chance of a false verdict, at most (default: 0.01)",                    \
		 1e-9,       0.5},                                                                         \
		{"until-decided",                                                                          \
		 'u',                                                                                      \
		 PF_ARG_FLAG,                                                                              \
		 &(c).until_decided,                                                                       \
		 NULL,                                                                                     \
		 "go on until a verdict is proved, looking after each round",                              \
		 0,                                                                                        \
		 0},                                                                                       \
		{"fail-if",                                                                                \
		 0,                                                                                        \
		 PF_ARG_CHOICE,                                                                            \
		 &(c).fail_if,                                                                             \
		 "slower|not-equivalent",                                                                  \
		 "exit status 1 if the first one (with --reference: any other) is that",                   \
		 0,                                                                                        \
		 0},                                                                                       \
		{"by",    0,          PF_ARG_CHOICE,                                                       \
		 &(c).by, "wall|cpu", "which verdict --fail-if and --until-decided go by (default: wall)", \
		 0,       0},                                                                              \
	{                                                                                                  \
		"max-time", 0, PF_ARG_TIME, &(c).max_time_s, "TIME",                                       \
			"begin no round that would end later (default: " default_time ")", 0.001, 1e9      \
	}

static inline bool pf_comparison_by_cpu(const pf_comparison_choice *choice)
{
	return choice->by[0] == 'c';
}

/* PF_ERR_USAGE where --fail-if asks for a verdict that so few rounds cannot give. */
static inline pf_status pf_comparison_choice_check(const pf_comparison_choice *choice, pf_error *error)
{
	return choice->fail_if && choice->rounds == 1
		       ? pf_fail(error, PF_ERR_USAGE, NULL, "--fail-if takes 2 rounds at least, better ten")
		       : PF_OK;
}

/* True if --fail-if says so of this verdict on A; `other_way`: it asks about B. A verdict that is not known
 * fails. */
static inline bool pf_comparison_fails(const pf_comparison_choice *choice, const pf_comparison *verdict,
				       bool known, bool other_way)
{
	if (!choice->fail_if) {
		return false;
	}
	pf_word slower = other_way ? PF_WORD_FASTER : PF_WORD_SLOWER;
	return !known ||
	       (choice->fail_if[0] == 's' ? verdict->word == slower : verdict->word != PF_WORD_EQUIVALENT);
}

static inline pf_comparison_rules pf_comparison_rules_of(const pf_comparison_choice *choice)
{
	return (pf_comparison_rules){choice->margin_percent / 100, choice->alpha, choice->until_decided};
}

static inline uint32_t pf_comparison_rounds_of(const pf_comparison_choice *choice)
{
	return choice->rounds          ? choice->rounds
	       : choice->until_decided ? PF_COMPARISON_MOST_ROUNDS
				       : PF_COMPARISON_ROUNDS;
}

#endif
