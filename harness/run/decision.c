#include "harness/run/decision.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/comparison.h"
#include "harness/stats/enough.h"

#define PF_KEEP_NAME(constant, name) name,
static const char *const keep_names[] = {PF_KEEP_LIST(PF_KEEP_NAME)};

const char *pf_keep_name(pf_keep keep)
{
	return keep_names[keep];
}

pf_keep pf_keep_of(const char *name)
{
	for (int i = 0; i < PF_KEEP_COUNT; i++) {
		if (strcmp(keep_names[i], name) == 0) {
			return (pf_keep)i;
		}
	}
	return PF_NOT_JUDGED;
}

static const char *const purpose_names[PF_PURPOSES] = {"time", "first result", "memory"};

const char *pf_purpose_name(enum pf_purpose purpose)
{
	return purpose_names[purpose];
}

enum pf_purpose pf_purpose_of(const char *name)
{
	for (int i = 0; i < PF_PURPOSES; i++) {
		if (strcmp(purpose_names[i], name) == 0) {
			return (enum pf_purpose)i;
		}
	}
	return PF_PURPOSE_TIME;
}

/* Adds to the reason. */
static void say(pf_decision *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(pf_decision *out, const char *format, ...)
{
	size_t used = strlen(out->reason);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(out->reason + used, sizeof out->reason - used, format, arguments);
	va_end(arguments);
}

static bool has_time(const pf_decision_step *step)
{
	for (size_t i = 0; i < step->trial_count; i++) {
		if (step->trials[i].counts && step->trials[i].figures[PF_PURPOSE_TIME] > 0) {
			return true;
		}
	}
	return false;
}

static double figure_of_round(const pf_decision_step *step, uint32_t round, enum pf_purpose figure)
{
	for (size_t i = 0; i < step->trial_count; i++) {
		if (step->trials[i].counts && step->trials[i].round == round) {
			return step->trials[i].figures[figure];
		}
	}
	return 0;
}

/* A figure of `own` over that of `other`, over the rounds in which both have it. False if there is none. */
static bool ratio_of(const pf_decision_step *own, const pf_decision_step *other, enum pf_purpose figure,
		     pf_interval *ratio)
{
	size_t count = 0;
	double *a = calloc(2 * (own->trial_count + 1), sizeof *a), *b = a + own->trial_count + 1;
	if (!a) {
		pf_out_of_memory();
	}
	for (size_t i = 0; i < own->trial_count; i++) {
		const pf_decision_trial *trial = &own->trials[i];
		double theirs = trial->counts ? figure_of_round(other, trial->round, figure) : 0;
		if (theirs > 0 && trial->figures[figure] > 0) {
			a[count] = trial->figures[figure];
			b[count++] = theirs;
		}
	}
	if (count) {
		*ratio = pf_ratio_interval(a, b, count, PF_COMPARISON_LEVEL);
	}
	free(a);
	return count > 0;
}

/* What others' work made too long decides nothing. */
static bool mostly_disturbed(const pf_decision_step *step, pf_decision *out)
{
	size_t all = 0, tagged = 0;
	for (size_t i = 0; i < step->trial_count; i++) {
		all += step->trials[i].counts;
		tagged += step->trials[i].counts && step->trials[i].disturbed;
	}
	if (2 * tagged <= all) {
		return false;
	}
	say(out, "the machine was busy: %zu of %zu trials of %s are tagged as disturbed", tagged, all,
	    step->name);
	return true;
}

/* What the status alone decides; false if the time has to. */
static bool by_status(const pf_decision_step *step, pf_decision *out)
{
	static const struct {
		pf_run_status status;
		pf_keep keep;
		const char *text;
	} table[] = {{PF_RUN_FLOOR, PF_NOT_JUDGED, "the floor: it scores nothing"},
		     {PF_RUN_FAILED, PF_REJECTED, "failed"},
		     {PF_RUN_CRASHED, PF_REJECTED, "crashed"},
		     {PF_RUN_WRONG_OUTPUT, PF_REJECTED, "wrong scores"},
		     {PF_RUN_TIMEOUT, PF_REJECTED, "timeout"},
		     {PF_RUN_UNCHECKED, PF_NOT_JUDGED, "unchecked"},
		     {PF_RUN_UNAVAILABLE, PF_NOT_JUDGED, "unavailable"},
		     {PF_RUN_INVALID, PF_NOT_JUDGED, "not measured"},
		     {PF_RUN_NOT_RUN, PF_NOT_JUDGED, "not run"}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].status == step->status) {
			out->keep = table[i].keep;
			say(out, "%s%s%s", table[i].text, step->reason[0] ? ": " : "", step->reason);
			return true;
		}
	}
	if (!has_time(step)) {
		say(out, "it has no time");
		return true;
	}
	if (step->approximate && !step->tolerance_checked) {
		say(out, "its scores are approximate, and were held to no tolerance");
		return true;
	}
	return false;
}

static pf_keep by_time(const pf_interval *ratio, const char *incumbent, pf_decision *out)
{
	const double margin = 100 * PF_MARGIN;
	out->word = pf_word_of(ratio, PF_MARGIN);
	switch (out->word) {
	case PF_WORD_FASTER:
		say(out, "faster than %s by more than %.0f %%, with the whole interval", incumbent, margin);
		return PF_KEPT;
	case PF_WORD_SLOWER:
		say(out, "slower than %s by more than %.0f %%, with the whole interval", incumbent, margin);
		return PF_REJECTED;
	case PF_WORD_EQUIVALENT:
		say(out, "as fast as %s within %.0f %%", incumbent, margin);
		return PF_NO_GAIN;
	default:
		break;
	}
	if (ratio->has_interval) {
		say(out, "not told from %s: the interval holds gains and losses, or the margin of %.0f %%",
		    incumbent, margin);
	} else {
		say(out, "not told from %s: one round has no interval", incumbent);
	}
	return PF_NO_GAIN;
}

/* True if the figure that the variant is there for is better than that of `holder`. */
static bool by_purpose(const pf_decision_step *own, const pf_decision_step *holder, pf_decision *out)
{
	static const char *const better[PF_PURPOSES] = {
		[PF_PURPOSE_FIRST_RESULT] = "its first result comes sooner than that of",
		[PF_PURPOSE_MEMORY] = "it takes less memory than"};
	static const char *const not_better[PF_PURPOSES] = {
		[PF_PURPOSE_FIRST_RESULT] = "its first result is not shown to come sooner than that of",
		[PF_PURPOSE_MEMORY] = "it is not shown to take less memory than"};
	snprintf(out->purpose_against, sizeof out->purpose_against, "%s", holder->name);
	if (own->purpose == PF_PURPOSE_MEMORY && holder->processes && !own->processes) {
		say(out,
		    "; its purpose is memory, but what %s took is only known at most: processes share pages",
		    holder->name);
		return false;
	}
	out->has_purpose_ratio = ratio_of(own, holder, own->purpose, &out->purpose_ratio);
	bool improved = out->has_purpose_ratio &&
			pf_word_of(&out->purpose_ratio, PF_MARGIN) == PF_WORD_FASTER;
	if (improved) {
		say(out, "; %s %s, by more than %.0f %%, with the whole interval", better[own->purpose],
		    holder->name, 100 * PF_MARGIN);
	} else {
		say(out, "; %s %s", not_better[own->purpose], holder->name);
	}
	return improved;
}

static void say_approximate(const pf_decision_step *own, const pf_decision_step *incumbent, pf_decision *out)
{
	if (own->approximate) {
		say(out, "; its scores are approximate, within the tolerance that it states");
	}
	if (incumbent && incumbent->approximate) {
		say(out, "; scores of %s are approximate", incumbent->name);
	}
}

/* Of one that has a time, against the incumbent. */
static void compare(const pf_decision_step *own, const pf_decision_step *incumbent,
		    const pf_decision_step *holder, pf_decision *out)
{
	snprintf(out->incumbent, sizeof out->incumbent, "%s", incumbent->name);
	out->has_ratio = ratio_of(own, incumbent, PF_PURPOSE_TIME, &out->ratio);
	if (!out->has_ratio) {
		say(out, "no round has times of both it and %s, the best kept before it", incumbent->name);
		return;
	}
	if (mostly_disturbed(own, out) || mostly_disturbed(incumbent, out)) {
		out->keep = PF_NO_GAIN;
		return;
	}
	out->keep = by_time(&out->ratio, incumbent->name, out);
	out->becomes_incumbent = out->keep == PF_KEPT;
	if (own->purpose != PF_PURPOSE_TIME && out->keep == PF_NO_GAIN && by_purpose(own, holder, out)) {
		out->keep = PF_KEPT;
	}
	say_approximate(own, incumbent, out);
}

void pf_decide(const pf_decision_step *steps, size_t count, pf_decision *out)
{
	const pf_decision_step *incumbent = NULL, *holders[PF_PURPOSES] = {NULL};
	for (size_t i = 0; i < count; i++) {
		const pf_decision_step *own = &steps[i];
		assert(own->purpose < PF_PURPOSES);
		out[i] = (pf_decision){.purpose = own->purpose, .approximate = own->approximate};
		if (by_status(own, &out[i])) {
			continue;
		}
		if (!incumbent) {
			out[i].keep = PF_BASELINE;
			out[i].becomes_incumbent = true;
			say(&out[i], "the first with a time: what comes after is compared with it");
			say_approximate(own, NULL, &out[i]);
		} else {
			const pf_decision_step *holder = holders[own->purpose];
			compare(own, incumbent, holder ? holder : incumbent, &out[i]);
			holders[own->purpose] = out[i].keep == PF_KEPT ? own : holder;
		}
		incumbent = out[i].becomes_incumbent ? own : incumbent;
	}
}
