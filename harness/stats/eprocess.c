#include "harness/stats/eprocess.h"

#include <assert.h>
#include <math.h>

static const double bets[PF_EPROCESS_BETS] = {0.05, 0.1, 0.2, 0.4, 0.7, 1.0};

void pf_eprocess_start(pf_eprocess *process, double margin, double alpha)
{
	assert(margin > 0.0 && alpha > 0.0 && alpha < 1.0);
	*process = (pf_eprocess){.margin = log1p(margin), .threshold = log(2.0 / alpha)};
}

/* How far d lies on the claim's side of its bound. */
static double distance(const pf_eprocess *process, pf_claim claim, double d)
{
	switch (claim) {
	case PF_CLAIM_SLOWER:
		return d - process->margin;
	case PF_CLAIM_FASTER:
		return -d - process->margin;
	case PF_CLAIM_NOT_SLOWER:
		return process->margin - d;
	default:
		return process->margin + d;
	}
}

double pf_eprocess_log_e(const pf_eprocess *process, pf_claim claim)
{
	const double *wealth = process->log_wealth[claim];
	double most = wealth[0], sum = 0.0;
	for (int i = 1; i < PF_EPROCESS_BETS; i++) {
		most = fmax(most, wealth[i]);
	}
	for (int i = 0; i < PF_EPROCESS_BETS && most > -INFINITY; i++) {
		sum += exp(wealth[i] - most);
	}
	return most > -INFINITY ? most + log(sum / PF_EPROCESS_BETS) : most;
}

static void bet(pf_eprocess *process, pf_claim claim, double x)
{
	double scale = process->n ? sqrt(process->squares[claim] / (double)process->n) : 0.0;
	if (process->n >= PF_EPROCESS_SILENT && scale > 0.0) {
		for (int i = 0; i < PF_EPROCESS_BETS; i++) {
			double stake = bets[i] * (x / scale);
			process->log_wealth[claim][i] += stake - 0.5 * stake * stake;
		}
	}
	process->squares[claim] += x * x;
	process->log_highest[claim] = fmax(process->log_highest[claim], pf_eprocess_log_e(process, claim));
}

pf_word pf_eprocess_add(pf_eprocess *process, double log_ratio)
{
	assert(isfinite(log_ratio));
	bool proved[PF_CLAIM_COUNT];
	for (int claim = 0; claim < PF_CLAIM_COUNT; claim++) {
		bet(process, claim, distance(process, claim, log_ratio));
		proved[claim] = process->log_highest[claim] >= process->threshold;
	}
	process->n++;
	if (process->word == PF_WORD_UNDECIDED) {
		process->word = proved[PF_CLAIM_SLOWER]   ? PF_WORD_SLOWER
				: proved[PF_CLAIM_FASTER] ? PF_WORD_FASTER
				: proved[PF_CLAIM_NOT_SLOWER] && proved[PF_CLAIM_NOT_FASTER]
					? PF_WORD_EQUIVALENT
					: PF_WORD_UNDECIDED;
	}
	return process->word;
}
