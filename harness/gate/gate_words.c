#include "harness/gate/gate_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Assumed, not measured: of a process beside its slots, for starting, loading and set-up of each workload;
 * for linking both arms. */
#define OVERHEAD_S 0.2
#define LINK_S 0.2

char *pf_gate_effect(const pf_gate_workload *w, char *out, size_t capacity)
{
	if (!w->timed) {
		snprintf(out, capacity, "-");
	} else if (w->effect.has_interval) {
		snprintf(out, capacity, "%+.2f %% (%.2f to %.2f)", 100 * w->effect.mean, 100 * w->effect.low,
			 100 * w->effect.high);
	} else {
		snprintf(out, capacity, "%+.2f %% (one process)", 100 * w->effect.mean);
	}
	return out;
}

const char *pf_gate_verdict_upper(pf_gate_verdict verdict)
{
	static const char *const names[PF_GATE_VERDICTS] = {"INCONCLUSIVE", "PASS",      "FAIL",
							    "INVALID",      "IDENTICAL", "NEW"};
	return (unsigned)verdict < PF_GATE_VERDICTS ? names[verdict] : "?";
}

static size_t list(const pf_gate *gate, pf_gate_verdict verdict, bool causes_only, char *out, size_t capacity)
{
	size_t used = 0, found = 0;
	out[0] = '\0';
	for (size_t i = 0; i < gate->count; i++) {
		const pf_gate_workload *w = &gate->workloads[i];
		if (w->verdict == verdict && !(causes_only && w->contains_cause) && used < capacity) {
			used += (size_t)snprintf(out + used, capacity - used, "%s%s", found++ ? ", " : "",
						 w->name);
		}
	}
	return found;
}

/* "0.5 %", or both ends where they differ. */
static const char *margins_text(const pf_gate *gate, char *out, size_t capacity)
{
	double most = gate->request.margin;
	for (size_t i = 0; i < gate->count; i++) {
		most = gate->workloads[i].margin > most ? gate->workloads[i].margin : most;
	}
	if (most > gate->request.margin) {
		snprintf(out, capacity, "its margin (%.3g to %.3g %%)", 100 * gate->request.margin,
			 100 * most);
	} else {
		snprintf(out, capacity, "%.3g %%", 100 * most);
	}
	return out;
}

void pf_gate_sentence(const pf_gate *gate, char out[PF_GATE_SENTENCE])
{
	char names[300];
	switch (gate->verdict) {
	case PF_GATE_FAIL:
		list(gate, PF_GATE_FAIL, true, names, sizeof names);
		snprintf(out, PF_GATE_SENTENCE, "FAIL: the candidate is worse than the baseline in %s.",
			 names);
		break;
	case PF_GATE_PASS:
		if (gate->request.exact_only) {
			snprintf(out, PF_GATE_SENTENCE,
				 "PASS: outputs and allocations are the baseline's. No times were taken.");
		} else {
			snprintf(out, PF_GATE_SENTENCE, "PASS: no workload here is slower by more than %s%s.",
				 margins_text(gate, names, sizeof names),
				 gate->request.by_instructions ? " in instructions (times were not taken)"
							       : "");
		}
		break;
	case PF_GATE_IDENTICAL:
		snprintf(
			out, PF_GATE_SENTENCE,
			"IDENTICAL: both builds are the same bytes, and so are their outputs. Nothing was timed.");
		break;
	case PF_GATE_INCONCLUSIVE:
		list(gate, PF_GATE_INCONCLUSIVE, false, names, sizeof names);
		if (gate->request.exact_only) {
			snprintf(out, PF_GATE_SENTENCE,
				 "INCONCLUSIVE: %s could not be compared with what is kept.", names);
			break;
		}
		snprintf(
			out, PF_GATE_SENTENCE,
			"INCONCLUSIVE: %s neither passed nor failed. Give it more time (--max-time), a quieter machine, or "
			"a wider margin.",
			names);
		break;
	default:
		list(gate, PF_GATE_INVALID, false, names, sizeof names);
		snprintf(out, PF_GATE_SENTENCE, "INVALID: %s%s%s: there is nothing that could be judged.",
			 names, names[0] && gate->why[0] ? ": " : "", gate->why);
		break;
	}
}

/* As one word for a shell. */
static void add_word(FILE *stream, const char *option, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^~";
	fprintf(stream, " %s%s", option, option[0] ? " " : "");
	if (word[0] && word[0] != '~' && word[strspn(word, plain)] == '\0') {
		fputs(word, stream);
		return;
	}
	fputc('\'', stream);
	for (; *word; word++) {
		fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stream);
	}
	fputc('\'', stream);
}

static void add_number(FILE *stream, const char *option, double value, double usual, const char *unit)
{
	if (fabs(value - usual) > 1e-12) {
		fprintf(stream, " %s %.12g%s", option, value, unit);
	}
}

/* Of both kinds of gates. */
static void add_rules(const pf_gate_request *request, FILE *stream)
{
	add_number(stream, "--alpha", request->alpha, PF_GATE_ALPHA, "");
	add_number(stream, "--max-time", request->max_s, PF_GATE_MAX_S, "s");
	add_number(stream, "--limit", request->limit_s, PF_GATE_LIMIT_S, "s");
	fprintf(stream, " --seed %" PRIu64, request->seed);
}

static void add_recipe(const pf_gate_recipe *recipe, FILE *stream)
{
	for (size_t i = 0; recipe && i < recipe->arg_count; i++) {
		add_word(stream, "--cmake", recipe->args[i]);
	}
	if (recipe && recipe->source) {
		add_word(stream, "--source", recipe->source);
	}
	if (recipe && recipe->as_built) {
		fputs(" --as-built", stream);
	}
}

void pf_gate_replay(const pf_gate *gate, FILE *stream)
{
	const pf_gate_request *request = &gate->request;
	fputs("photofinish gate", stream);
	if (gate->commands[0]) {
		add_word(stream, "--command", gate->commands[0]);
		add_number(stream, "--margin", 100 * request->margin, 100 * PF_GATE_LONG_MARGIN, "%");
		add_rules(request, stream);
		add_word(stream, "--", gate->commands[1]);
		return;
	}
	if (request->kept_baseline) {
		add_word(stream, "--against-baseline", gate->arms[0].given);
	} else if (!request->written_baseline) {
		add_word(stream, "--baseline", gate->arms[0].given);
	}
	add_word(stream, "--candidate", gate->arms[1].given);
	if (request->written_baseline) {
		add_word(stream, "--write-baseline", request->written_baseline);
	}
	if (request->long_margin <= request->margin) { /* one was asked for, of all workloads */
		fprintf(stream, " --margin %.12g%%", 100 * request->margin);
	}
	add_rules(request, stream);
	add_number(stream, "--process-time", request->seconds, PF_GATE_SECONDS, "s");
	fputs(request->way == PF_GATE_TWO_PROCESSES ? " --way two-processes" : "", stream);
	fputs(request->by_instructions      ? " --metric instructions"
	      : request->count_instructions ? " --instructions"
					    : "",
	      stream);
	if (request->exact_only && !request->kept_baseline && !request->written_baseline) {
		fputs(" --exact", stream);
	}
	for (size_t i = 0; i < request->name_count; i++) {
		add_word(stream, "--workload", request->names[i]);
	}
	add_recipe(gate->recipe, stream);
}

size_t pf_gate_affordable(const pf_gate_request *request, size_t count)
{
	double each = (double)count * request->seconds + OVERHEAD_S * (double)count + LINK_S;
	double n = each > 0.0 ? request->max_s / each : 0.0;
	const size_t most = PF_GATE_OBSERVATIONS_MOST / 2;
	return n > (double)most ? most : (size_t)n;
}
