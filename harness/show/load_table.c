#include "harness/show/load_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/show/machine_lines.h"
#include "harness/show/outside_lines.h"
#include "photofinish/file.h"

enum { COLUMNS = 5 };

static void print_slos(const pf_slo *slos, size_t count, FILE *stream)
{
	for (size_t i = 0; i < count; i++) {
		fprintf(stream, "%s%s: %s (%s)\n", i ? "" : "\n", slos[i].text,
			pf_slo_verdict_name(slos[i].verdict), slos[i].why);
	}
}

static void add_percentile(pf_table *table, const pf_load *load, const char *name, double p)
{
	char cells[4][PF_TEXT + 40];
	const pf_histogram *histograms[2] = {load->latency, load->inner};
	for (int i = 0; i < 2; i++) {
		pf_percentile value;
		char low[PF_TEXT], high[PF_TEXT];
		if (pf_histogram_percentile(histograms[i], p, PF_LEVEL, &value)) {
			pf_text_seconds(value.value * 1e-9, cells[2 * i]);
			snprintf(cells[2 * i + 1], sizeof cells[0], "%s to %s",
				 pf_text_seconds(value.low * 1e-9, low),
				 pf_text_seconds(value.high * 1e-9, high));
		} else {
			snprintf(cells[2 * i], sizeof cells[0], "-");
			snprintf(cells[2 * i + 1], sizeof cells[0], "needs n >= %zu",
				 pf_slo_least_count(p, PF_LEVEL));
		}
	}
	const char *row[COLUMNS] = {name, cells[0], cells[1], cells[2], cells[3]};
	pf_table_row(table, row, COLUMNS);
}

static void add_end(pf_table *table, const char *name, uint64_t latency_ns, uint64_t inner_ns)
{
	char latency[PF_TEXT], inner[PF_TEXT];
	const char *row[COLUMNS] = {name, pf_text_seconds((double)latency_ns * 1e-9, latency), "",
				    pf_text_seconds((double)inner_ns * 1e-9, inner), ""};
	pf_table_row(table, row, COLUMNS);
}

static void print_percentiles(const pf_load *load, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, false, true, false};
	static const struct {
		const char *name;
		double p;
	} shown[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}};
	bool server = load->scenario == PF_SCENARIO_SERVER;
	pf_table *table = pf_table_create(COLUMNS, right);
	const char *heads[COLUMNS] = {"latency", server ? "with queueing" : "from issue", "95 % interval",
				      server ? "service" : "less start-up", "95 % interval"};
	pf_table_row(table, heads, COLUMNS);
	add_end(table, "least", pf_histogram_least(load->latency), pf_histogram_least(load->inner));
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		add_percentile(table, load, shown[i].name, shown[i].p);
	}
	add_end(table, "most", pf_histogram_most(load->latency), pf_histogram_most(load->inner));
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

static void print_notes(const pf_load *load, FILE *stream)
{
	pf_percentile hop;
	char text[PF_TEXT];
	fprintf(stream, "\nIntervals from order statistics; histogram to 0.4 %%");
	if (pf_histogram_percentile(load->hop, 0.5, PF_LEVEL, &hop)) {
		fprintf(stream, "; of each latency %.2g ms (p50, variant null) are the harness's own",
			hop.value * 1e-6);
	}
	fputs(".\n", stream);
	if (load->scenario == PF_SCENARIO_SERVER) {
		double served = 0;
		for (size_t i = 0; i < load->count; i++) {
			served += (double)load->queries[i].service_ns * 1e-9;
		}
		fprintf(stream,
			"Queueing makes neighbours alike, which these intervals do not know: take them as too narrow.\n"
			"Busy %.0f %% of %s; Poisson arrivals, %.4g a second, latency from when each was to arrive.\n",
			100 * served / load->duration_s, pf_text_seconds(load->duration_s, text), load->rate);
	}
	if (load->disturbed[0]) {
		fprintf(stream, "The machine was disturbed: %s.\n", load->disturbed);
	}
	pf_tolerance_print(&load->tolerance, stream);
	if (load->wrong) {
		fprintf(stream, "WRONG OUTPUT: %zu outcomes are not the reference's, the first is %s\n",
			load->wrong, load->first_wrong);
	}
}

void pf_load_print(const pf_load *load, const pf_slo *slos, size_t slo_count, FILE *stream)
{
	char name[256], duration[PF_TEXT];
	fprintf(stream, "%s on %s, %s: %zu photos, one a query, in %s | %u worker%s | seed %llu%s\n\n",
		load->contestant->label, pf_escape(load->session->dataset->name, name, sizeof name),
		pf_scenario_name(load->scenario), load->count, pf_text_seconds(load->duration_s, duration),
		load->contestant->workers, pf_text_plural(load->contestant->workers),
		(unsigned long long)load->seed, load->partial ? " (PARTIAL)" : "");
	if (load->wrong) {
		fputs("Wrong output gets no time.\n", stream);
	} else if (load->count) {
		print_percentiles(load, stream);
	}
	print_notes(load, stream);
	if (!load->wrong) {
		print_slos(slos, slo_count, stream);
	}
}

void pf_offline_print(const pf_run *run, const pf_interval *rate, const pf_slo *slos, size_t slo_count,
		      FILE *stream)
{
	char name[256], seconds[PF_TEXT];
	pf_interval time;
	const pf_contestant *contestant = &run->contestants[0];
	fprintf(stream, "%s on %s, offline: %zu photos | %u worker%s | %u trial%s%s\n\n", contestant->label,
		pf_escape(run->session->dataset->name, name, sizeof name), run->session->dataset->count,
		contestant->workers, pf_text_plural(contestant->workers), run->rounds_done,
		pf_text_plural(run->rounds_done), run->partial ? " (PARTIAL)" : "");
	if (!pf_run_time(contestant, &time)) {
		fprintf(stream, "%s%s%s\n", pf_run_status_name(contestant->status),
			contestant->reason[0] ? ": " : "", contestant->reason);
		return;
	}
	fprintf(stream, "throughput  %.4g photos/s", rate->mean);
	if (rate->has_interval) {
		fprintf(stream, " (%.4g to %.4g, 95 %% t-interval over %zu trials)", rate->low, rate->high,
			rate->n);
	}
	fprintf(stream, "\ntrial       %s, start-up included\n", pf_text_time(&time, seconds));
	if (pf_run_tolerance(contestant)) {
		pf_tolerance_print(pf_run_tolerance(contestant), stream);
	}
	print_slos(slos, slo_count, stream);
	pf_machine_busy_print(run, 0, stream);
}
