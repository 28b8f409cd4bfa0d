#include "harness/load/slo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/quantity.h"
#include "harness/base/text.h"
#include "harness/stats/binomial.h"
#include "harness/stats/order_statistics.h"

static bool parse_time(const char *text, double *ns)
{
	double seconds = 0;
	*ns = pf_has_unit(text) && pf_seconds_parse(text, &seconds) ? seconds * 1e9 : 0;
	return *ns > 0;
}

bool pf_slo_parse(const char *text, pf_slo *out)
{
	char *end = NULL;
	const char *value = strchr(text, '=');
	*out = (pf_slo){.verdict = PF_SLO_UNDECIDED};
	if (!value || snprintf(out->text, sizeof out->text, "%s", text) >= (int)sizeof out->text) {
		return false;
	}
	size_t length = (size_t)(value++ - text);
	if (length == 10 && strncmp(text, "throughput", length) == 0) {
		out->metric = PF_SLO_THROUGHPUT;
		out->limit = strtod(value, &end);
		return end != value && !*end && isfinite(out->limit) && out->limit > 0;
	}
	if (length == 2 && strncmp(text, "ok", length) == 0) {
		out->metric = PF_SLO_OK;
		out->limit = strtod(value, &end) / 100;
		return end != value && strcmp(end, "%") == 0 && out->limit > 0 && out->limit <= 1;
	}
	if (length == 3 && strncmp(text, "max", length) == 0) {
		out->metric = PF_SLO_MAX;
		return parse_time(value, &out->limit);
	}
	out->metric = PF_SLO_PERCENTILE;
	out->p = text[0] == 'p' && text[1] >= '0' && text[1] <= '9' ? strtod(text + 1, &end) / 100 : 0;
	return out->p > 0 && out->p < 1 && end == text + length && parse_time(value, &out->limit);
}

void pf_slo_judge_latency(pf_slo *slo, const pf_histogram *latency, double level)
{
	char low[PF_TEXT], high[PF_TEXT];
	pf_percentile percentile;
	slo->verdict = PF_SLO_UNDECIDED;
	if (slo->metric == PF_SLO_MAX && !pf_histogram_count(latency)) {
		snprintf(slo->why, sizeof slo->why, "nothing was measured");
	} else if (slo->metric == PF_SLO_MAX) {
		bool met = (double)pf_histogram_most(latency) <= slo->limit;
		slo->verdict = met ? PF_SLO_MET : PF_SLO_MISSED;
		snprintf(slo->why, sizeof slo->why, "the most in this sample: %s",
			 pf_text_seconds((double)pf_histogram_most(latency) * 1e-9, high));
	} else if (!pf_histogram_percentile(latency, slo->p, level, &percentile)) {
		snprintf(slo->why, sizeof slo->why, "needs n >= %zu, has %llu",
			 pf_slo_least_count(slo->p, level), (unsigned long long)pf_histogram_count(latency));
	} else {
		slo->verdict = percentile.high <= slo->limit ? PF_SLO_MET
			       : percentile.low > slo->limit ? PF_SLO_MISSED
							     : PF_SLO_UNDECIDED;
		snprintf(slo->why, sizeof slo->why, "the interval is %s to %s",
			 pf_text_seconds(percentile.low * 1e-9, low),
			 pf_text_seconds(percentile.high * 1e-9, high));
	}
}

void pf_slo_judge_throughput(pf_slo *slo, const pf_interval *rate)
{
	if (!rate->has_interval) {
		slo->verdict = PF_SLO_UNDECIDED;
		snprintf(slo->why, sizeof slo->why, "an interval needs 2 trials, there were %zu", rate->n);
		return;
	}
	slo->verdict = rate->low >= slo->limit   ? PF_SLO_MET
		       : rate->high < slo->limit ? PF_SLO_MISSED
						 : PF_SLO_UNDECIDED;
	snprintf(slo->why, sizeof slo->why, "the interval is %.4g to %.4g photos/s", rate->low, rate->high);
}

void pf_slo_judge_share(pf_slo *slo, size_t ok, size_t n, double level)
{
	double low, high;
	slo->verdict = PF_SLO_UNDECIDED;
	if (!n) {
		snprintf(slo->why, sizeof slo->why, "nothing was sent");
		return;
	}
	pf_binomial_interval(ok, n, level, &low, &high);
	/* All of them is met by all of them: no sample could prove more. */
	slo->verdict = low >= slo->limit || (slo->limit >= 1 && ok == n) ? PF_SLO_MET
		       : high < slo->limit                               ? PF_SLO_MISSED
									 : PF_SLO_UNDECIDED;
	snprintf(slo->why, sizeof slo->why, "%zu of %zu, the interval is %.2f to %.2f %%", ok, n, 100 * low,
		 100 * high);
}

const char *pf_slo_verdict_name(pf_slo_verdict verdict)
{
	static const char *const words[] = {"met", "missed", "undecided"};
	return words[verdict];
}

size_t pf_slo_least_count(double p, double level)
{
	size_t low, high, from = 1, to = 2;
	while (!pf_quantile_ranks(to, p, level, &low, &high) && to < (size_t)1 << 40) {
		from = to;
		to *= 2;
	}
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (pf_quantile_ranks(middle, p, level, &low, &high)) {
			to = middle;
		} else {
			from = middle + 1;
		}
	}
	return to;
}
