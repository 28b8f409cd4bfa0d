#include "harness/calibrate/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gate/gate.h"
#include "harness/stats/binomial.h"
#include "harness/stats/order_statistics.h"

#define BUSY_PROCESSORS 0.1

pf_replayed pf_replay(const pf_stream_gate *gate, size_t workload)
{
	const pf_stream_workload *w = &gate->workloads[workload];
	const pf_gate_request request = {
		.margin = gate->margin, .long_margin = gate->long_margin, .alpha = gate->alpha};
	const pf_gate_rules rules = pf_gate_rules_of(&request, gate->count,
						     w->count ? w->observations[0].ns[0] : 0.0);
	bool totals = gate->cell.slowdown == PF_SLOWDOWN_RARE;
	pf_replayed replayed = {.verdict = PF_GATE_INCONCLUSIVE};
	pf_gate_decision decision;
	double sum = 0.0;
	pf_gate_decision_start(&decision, &rules);
	for (size_t i = 0; i < w->count && !decision.done; i++) {
		const pf_gate_observation *o = &w->observations[i];
		if (o->swapped != decision.confirming) {
			continue; /* other rules went on to the next stage elsewhere */
		}
		pf_gate_decision_add(&decision, o);
		replayed.used++;
		replayed.spent_s += o->spent_s;
		sum += totals ? o->total : o->median;
	}
	/* What was not judged by time stays as it was. */
	replayed.verdict = w->verdict == PF_GATE_INVALID ? PF_GATE_INVALID : decision.verdict;
	replayed.effect = replayed.used ? expm1(sum / (double)replayed.used) : 0.0;
	return replayed;
}

double pf_rate_most(size_t k, size_t n)
{
	return n ? pf_binomial_upper(k, n, PF_FIGURES_LEVEL) : 1.0;
}

double pf_rate_least(size_t k, size_t n)
{
	return n ? 1.0 - pf_binomial_upper(n - k, n, PF_FIGURES_LEVEL) : 0.0;
}

/* One gate's part of a row. */
typedef struct part {
	pf_gate_verdict verdict, then;
	double spent_s, effect;
	bool rivals[PF_RIVALS], has_rivals;
} part;

static void add_rivals(const pf_stream_workload *w, part *out)
{
	double a[PF_RIVAL_SAMPLES], b[PF_RIVAL_SAMPLES];
	size_t n = pf_rival_samples(w->observations, w->count, a, b);
	out->has_rivals |= n == PF_RIVAL_SAMPLES;
	for (int i = 0; i < PF_RIVALS && n == PF_RIVAL_SAMPLES; i++) {
		out->rivals[i] |= pf_rival_says_slower((pf_rival)i, a, b, n);
	}
}

/* Of the worse of two verdicts of workloads: the gate's. */
static pf_gate_verdict worse(pf_gate_verdict a, pf_gate_verdict b)
{
	static const int rank[PF_GATE_VERDICTS] = {
		[PF_GATE_FAIL] = 4, [PF_GATE_INVALID] = 3, [PF_GATE_INCONCLUSIVE] = 2, [PF_GATE_PASS] = 1};
	return rank[a] > rank[b] ? a : b;
}

static bool part_of(const pf_stream_gate *gate, const char *name, part *out)
{
	bool any = false;
	*out = (part){.verdict = PF_GATE_PASS, .then = PF_GATE_PASS};
	for (size_t i = 0; i < gate->count; i++) {
		const pf_stream_workload *w = &gate->workloads[i];
		if (name && strcmp(name, w->name) != 0) {
			continue;
		}
		pf_replayed replayed = pf_replay(gate, i);
		out->verdict = worse(out->verdict, replayed.verdict);
		out->then = worse(out->then, w->verdict);
		out->effect = replayed.effect;
		out->spent_s = replayed.spent_s;
		add_rivals(w, out);
		any = true;
	}
	if (!name) {
		out->spent_s = gate->measured_s;
	}
	return any;
}

typedef struct times {
	double *at;
	size_t n;
} times;

static double middle(const times *t)
{
	return t->n ? pf_median(t->at, t->n) : 0.0;
}

static double most(const times *t)
{
	double result = 0.0;
	for (size_t i = 0; i < t->n; i++) {
		result = fmax(result, t->at[i]);
	}
	return result;
}

static void count(pf_row *row, const part *p, double truth, times *fails, times *passes, double *squares)
{
	double off = p->effect - truth, before = row->bias;
	row->n++;
	row->verdicts[p->verdict]++;
	row->changed += p->verdict != p->then;
	row->bias += (off - before) / (double)row->n; /* Welford */
	*squares += (off - before) * (off - row->bias);
	if (p->verdict == PF_GATE_FAIL) {
		fails->at[fails->n++] = p->spent_s;
	} else if (p->verdict == PF_GATE_PASS) {
		passes->at[passes->n++] = p->spent_s;
	}
	row->rivals_n += p->has_rivals;
	for (int i = 0; i < PF_RIVALS; i++) {
		row->rivals[i] += p->has_rivals && p->rivals[i];
	}
}

size_t pf_streams_names(const pf_streams *streams, const char *names[PF_ROW_NAMES])
{
	size_t count = 0;
	for (size_t i = 0; i < streams->count; i++) {
		for (size_t k = 0; k < streams->gates[i].count; k++) {
			const char *name = streams->gates[i].workloads[k].name;
			size_t at = 0;
			while (at < count && strcmp(names[at], name) != 0) {
				at++;
			}
			if (at == count && count < PF_ROW_NAMES) {
				names[count++] = name;
			}
		}
	}
	return count;
}

bool pf_row_of(const pf_streams *streams, const pf_cell *cell, const char *name, pf_row *out)
{
	size_t wanted = pf_cell_index(cell);
	double squares = 0.0;
	times fails = {calloc(streams->count + 1, sizeof(double)), 0},
	      passes = {calloc(streams->count + 1, sizeof(double)), 0};
	*out = (pf_row){.workload = name};
	for (size_t i = 0; i < streams->count && fails.at && passes.at; i++) {
		const pf_stream_gate *gate = &streams->gates[i];
		part p;
		if (pf_cell_index(&gate->cell) == wanted && part_of(gate, name, &p)) {
			count(out, &p, cell->percent / 100.0, &fails, &passes, &squares);
		}
	}
	out->bias_sd = out->n > 1 ? sqrt(squares / (double)(out->n - 1)) : 0.0;
	if (fails.at && passes.at) {
		out->fail_s = middle(&fails);
		out->pass_s = middle(&passes);
		out->fail_most_s = most(&fails);
		out->pass_most_s = most(&passes);
	}
	free(fails.at);
	free(passes.at);
	return out->n > 0;
}

pf_way_error pf_way_error_of(const pf_streams *streams, pf_gate_way way)
{
	pf_way_error result = {0};
	double squares = 0.0, scatter = 0.0, spent = 0.0;
	for (size_t i = 0; i < streams->count; i++) {
		const pf_stream_gate *gate = &streams->gates[i];
		if (gate->cell.slowdown != PF_SLOWDOWN_IDENTICAL || gate->cell.neighbour ||
		    gate->cell.way != way) {
			continue;
		}
		for (size_t k = 0; k < gate->count; k++) {
			const pf_stream_workload *w = &gate->workloads[k];
			double sum = 0.0, sum_squares = 0.0, n = 0.0;
			for (size_t o = 0; o < w->count && n < PF_RIVAL_SAMPLES; o++) {
				if (!w->observations[o].swapped) {
					sum += w->observations[o].median;
					sum_squares += w->observations[o].median * w->observations[o].median;
					spent += w->observations[o].spent_s / PF_RIVAL_SAMPLES;
					n += 1.0;
				}
			}
			if (n < PF_RIVAL_SAMPLES) {
				continue;
			}
			squares += sum / n * sum / n;
			scatter += (sum_squares - sum * sum / n) / (n - 1.0);
			result.n++;
		}
	}
	if (result.n) {
		result.error = sqrt(squares / (double)result.n);
		result.scatter = sqrt(fmax(scatter, 0.0) / (double)result.n);
		result.spent_s = spent / (double)result.n;
	}
	return result;
}

/* Mean variance of an observation within gates of a cell; negative: none. */
static double variance_in(const pf_streams *streams, const pf_cell *cell, const char *workload)
{
	double sum = 0.0;
	size_t gates = 0;
	for (size_t i = 0; i < streams->count; i++) {
		const pf_stream_gate *gate = &streams->gates[i];
		for (size_t k = 0; k < gate->count && pf_cell_index(&gate->cell) == pf_cell_index(cell);
		     k++) {
			const pf_stream_workload *w = &gate->workloads[k];
			double mean = 0.0, squares = 0.0;
			for (size_t o = 0; o < w->count; o++) {
				double off = w->observations[o].median - mean;
				mean += off / (double)(o + 1);
				squares += off * (w->observations[o].median - mean);
			}
			if (strcmp(w->name, workload) == 0 && w->count > 1) {
				sum += squares / (double)(w->count - 1);
				gates++;
			}
		}
	}
	return gates ? sum / (double)gates : -1.0;
}

double pf_layout_floor(const pf_streams *streams, const char *workload, pf_gate_way way)
{
	const pf_cell layouts = {.slowdown = PF_SLOWDOWN_LAYOUTS, .way = way},
		      identical = {.slowdown = PF_SLOWDOWN_IDENTICAL, .way = way};
	double all = variance_in(streams, &layouts, workload),
	       rest = variance_in(streams, &identical, workload);
	return all < 0.0 || rest < 0.0 ? -1.0 : sqrt(fmax(all - rest, 0.0));
}

pf_loads pf_loads_of(const pf_streams *streams)
{
	pf_loads loads = {.least = INFINITY};
	double *all = calloc(streams->count + 1, sizeof *all);
	for (size_t i = 0; i < streams->count && all; i++) {
		const pf_stream_gate *gate = &streams->gates[i];
		all[i] = 0.5 * (gate->load[0] + gate->load[1]);
		loads.least = fmin(loads.least, all[i]);
		loads.most = fmax(loads.most, all[i]);
		loads.steal_most = fmax(loads.steal_most, gate->steal);
		loads.quiet_gates += !gate->cell.neighbour;
		loads.busy += !gate->cell.neighbour && gate->others > BUSY_PROCESSORS;
	}
	if (all && streams->count) {
		loads.middle = pf_median(all, streams->count);
	} else {
		loads.least = 0.0;
	}
	free(all);
	return loads;
}
