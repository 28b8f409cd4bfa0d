#include "harness/gate/gate_commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/timed_command.h"
#include "harness/stats/random.h"
#include "photofinish/trace.h"

/* Runs one; false where it fails, which is then decided. */
static pf_status run_one(pf_gate *gate, const char *const commands[2], int arm, double *wall_ns,
			 pf_error *error)
{
	pf_gate_workload *w = gate->workloads;
	char *words[] = {"/bin/sh", "-c", (char *)(uintptr_t)commands[arm], NULL};
	pf_timed_setting setting = {.timeout_s = gate->request.limit_s};
	pf_timed_run run;
	pf_status status = pf_timed_command_run(words, &setting, &run, error);
	if (status == PF_OK && run.stopped) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	if (status == PF_OK && (run.status || run.timed_out)) {
		w->decision.done = true;
		w->verdict = arm ? PF_GATE_FAIL : PF_GATE_INVALID;
		snprintf(w->why, sizeof w->why,
			 run.timed_out ? "the %s did not end within the limit"
				       : "the %s ended with status %d",
			 arm ? "candidate" : "baseline", run.status);
	}
	*wall_ns += (double)run.wall_ns;
	return status;
}

static pf_status observe(pf_gate *gate, const char *const commands[2], pf_random *random, pf_error *error)
{
	pf_gate_workload *w = gate->workloads;
	int outer = (int)pf_random_below(random, 2);
	const int arms[4] = {outer, 1 - outer, 1 - outer, outer};
	double ns[2] = {0.0, 0.0};
	pf_status status = PF_OK;
	for (int i = 0; i < 4 && status == PF_OK && !w->decision.done; i++) {
		status = run_one(gate, commands, arms[i], &ns[arms[i]], error);
	}
	if (status != PF_OK || w->decision.done) {
		return status;
	}
	double d = log(ns[1] / ns[0]);
	pf_gate_observation o = {.median = d,
				 .total = d,
				 .ns = {ns[0] / 2, ns[1] / 2},
				 .swapped = w->decision.confirming,
				 .blocks = 1,
				 .spent_s = (ns[0] + ns[1]) * 1e-9};
	w->units = 1;
	gate->processes += 4;
	return pf_gate_observe(w, &o) ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

pf_status pf_gate_run_commands(pf_gate *gate, const char *const commands[2], pf_gate_progress progress,
			       void *context, pf_error *error)
{
	pf_random random = {gate->request.seed};
	pf_gate_rules rules = pf_gate_rules_of(&gate->request, 1, 0.0);
	uint64_t begin = pf_now_ns();
	gate->workloads = calloc(1, sizeof *gate->workloads);
	if (!gate->workloads) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_gate_workload *w = gate->workloads;
	gate->count = 1;
	gate->commands[0] = commands[0];
	gate->commands[1] = commands[1];
	snprintf(w->name, sizeof w->name, "command");
	snprintf(w->unit, sizeof w->unit, "run");
	w->margin = rules.margin;
	pf_gate_decision_start(&w->decision, &rules);
	pf_status status = PF_OK;
	while (status == PF_OK && !w->decision.done && gate->measured_s < gate->request.max_s) {
		status = observe(gate, commands, &random, error);
		gate->measured_s = (double)(pf_now_ns() - begin) * 1e-9;
		if (progress) {
			progress(context, gate, gate->measured_s / gate->request.max_s);
		}
	}
	pf_gate_describe(w);
	pf_gate_conclude(gate);
	return status;
}
