#include "harness/gate/gate_exact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/gate/gate_ask.h"

enum { VALGRIND_LIMIT_S = 3600, COUNTED_UNITS = 2, CALLS_BOUND = 1, BYTES_BOUND = 4096 };

static void decide(pf_gate_workload *workload, pf_gate_verdict verdict, const char *text)
{
	workload->verdict = verdict;
	workload->decision.done = true;
	snprintf(workload->why, sizeof workload->why, "%s", text);
}

static const char *arm_name(int arm)
{
	return arm ? "candidate" : "baseline";
}

/* A candidate with a fault FAILs; a baseline with one leaves nothing to compare with. */
static void decide_fault(pf_gate_workload *workload, int arm, pf_gate_fault fault, const char *text)
{
	char why[PF_GATE_TEXT];
	snprintf(why, sizeof why, "the %s: %s%s%.150s", arm_name(arm), pf_gate_fault_text(fault),
		 text[0] ? ": " : "", text);
	decide(workload, arm && fault != PF_GATE_MISSING ? PF_GATE_FAIL : PF_GATE_INVALID, why);
}

static pf_status list_arm(const pf_gate *gate, int arm, pf_gate_answer *answer, pf_error *error)
{
	pf_gate_order order = {.task = PF_GATE_LIST, .cpu = -1};
	pf_gate_setting setting = {.timeout_s = gate->request.limit_s};
	snprintf(order.library[0], sizeof order.library[0], "%s", gate->arms[arm].library);
	pf_status status = pf_gate_ask(&order, &setting, answer, error);
	if (status != PF_OK) {
		return status;
	}
	const pf_gate_frame *last = answer->count ? &answer->frames[answer->count - 1] : NULL;
	if (!last || last->fault || answer->ending) {
		pf_gate_fault fault = last && last->fault ? (pf_gate_fault)last->fault : answer->ending;
		return pf_fail(error, PF_ERR_INVALID, order.library[0], "the %s: %s: %.100s", arm_name(arm),
			       pf_gate_fault_text(fault ? fault : PF_GATE_NO_TABLE),
			       last ? last->text : answer->text);
	}
	return PF_OK;
}

static const pf_gate_frame *named(const pf_gate_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->count; i++) {
		if (strcmp(answer->frames[i].name, name) == 0) {
			return &answer->frames[i];
		}
	}
	return NULL;
}

static bool asked_for(const pf_gate_request *request, const pf_gate_frame *frame)
{
	if (!request->name_count) {
		return !frame->on_request;
	}
	for (size_t i = 0; i < request->name_count; i++) {
		if (strcmp(request->names[i], "all") == 0 || strcmp(request->names[i], frame->name) == 0) {
			return true;
		}
	}
	return false;
}

static void add(pf_gate *gate, const pf_gate_frame *frame, bool is_new)
{
	if (!gate->workloads) {
		return;
	}
	pf_gate_workload *w = &gate->workloads[gate->count++];
	memcpy(w->name, frame->name, sizeof w->name);
	memcpy(w->unit, frame->unit, sizeof w->unit);
	memcpy(w->within, frame->within, sizeof w->within);
	if (is_new) {
		decide(w, PF_GATE_NEW, "only the candidate has it: new, not gated");
	}
}

pf_status pf_gate_list(pf_gate *gate, pf_error *error)
{
	pf_gate_answer answers[2] = {{0}, {0}};
	pf_status status = list_arm(gate, 0, &answers[0], error);
	if (status == PF_OK) {
		status = list_arm(gate, 1, &answers[1], error);
	}
	gate->workloads = calloc(answers[0].count + answers[1].count + 1, sizeof *gate->workloads);
	if (!gate->workloads) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	for (size_t i = 0; i < answers[0].count && status == PF_OK; i++) {
		const pf_gate_frame *frame = &answers[0].frames[i];
		if (asked_for(&gate->request, frame) && gate->workloads) {
			add(gate, frame, false);
			if (!named(&answers[1], frame->name)) {
				decide_fault(&gate->workloads[gate->count - 1], 1, PF_GATE_MISSING, "");
			}
		}
	}
	for (size_t i = 0; i < answers[1].count && status == PF_OK; i++) {
		const pf_gate_frame *frame = &answers[1].frames[i];
		if (asked_for(&gate->request, frame) && !named(&answers[0], frame->name)) {
			add(gate, frame, true);
		}
	}
	for (size_t i = 0; i < gate->request.name_count && status == PF_OK; i++) {
		const char *name = gate->request.names[i];
		if (strcmp(name, "all") != 0 && !named(&answers[0], name) && !named(&answers[1], name)) {
			status = pf_fail(error, PF_ERR_NOT_FOUND, NULL,
					 "neither library has a workload \"%.64s\"", name);
		}
	}
	for (size_t i = 0; i < gate->count && status == PF_OK; i++) {
		for (int arm = 0; arm < 2; arm++) {
			snprintf(gate->workloads[i].exact[arm].library, PF_GATE_TEXT, "%s",
				 answers[arm].frames[0].library);
		}
	}
	pf_gate_answer_free(&answers[0]);
	pf_gate_answer_free(&answers[1]);
	return status;
}

static void take_exact(pf_gate_workload *w, int arm, const pf_gate_frame *frame)
{
	pf_gate_exact *exact = &w->exact[arm];
	if (frame->fault) {
		decide_fault(w, arm, (pf_gate_fault)frame->fault, frame->text);
		return;
	}
	exact->known = true;
	exact->heap_known = frame->allocations_known;
	memcpy(exact->digest, frame->digest[0], sizeof exact->digest);
	exact->allocations = frame->allocations;
	exact->allocated_bytes = frame->allocated_bytes;
	exact->peak_bytes = frame->peak_bytes;
	exact->leaked_bytes = frame->leaked_bytes;
}

/* The workloads of an order: those that are not decided and whose arm was not looked at yet. */
static size_t pending(const pf_gate *gate, int arm, pf_gate_order *order, size_t *indices)
{
	size_t count = 0;
	for (size_t i = 0; i < gate->count && count < PF_GATE_WORKLOADS_MOST; i++) {
		const pf_gate_workload *w = &gate->workloads[i];
		if (!w->decision.done && !w->exact[arm].known) {
			memcpy(order->workloads[count], w->name, sizeof w->name);
			indices[count++] = i;
		}
	}
	order->count = (uint32_t)count;
	return count;
}

pf_status pf_gate_look(pf_gate *gate, int arm, pf_error *error)
{
	pf_gate_order order = {.task = PF_GATE_EXACT, .cpu = -1};
	size_t indices[PF_GATE_WORKLOADS_MOST];
	snprintf(order.library[0], sizeof order.library[0], "%s", gate->arms[arm].library);
	while (pending(gate, arm, &order, indices)) {
		pf_gate_setting setting = {.timeout_s = gate->request.limit_s * (1 + order.count),
					   .count_allocations = true};
		pf_gate_answer answer;
		pf_status status = pf_gate_ask(&order, &setting, &answer, error);
		if (status != PF_OK) {
			pf_gate_answer_free(&answer);
			return status;
		}
		for (size_t i = 0; i < answer.count; i++) {
			if (answer.frames[i].workload < order.count) {
				take_exact(&gate->workloads[indices[answer.frames[i].workload]], arm,
					   &answer.frames[i]);
			}
		}
		if (answer.at < order.count && answer.ending) { /* and then once more without that one */
			decide_fault(&gate->workloads[indices[answer.at]], arm, answer.ending, answer.text);
		} else if (answer.count < order.count) {
			for (size_t i = 0; i < order.count; i++) {
				if (!gate->workloads[indices[i]].exact[arm].known) {
					decide_fault(&gate->workloads[indices[i]], arm,
						     answer.ending ? answer.ending : PF_GATE_ENDED,
						     answer.text);
				}
			}
		}
		pf_gate_answer_free(&answer);
	}
	return PF_OK;
}

static bool grew(uint64_t before, uint64_t now, uint64_t bound)
{
	return now > before + bound && (double)now > 1.01 * (double)before;
}

void pf_gate_judge_exact(pf_gate_workload *w)
{
	const pf_gate_exact *a = &w->exact[0], *b = &w->exact[1];
	char why[PF_GATE_TEXT];
	if (w->decision.done || !a->known || !b->known) {
		return;
	}
	if (memcmp(a->digest, b->digest, sizeof a->digest) != 0 && strcmp(a->library, b->library) == 0) {
		decide(w, PF_GATE_FAIL, "its output changed, and the library's version did not");
	} else if (a->heap_known && b->heap_known && grew(a->leaked_bytes, b->leaked_bytes, 0)) {
		snprintf(why, sizeof why, "it leaks %llu bytes a unit, was %llu",
			 (unsigned long long)b->leaked_bytes, (unsigned long long)a->leaked_bytes);
		decide(w, PF_GATE_FAIL, why);
	} else if (a->heap_known && b->heap_known && grew(a->allocations, b->allocations, CALLS_BOUND)) {
		snprintf(why, sizeof why, "%llu allocations a unit, was %llu",
			 (unsigned long long)b->allocations, (unsigned long long)a->allocations);
		decide(w, PF_GATE_FAIL, why);
	} else if (a->heap_known && b->heap_known &&
		   (grew(a->allocated_bytes, b->allocated_bytes, BYTES_BOUND) ||
		    grew(a->peak_bytes, b->peak_bytes, BYTES_BOUND))) {
		snprintf(why, sizeof why,
			 "%llu bytes allocated a unit and %llu at its peak, was %llu and %llu",
			 (unsigned long long)b->allocated_bytes, (unsigned long long)b->peak_bytes,
			 (unsigned long long)a->allocated_bytes, (unsigned long long)a->peak_bytes);
		decide(w, PF_GATE_FAIL, why);
	}
}

/* Instructions of a whole process that runs 1 + `units` units of one workload. */
static pf_status count_process(const char *library, const char *name, uint64_t units, uint64_t *out,
			       pf_error *error)
{
	char file[] = "/tmp/photofinish-gate-XXXXXX", option[128], line[512];
	int made = mkstemp(file);
	if (made < 0) {
		return pf_fail_errno(error, file, "cannot make a file");
	}
	close(made);
	snprintf(option, sizeof option, "--cachegrind-out-file=%s", file);
	/* valgrind knows no AVX-512, and does multiply-adds thirty times slower. */
	const char *before[] = {"env", "ONEDNN_MAX_CPU_ISA=AVX", "DNNL_MAX_CPU_ISA=AVX", "valgrind",
				"-q",  "--tool=cachegrind",      "--cache-sim=no",       option,
				NULL};
	pf_gate_order order = {.task = PF_GATE_COUNT, .cpu = -1, .count = 1, .units = units};
	pf_gate_setting setting = {.timeout_s = VALGRIND_LIMIT_S, .before = before};
	pf_gate_answer answer;
	snprintf(order.library[0], sizeof order.library[0], "%s", library);
	snprintf(order.workloads[0], sizeof order.workloads[0], "%s", name);
	pf_status status = pf_gate_ask(&order, &setting, &answer, error);
	FILE *stream = status == PF_OK && !answer.ending ? fopen(file, "r") : NULL;
	*out = 0;
	while (stream && fgets(line, sizeof line, stream)) {
		if (strncmp(line, "summary:", 8) == 0) {
			*out = strtoull(line + 8, NULL, 10);
		}
	}
	if (stream) {
		fclose(stream);
	}
	unlink(file);
	if (status == PF_OK && !*out) {
		status = pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "instructions of %s cannot be counted: %s",
				 name, answer.text[0] ? answer.text : "valgrind did not run");
	}
	pf_gate_answer_free(&answer);
	return status;
}

pf_status pf_gate_count_instructions(pf_gate *gate, int arm, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i < gate->count && status == PF_OK; i++) {
		pf_gate_workload *w = &gate->workloads[i];
		uint64_t few = 0, many = 0;
		if (w->decision.done || !w->exact[arm].known) {
			continue;
		}
		status = count_process(gate->arms[arm].library, w->name, 0, &few, error);
		if (status == PF_OK) {
			status = count_process(gate->arms[arm].library, w->name, COUNTED_UNITS, &many, error);
		}
		w->exact[arm].instructions = many > few ? (many - few) / COUNTED_UNITS : 0;
	}
	return status;
}
