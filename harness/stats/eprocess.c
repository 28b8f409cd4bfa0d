#include "harness/stats/eprocess.h"

#include <assert.h>
#include <math.h>

static const double bets[PF_EPROCESS_BETS] = {0.05, 0.1, 0.2, 0.4, 0.7, 1.0};

void pf_eprocess_start(pf_eprocess *process, double margin, double alpha)
{
	assert(margin > 0.0 && alpha > 0.0 && alpha < 1.0);
	*process = (pf_eprocess){.margin = log1p(margin), .threshold = log(2.0 / alpha)};
}

/* How far d lies on the thesis's side of its bound. */
static double distance(const pf_eprocess *process, pf_thesis thesis, double d)
{
	switch (thesis) {
	case PF_THESIS_SLOWER:
		return d - process->margin;
	case PF_THESIS_FASTER:
		return -d - process->margin;
	case PF_THESIS_NOT_SLOWER:
		return process->margin - d;
	default:
		return process->margin + d;
	}
}

double pf_eprocess_log_e(const pf_eprocess *process, pf_thesis thesis)
{
	const double *wealth = process->log_wealth[thesis];
	double most = wealth[0], sum = 0.0;
	for (int i = 1; i < PF_EPROCESS_BETS; i++) {
		most = fmax(most, wealth[i]);
	}
	for (int i = 0; i < PF_EPROCESS_BETS && most > -INFINITY; i++) {
		sum += exp(wealth[i] - most);
	}
	return most > -INFINITY ? most + log(sum / PF_EPROCESS_BETS) : most;
}

static void bet(pf_eprocess *process, pf_thesis thesis, double x)
{
	double scale = process->n ? sqrt(process->squares[thesis] / (double)process->n) : 0.0;
	if (process->n >= PF_EPROCESS_SILENT && scale > 0.0) {
		for (int i = 0; i < PF_EPROCESS_BETS; i++) {
			double stake = bets[i] * (x / scale);
			process->log_wealth[thesis][i] += stake - 0.5 * stake * stake;
		}
	}
	process->squares[thesis] += x * x;
	process->log_highest[thesis] = fmax(process->log_highest[thesis], pf_eprocess_log_e(process, thesis));
}

pf_word pf_eprocess_add(pf_eprocess *process, double log_ratio)
{
	assert(isfinite(log_ratio));
	bool proved[PF_THESIS_COUNT];
	for (int thesis = 0; thesis < PF_THESIS_COUNT; thesis++) {
		bet(process, thesis, distance(process, thesis, log_ratio));
		proved[thesis] = process->log_highest[thesis] >= process->threshold;
	}
	process->n++;
	if (process->word == PF_WORD_UNDECIDED) {
		process->word = proved[PF_THESIS_SLOWER]   ? PF_WORD_SLOWER
				: proved[PF_THESIS_FASTER] ? PF_WORD_FASTER
				: proved[PF_THESIS_NOT_SLOWER] && proved[PF_THESIS_NOT_FASTER]
					? PF_WORD_EQUIVALENT
					: PF_WORD_UNDECIDED;
	}
	return process->word;
}
