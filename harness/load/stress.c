#include "harness/load/stress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/run/run.h"

enum { RISES_MOST = 24, FALLS_MOST = 8, SPLITS = 3, SLOS_MOST = 32 };
#define RISE 1.5
#define FIRST_S 2.0 /* of one user, for the rate to begin with */
#define RATE_MOST 1e6
#define SLOWER 2.0         /* a median so many times that at the knee */
#define SHARE_OF_NOTE 0.01 /* of requests, for a way of failing */

pf_slo_verdict pf_stress_judge(const pf_url_phase *phase, pf_slo *slos, size_t count)
{
	pf_slo_verdict worst = PF_SLO_MET;
	for (size_t i = 0; i < count; i++) {
		if (slos[i].metric == PF_SLO_OK) {
			pf_slo_judge_share(&slos[i], phase->outcomes[PF_SENT_OK], phase->sent, PF_LEVEL);
		} else {
			pf_slo_judge_latency(&slos[i], phase->latency, PF_LEVEL);
		}
		if (slos[i].verdict == PF_SLO_MISSED || worst == PF_SLO_MET) {
			worst = slos[i].verdict;
		}
	}
	return worst;
}

static double rate_of(const pf_stress *stress, int phase)
{
	return stress->load->phases[phase].rate.from;
}

/* One step; whether something was missed in it. */
static pf_status try_rate(pf_stress *stress, double rate, bool *missed, pf_error *error)
{
	pf_url_load *load = stress->load;
	pf_slo slos[SLOS_MOST];
	const pf_url_phase order = {.rate = {.from = rate, .to = rate, .duration_s = stress->duration_s},
				    .drains = true};
	pf_status status = pf_url_load_phase(load, &order, error);
	size_t count = stress->slo_count < SLOS_MOST ? stress->slo_count : SLOS_MOST;
	memcpy(slos, stress->slos, count * sizeof *slos);
	if (status != PF_OK || pf_interrupts) {
		return status;
	}
	int phase = (int)load->phase_count - 1;
	*missed = pf_stress_judge(&load->phases[phase], slos, count) == PF_SLO_MISSED;
	if (*missed && (stress->broken < 0 || rate < rate_of(stress, stress->broken))) {
		stress->broken = phase;
	} else if (!*missed && (stress->held < 0 || rate > rate_of(stress, stress->held))) {
		stress->held = phase;
	}
	return PF_OK;
}

static pf_status find_begin(pf_stress *stress, pf_error *error)
{
	pf_url_load *load = stress->load;
	const pf_url_phase order = {.rate = {.duration_s = FIRST_S}, .users = 1, .drains = true};
	pf_status status = pf_url_load_phase(load, &order, error);
	if (status == PF_OK && load->phase_count) {
		const pf_url_phase *phase = &load->phases[load->phase_count - 1];
		stress->rate = (double)phase->sent / phase->lasted_s / 2;
	}
	return status;
}

static const char *way_of_failing(const pf_stress *stress)
{
	const pf_url_phase *knee = &stress->load->phases[stress->held],
			   *beyond = &stress->load->phases[stress->beyond];
	static const struct {
		pf_sent outcome;
		const char *word;
	} ways[] = {{PF_SENT_REJECTED, "rejects"},
		    {PF_SENT_LATE, "slows"},
		    {PF_SENT_ERROR, "errs"},
		    {PF_SENT_LOST, "loses"}};
	const char *word = "";
	size_t most = (size_t)(SHARE_OF_NOTE * (double)beyond->sent);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (beyond->outcomes[ways[i].outcome] > most) {
			most = beyond->outcomes[ways[i].outcome];
			word = ways[i].word;
		}
	}
	pf_percentile before, after;
	if (!word[0] && pf_histogram_percentile(knee->latency, 0.5, PF_LEVEL, &before) &&
	    pf_histogram_percentile(beyond->latency, 0.5, PF_LEVEL, &after) &&
	    after.low > SLOWER * before.high) {
		word = "slows";
	}
	return word;
}

/* Between what held and what did not, by the middle of their logarithms. */
static pf_status narrow(pf_stress *stress, pf_error *error)
{
	pf_status status = PF_OK;
	bool missed;
	for (int i = 0; i < SPLITS && status == PF_OK && !pf_interrupts; i++) {
		double rate = sqrt(rate_of(stress, stress->held) * rate_of(stress, stress->broken));
		status = try_rate(stress, rate, &missed, error);
	}
	return status;
}

pf_status pf_stress_run(pf_stress *stress, pf_error *error)
{
	bool missed = false;
	stress->held = stress->broken = stress->beyond = -1;
	stress->fails = "";
	pf_status status = stress->rate > 0 ? PF_OK : find_begin(stress, error);
	double rate = stress->rate;
	for (int i = 0; i < RISES_MOST && status == PF_OK && !pf_interrupts && !missed && rate < RATE_MOST;
	     i++) {
		status = try_rate(stress, rate, &missed, error);
		rate *= RISE;
	}
	rate = stress->rate;
	for (int i = 0; i < FALLS_MOST && status == PF_OK && !pf_interrupts && stress->held < 0; i++) {
		rate /= 2;
		status = try_rate(stress, rate, &missed, error);
	}
	if (status == PF_OK && stress->held >= 0 && stress->broken >= 0) {
		status = narrow(stress, error);
		int held = stress->held, broken = stress->broken;
		if (status == PF_OK && !pf_interrupts) {
			status = try_rate(stress, 2 * rate_of(stress, held), &missed, error);
			stress->beyond = (int)stress->load->phase_count - 1;
			stress->held = held; /* chance may let it hold there */
			stress->broken = broken;
		}
	}
	if (status == PF_OK && stress->beyond >= 0 && !pf_interrupts) {
		stress->fails = way_of_failing(stress);
	}
	return status;
}
