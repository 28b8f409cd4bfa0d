#include "harness/show/gate_table.h"

#include <math.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/gate/gate_words.h"

static void print_heap(const pf_gate *gate, FILE *stream)
{
	size_t unknown = 0, gated = 0;
	for (size_t i = 0; i < gate->count; i++) {
		gated += gate->workloads[i].exact[1].known;
		unknown += gate->workloads[i].exact[1].known && !gate->workloads[i].exact[1].heap_known;
	}
	if (unknown) {
		pf_text_say(
			stream,
			"Allocations of %zu of %zu workloads were not counted: this build cannot count them.\n",
			unknown, gated);
	}
}

static void print_layouts(const pf_gate *gate, FILE *stream)
{
	for (int arm = 0; arm < 2; arm++) {
		if (gate->arms[arm].why_one_layout[0] && !gate->identical && gate->processes) {
			pf_text_say(
				stream,
				"The %s ran in one layout of its code (%s): differences of 1 to 2 %% may be layout alone.\n",
				arm ? "candidate" : "baseline", gate->arms[arm].why_one_layout);
		}
	}
}

void pf_gate_print(const pf_gate *gate, int columns, FILE *stream)
{
	static const bool right[] = {false, false, true, true, true, true, true, false};
	char text[PF_GATE_SENTENCE], seconds[PF_TEXT];
	bool fresh = gate->arms[0].relinks && gate->arms[1].relinks && gate->processes;
	pf_text_say(stream, "%s against %s | margin %.3g %%, alpha %.3g for the whole gate%s\n\n",
		    gate->arms[1].given, gate->arms[0].given, 100 * gate->request.margin, gate->request.alpha,
		    fresh ? " | other layouts of the code in each process" : "");
	pf_table *table = pf_table_create(8, right);
	pf_table_row(table,
		     (const char *const[]){"workload", "verdict", "time", "margin", "allocations", "layouts",
					   "processes", "why"},
		     8);
	for (size_t i = 0; i < gate->count; i++) {
		const pf_gate_workload *w = &gate->workloads[i];
		char effect[96], heap[64] = "-", processes[32], layouts[64], margin[32];
		if (w->exact[0].heap_known && w->exact[1].heap_known) {
			snprintf(heap, sizeof heap, "%lld",
				 (long long)(w->exact[1].allocations - w->exact[0].allocations));
			if (strcmp(heap, "0") == 0) {
				snprintf(heap, sizeof heap, "same");
			}
		}
		snprintf(processes, sizeof processes, "%zu", w->count);
		snprintf(layouts, sizeof layouts, "%zu",
			 w->count ? pf_gate_layout_count(&gate->arms[1], w->count) : 0);
		snprintf(margin, sizeof margin, w->margin > 0.0 ? "%.3g %%" : "-", 100 * w->margin);
		const char *why = w->contains_cause ? "contains what failed" : w->why;
		const char *cells[] = {w->name,
				       pf_gate_verdict_upper(w->verdict),
				       pf_gate_effect(w, effect, sizeof effect),
				       margin,
				       heap,
				       layouts,
				       processes,
				       why};
		pf_table_row(table, cells, why[0] ? 8 : 7);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	fputc('\n', stream);
	print_layouts(gate, stream);
	print_heap(gate, stream);
	pf_gate_sentence(gate, text);
	pf_text_wrap(stream, text, columns, 0, 0);
	pf_text_say(stream, "Measured for %s in %zu processes. The same again:\n",
		    pf_text_seconds(gate->measured_s, seconds), gate->processes);
	fputs("    ", stream);
	pf_gate_replay(gate, stream);
	fputc('\n', stream);
}

void pf_gate_print_plan(const pf_gate_request *request, size_t count, FILE *stream)
{
	static const bool right[] = {true, true, true, true};
	static const double scatters[] = {0.0005, 0.001, 0.002, 0.005, 0.01};
	pf_gate_rules rules = pf_gate_rules_of(request, count, 0.0);
	size_t n = pf_gate_affordable(request, count);
	pf_text_say(
		stream,
		"%zu workloads, alpha %.3g for the whole gate (%.3g for each of two statistics of each, twice: a FAIL is confirmed), margin %.3g %%.\n"
		"About %zu processes fit into the time, at most; a FAIL needs as many again to be confirmed.\n\n",
		count, request->alpha, rules.alpha, 100 * request->margin, n);
	pf_table *table = pf_table_create(4, right);
	pf_table_row(table,
		     (const char *const[]){"scatter of a process", "smallest slowdown that can FAIL",
					   "processes to PASS at 0 %", "to FAIL at 3 %"},
		     4);
	for (size_t i = 0; i < sizeof scatters / sizeof *scatters; i++) {
		char cells[4][64];
		double smallest = pf_gate_smallest_fail(&rules, n / 2, scatters[i]);
		size_t pass = pf_gate_observations_for(&rules, 0.0, scatters[i]),
		       fail = pf_gate_observations_for(&rules, 0.03, scatters[i]);
		snprintf(cells[0], sizeof cells[0], "%.2f %%", 100 * scatters[i]);
		snprintf(cells[1], sizeof cells[1], isfinite(smallest) ? "%.2f %%" : "none", 100 * smallest);
		snprintf(cells[2], sizeof cells[2], pass && pass <= n ? "%zu" : "more than fit", pass);
		snprintf(cells[3], sizeof cells[3], fail && 2 * fail <= n ? "%zu" : "more than fit",
			 2 * fail);
		pf_table_row(table, (const char *const[]){cells[0], cells[1], cells[2], cells[3]}, 4);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}
