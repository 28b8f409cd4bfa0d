#include "harness/gate/gate.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gate/gate_ask.h"
#include "harness/gate/gate_exact.h"
#include "harness/stats/random.h"
#include "photofinish/trace.h"

typedef struct timing {
	pf_gate *gate;
	pf_random random;
	pf_gate_layouts *layouts;
	cpu_set_t cpus;
	unsigned cpu_count;
	uint64_t begin_ns;
	pf_gate_progress progress;
	void *context;
} timing;

/* A false FAIL needs two false proofs on different processes, each by one of two statistics of one of `count`
 * workloads: at most count (2 a)^2, which is request->alpha. */
pf_gate_rules pf_gate_rules_of(const pf_gate_request *request, size_t count, double call_ns)
{
	bool is_long = call_ns > (double)PF_GATE_LONG_CALL_NS;
	return (pf_gate_rules){.margin = is_long ? request->long_margin : request->margin,
			       .alpha = sqrt(request->alpha / (4.0 * (double)(count ? count : 1))),
			       .most = PF_GATE_OBSERVATIONS_MOST / 2};
}

size_t pf_gate_layout_count(const pf_gate_arm *arm, size_t processes)
{
	return arm->relinks ? processes : arm->library[0] ? 1 : 0;
}

static unsigned nth_cpu(const cpu_set_t *set, unsigned n)
{
	unsigned cpu = 0;
	for (; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, set) && n-- == 0) {
			break;
		}
	}
	return cpu;
}

static double spent_on(const pf_gate_workload *w)
{
	double sum = 0.0;
	for (size_t i = 0; i < w->count; i++) {
		sum += w->observations[i].spent_s;
	}
	return sum;
}

/* The workload that is not decided and got least of the time; NULL: all are decided. */
static const pf_gate_workload *least_looked_at(const pf_gate *gate)
{
	const pf_gate_workload *least = NULL;
	for (size_t i = 0; i < gate->count; i++) {
		const pf_gate_workload *w = &gate->workloads[i];
		if (!w->decision.done && (!least || spent_on(w) < spent_on(least))) {
			least = w;
		}
	}
	return least;
}

/* The next process: the next processor, a drawn order of loading. Workloads of the stage `swapped` that got
 * up to `share` of the time, in seconds. */
static size_t next_order(timing *t, bool swapped, double share, pf_gate_order *order,
			 pf_gate_observation *common, size_t *indices)
{
	const pf_gate *gate = t->gate;
	size_t count = 0;
	*order = (pf_gate_order){
		.task = PF_GATE_TIME, .way = gate->request.way, .seconds = gate->request.seconds};
	for (size_t i = 0; i < gate->count && count < PF_GATE_WORKLOADS_MOST; i++) {
		const pf_gate_workload *w = &gate->workloads[i];
		if (!w->decision.done && w->decision.confirming == swapped && spent_on(w) <= share) {
			memcpy(order->workloads[count], w->name, sizeof w->name);
			indices[count++] = i;
		}
	}
	*common = (pf_gate_observation){.swapped = swapped};
	order->count = (uint32_t)count;
	order->first = (uint32_t)pf_random_below(&t->random, 2);
	order->seed = (uint32_t)pf_random_next(&t->random);
	common->cpu = nth_cpu(&t->cpus, (unsigned)(gate->processes % t->cpu_count));
	order->cpu = (int32_t)common->cpu;
	return count;
}

/* New layouts of both arms: where functions lie moves times, and a build is one draw from all places. Both by
 * one seed: functions that are in both lie in one order, and as far as sizes are the same at the same places.
 * On average over seeds that changes nothing for either arm; what layouts scatter by is in part the same for
 * both, and goes out of their ratio. */
static pf_status draw_layouts(timing *t, bool swapped, pf_gate_order *order, pf_gate_observation *common,
			      pf_error *error)
{
	const pf_gate *gate = t->gate;
	char libraries[2][PATH_MAX], wrapped[PATH_MAX];
	unsigned drawn = 0;
	for (int arm = 0; arm < 2; arm++) {
		if (!arm || gate->other_layouts) {
			drawn = PF_GATE_LAYOUT_FIRST +
				(unsigned)pf_random_below(&t->random, PF_GATE_LAYOUT_COUNT);
		}
		common->layout[arm] = gate->arms[arm].relinks ? drawn : 0;
	}
	pf_status status = pf_gate_layouts_make(t->layouts, common->layout, libraries, error);
	for (int arm = 0; arm < 2 && status == PF_OK; arm++) {
		char *library = order->library[swapped ? 1 - arm : arm];
		snprintf(library, PATH_MAX, "%s", libraries[arm]);
		if (gate->wrap) {
			status = gate->wrap(gate->wrap_context, arm, libraries[arm], wrapped, error);
			snprintf(library, PATH_MAX, "%s", wrapped);
		}
	}
	return status;
}

static void invalidate(pf_gate_workload *w, const char *what, pf_gate_fault fault, const char *text)
{
	w->verdict = PF_GATE_INVALID;
	w->decision.done = true;
	snprintf(w->why, sizeof w->why, "%s: %s%s%.120s", what, pf_gate_fault_text(fault),
		 text[0] ? ": " : "", text);
}

bool pf_gate_observe(pf_gate_workload *w, const pf_gate_observation *observation)
{
	pf_gate_observation *larger = reallocarray(w->observations, w->count + 1, sizeof *larger);
	if (!larger) {
		return false;
	}
	w->observations = larger;
	larger[w->count++] = *observation;
	w->timed = true;
	if (pf_gate_decision_add(&w->decision, observation)) {
		w->verdict = w->decision.verdict;
	}
	return true;
}

static bool take(const pf_gate *gate, pf_gate_workload *w, const pf_gate_frame *frame, pf_gate_observation o)
{
	if (frame->fault) {
		invalidate(w, "while it was timed", (pf_gate_fault)frame->fault, frame->text);
		return true;
	}
	if (!frame->blocks || !isfinite(frame->median) || !isfinite(frame->total)) {
		invalidate(w, "nothing was measured", PF_GATE_NOT_LINEAR, "");
		return true;
	}
	int base = o.swapped ? 1 : 0;
	double sign = o.swapped ? -1.0 : 1.0, units = 2.0 * (double)frame->units * frame->blocks;
	o.median = sign * frame->median;
	o.total = sign * frame->total;
	o.ns[0] = (double)frame->total_ns[base] / units;
	o.ns[1] = (double)frame->total_ns[1 - base] / units;
	o.blocks = frame->blocks;
	o.set_aside = frame->set_aside;
	o.spent_s = (double)frame->spent_ns * 1e-9;
	w->units = frame->units;
	if (!w->count) { /* the first one says how long its calls are */
		pf_gate_rules rules = pf_gate_rules_of(&gate->request, gate->count, o.ns[0]);
		w->margin = rules.margin;
		pf_gate_decision_start(&w->decision, &rules);
	}
	return pf_gate_observe(w, &o);
}

/* One process: of the workload that got least of the time, and those of its stage that got up to half as much
 * again. Each gets an equal share of the time, and not of the processes: short ones are decided long before a
 * whole photo is. When something is looked at has nothing to do with what is seen. */
static pf_status one_process(timing *t, const pf_gate_workload *least, pf_error *error)
{
	pf_gate_order order;
	pf_gate_observation common;
	size_t indices[PF_GATE_WORKLOADS_MOST] = {0};
	bool swapped = least->decision.confirming;
	next_order(t, swapped, 1.5 * spent_on(least), &order, &common, indices);
	pf_gate_setting setting = {.timeout_s = t->gate->request.limit_s * (1 + order.count)};
	pf_gate_answer answer;
	pf_status status = draw_layouts(t, swapped, &order, &common, error);
	if (status != PF_OK) {
		return status;
	}
	status = pf_gate_ask(&order, &setting, &answer, error);
	t->gate->processes++;
	for (size_t i = 0; i < answer.count && status == PF_OK; i++) {
		const pf_gate_frame *frame = &answer.frames[i];
		if (frame->workload < order.count &&
		    !take(t->gate, &t->gate->workloads[indices[frame->workload]], frame, common)) {
			status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
		}
		if (frame->workload >=
		    order.count) { /* a library that could be loaded before cannot be any more */
			for (size_t k = 0; k < order.count; k++) {
				invalidate(&t->gate->workloads[indices[k]], "with both loaded",
					   (pf_gate_fault)frame->fault, frame->text);
			}
		}
	}
	if (status == PF_OK && answer.ending) {
		for (size_t k = 0; k < order.count; k++) {
			if (answer.at >= order.count || answer.at == k) {
				invalidate(&t->gate->workloads[indices[k]], "with both loaded", answer.ending,
					   answer.text);
			}
		}
	}
	pf_gate_answer_free(&answer);
	return status;
}

static double spent_s(const timing *t)
{
	return (double)(pf_now_ns() - t->begin_ns) * 1e-9;
}

static pf_status time_workloads(timing *t, pf_error *error)
{
	pf_status status = pf_gate_layouts_open(t->gate->arms, &t->layouts, error);
	const pf_gate_workload *least;
	/* One process at least, however long the exact checks took: what leaves out work is noticed there. */
	for (bool first = true; status == PF_OK && (least = least_looked_at(t->gate)) &&
				(first || spent_s(t) < t->gate->request.max_s);
	     first = false) {
		status = one_process(t, least, error);
		if (t->progress) {
			t->progress(t->context, t->gate, spent_s(t) / t->gate->request.max_s);
		}
	}
	pf_gate_layouts_close(t->layouts);
	return status;
}

void pf_gate_describe(pf_gate_workload *w)
{
	double *d = w->count ? malloc(w->count * sizeof *d) : NULL;
	for (size_t i = 0; i < w->count && d; i++) {
		d[i] = w->decision.by_total ? w->observations[i].total : w->observations[i].median;
	}
	if (d) {
		w->effect = pf_mean_interval(d, w->count, 0.95);
		w->effect.mean = expm1(w->effect.mean);
		w->effect.low = expm1(w->effect.low);
		w->effect.high = expm1(w->effect.high);
	}
	free(d);
	if (w->verdict == PF_GATE_FAIL && w->timed && !w->why[0] && w->decision.by_total) {
		snprintf(w->why, sizeof w->why,
			 "its sum of times: the middle of them is not slower, some calls are");
	}
	if (w->verdict == PF_GATE_INCONCLUSIVE && !w->why[0]) {
		const char *what =
			w->decision.confirming
				? "slower, but fresh processes with swapped roles did not confirm it"
			: w->decision.done ? "all observations were used up"
					   : "the time was up";
		if (w->effect.has_interval) {
			snprintf(w->why, sizeof w->why,
				 "%s after %zu processes; with these a margin of %.2g %% could be had", what,
				 w->count, 100.0 * fmax(w->margin, w->effect.high));
		} else {
			snprintf(w->why, sizeof w->why, "%s after %zu process%s: that gives no interval",
				 what, w->count, w->count == 1 ? "" : "es");
		}
	}
}

static bool within(const char *names, const char *name)
{
	size_t length = strlen(name);
	for (const char *at = names; (at = strstr(at, name)); at += length) {
		if ((at == names || at[-1] == ' ') && (at[length] == ' ' || !at[length])) {
			return true;
		}
	}
	return false;
}

void pf_gate_conclude(pf_gate *gate)
{
	static const pf_gate_verdict order[] = {PF_GATE_FAIL, PF_GATE_INVALID, PF_GATE_INCONCLUSIVE,
						PF_GATE_PASS, PF_GATE_IDENTICAL};
	size_t gated = 0;
	for (size_t i = 0; i < gate->count; i++) {
		pf_gate_workload *w = &gate->workloads[i];
		gated += w->verdict != PF_GATE_NEW;
		for (size_t k = 0; k < gate->count && w->verdict == PF_GATE_FAIL; k++) {
			const pf_gate_workload *other = &gate->workloads[k];
			w->contains_cause |= k != i && other->verdict == PF_GATE_FAIL &&
					     within(other->within, w->name);
		}
	}
	gate->verdict = PF_GATE_INVALID;
	if (!gated) {
		snprintf(gate->why, sizeof gate->why, "no workload was gated");
		return;
	}
	for (size_t o = 0; o < sizeof order / sizeof *order; o++) {
		for (size_t i = 0; i < gate->count; i++) {
			if (gate->workloads[i].verdict == order[o]) {
				gate->verdict = order[o];
				return;
			}
		}
	}
}

static void judge_by_instructions(pf_gate *gate)
{
	for (size_t i = 0; i < gate->count; i++) {
		pf_gate_workload *w = &gate->workloads[i];
		double before = (double)w->exact[0].instructions, now = (double)w->exact[1].instructions;
		if (w->decision.done) {
			continue;
		}
		w->decision.done = true;
		w->verdict = before <= 0.0 || now <= 0.0                   ? PF_GATE_INVALID
			     : now > before * (1.0 + gate->request.margin) ? PF_GATE_FAIL
									   : PF_GATE_PASS;
		snprintf(w->why, sizeof w->why, "instructions a unit: %+.2f %%",
			 before > 0.0 ? 100.0 * (now / before - 1.0) : 0.0);
	}
}

static pf_status run_exact(pf_gate *gate, pf_error *error)
{
	pf_status status = pf_gate_list(gate, error);
	for (int arm = 0; arm < 2 && status == PF_OK; arm++) {
		status = pf_gate_look(gate, arm, error);
	}
	for (size_t i = 0; i < gate->count && status == PF_OK; i++) {
		pf_gate_judge_exact(&gate->workloads[i]);
	}
	for (int arm = 0; arm < 2 && status == PF_OK && gate->request.count_instructions; arm++) {
		status = pf_gate_count_instructions(gate, arm, error);
	}
	return status;
}

static pf_status start(timing *t, pf_gate *gate, pf_gate_progress progress, void *context, pf_error *error)
{
	*t = (timing){.gate = gate,
		      .random = {gate->request.seed},
		      .begin_ns = pf_now_ns(),
		      .progress = progress,
		      .context = context};
	return sched_getaffinity(0, sizeof t->cpus, &t->cpus) ||
			       !(t->cpu_count = (unsigned)CPU_COUNT(&t->cpus))
		       ? pf_fail_errno(error, NULL, "cannot read on which processors this may run")
		       : PF_OK;
}

static void finish(timing *t)
{
	pf_gate *gate = t->gate;
	gate->measured_s = spent_s(t);
	for (size_t i = 0; i < gate->count; i++) {
		pf_gate_describe(&gate->workloads[i]);
	}
	pf_gate_conclude(gate);
}

pf_status pf_gate_time(pf_gate *gate, pf_gate_progress progress, void *context, pf_error *error)
{
	timing t;
	pf_status status = start(&t, gate, progress, context, error);
	if (status == PF_OK) {
		status = time_workloads(&t, error);
		finish(&t);
	}
	return status;
}

pf_status pf_gate_run(pf_gate *gate, pf_gate_progress progress, void *context, pf_error *error)
{
	timing t;
	pf_status status = start(&t, gate, progress, context, error);
	if (status == PF_OK) {
		status = run_exact(gate, error);
	}
	gate->identical = status == PF_OK && pf_gate_arms_identical(&gate->arms[0], &gate->arms[1]);
	for (size_t i = 0; i < gate->count && status == PF_OK; i++) {
		pf_gate_workload *w = &gate->workloads[i];
		/* The same bytes with other outputs: something outside of the library decides, and is
		 * measured. */
		gate->identical &= memcmp(w->exact[0].digest, w->exact[1].digest,
					  sizeof w->exact[0].digest) == 0;
	}
	if (status == PF_OK && (gate->identical || gate->request.exact_only)) {
		for (size_t i = 0; i < gate->count; i++) {
			pf_gate_workload *w = &gate->workloads[i];
			if (!w->decision.done) {
				w->decision.done = true;
				w->verdict = gate->identical ? PF_GATE_IDENTICAL : PF_GATE_PASS;
			}
		}
	} else if (status == PF_OK && gate->request.by_instructions) {
		judge_by_instructions(gate);
	} else if (status == PF_OK) {
		status = time_workloads(&t, error);
	}
	finish(&t);
	return status;
}

void pf_gate_release(pf_gate *gate)
{
	for (size_t i = 0; i < gate->count; i++) {
		free(gate->workloads[i].observations);
	}
	free(gate->workloads);
	gate->workloads = NULL;
	gate->count = 0;
}
