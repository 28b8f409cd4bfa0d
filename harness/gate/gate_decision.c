#include "harness/gate/gate_decision.h"

#include <math.h>
#include <string.h>

#define NAME(constant, name) name,
static const char *const names[] = {PF_GATE_VERDICT_LIST(NAME)};
#undef NAME

const char *pf_gate_verdict_name(pf_gate_verdict verdict)
{
	return (unsigned)verdict < PF_GATE_VERDICTS ? names[verdict] : "?";
}

pf_gate_verdict pf_gate_verdict_from_name(const char *name)
{
	int i = 0;
	while (i < PF_GATE_VERDICTS && strcmp(names[i], name) != 0) {
		i++;
	}
	return (pf_gate_verdict)i;
}

static void start_stage(pf_gate_decision *decision)
{
	pf_eprocess_start(&decision->median, decision->rules.margin, decision->rules.alpha);
	pf_eprocess_start(&decision->total, decision->rules.margin, decision->rules.alpha);
	decision->n = 0;
}

void pf_gate_decision_start(pf_gate_decision *decision, const pf_gate_rules *rules)
{
	*decision = (pf_gate_decision){.rules = *rules};
	start_stage(decision);
}

static bool proved(const pf_eprocess *process, pf_thesis thesis)
{
	return process->log_highest[thesis] >= process->threshold;
}

bool pf_gate_decision_add(pf_gate_decision *decision, const pf_gate_observation *observation)
{
	if (decision->done) {
		return true;
	}
	pf_eprocess_add(&decision->median, observation->median);
	pf_eprocess_add(&decision->total, observation->total);
	decision->n++;
	bool by_median = proved(&decision->median, PF_THESIS_SLOWER),
	     by_total = proved(&decision->total, PF_THESIS_SLOWER);
	if (by_median || by_total) {
		decision->by_total = by_total && !by_median;
		if (decision->confirming) {
			decision->verdict = PF_GATE_FAIL;
			decision->done = true;
		} else {
			decision->confirming = true;
			start_stage(decision);
		}
	} else if (!decision->confirming && proved(&decision->median, PF_THESIS_NOT_SLOWER) &&
		   proved(&decision->total, PF_THESIS_NOT_SLOWER)) {
		decision->verdict = PF_GATE_PASS;
		decision->done = true;
	} else if (decision->n >= decision->rules.most) {
		decision->done = true; /* inconclusive, also where a FAIL was not confirmed */
	}
	return decision->done;
}

/* An e-process on steady observations: all of them `x` on average, with root mean square `scale`. */
static size_t steady(const pf_gate_rules *rules, double x, double scale)
{
	pf_eprocess process;
	pf_eprocess_start(&process, rules->margin, rules->alpha);
	double threshold = process.threshold, ratio = scale > 0.0 ? x / scale : 1.0, best = 0.0;
	static const double bets[PF_EPROCESS_BETS] = {0.05, 0.1, 0.2, 0.4, 0.7, 1.0};
	if (!(x > 0.0)) {
		return 0;
	}
	for (int i = 0; i < PF_EPROCESS_BETS; i++) {
		double gain = bets[i] * ratio - 0.5 * bets[i] * bets[i];
		best = gain > best ? gain : best;
	}
	return best > 0.0 ? PF_EPROCESS_SILENT + (size_t)ceil((threshold + log(PF_EPROCESS_BETS)) / best) : 0;
}

size_t pf_gate_observations_for(const pf_gate_rules *rules, double effect, double sd)
{
	double x = fabs(log1p(effect) - log1p(rules->margin));
	return steady(rules, x, sqrt(x * x + sd * sd));
}

double pf_gate_smallest_fail(const pf_gate_rules *rules, size_t n, double sd)
{
	double low = rules->margin, high = 1.0;
	size_t needed = pf_gate_observations_for(rules, high, sd);
	if (!needed || needed > n) {
		return INFINITY;
	}
	for (int i = 0; i < 60; i++) {
		double middle = 0.5 * (low + high);
		needed = pf_gate_observations_for(rules, middle, sd);
		if (needed && needed <= n) {
			high = middle;
		} else {
			low = middle;
		}
	}
	return high;
}
