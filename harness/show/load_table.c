#include "harness/show/load_table.h"

#include <math.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/record/notebook_parts.h"
#include "harness/show/caveat_lines.h"
#include "harness/show/url_load_table.h"

enum { COLUMNS = 5 };

void pf_load_print_slos(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *slo;
	json_array_foreach(json_object_get(record, "slos"), index, slo)
	{
		fprintf(stream, "%s%s: %s (%s)\n", index ? "" : "\n", pf_note_text(slo, "slo"),
			pf_note_text(slo, "verdict"), pf_note_text(slo, "why"));
	}
}

const json_t *pf_load_percentile(const json_t *list, double p)
{
	size_t index;
	const json_t *entry;
	json_array_foreach(list, index, entry)
	{
		if (pf_note_number(entry, "p") == p) {
			return entry;
		}
	}
	return NULL;
}

static void fill_cells(const json_t *entry, char value[PF_TEXT], char interval[2 * PF_TEXT + 8])
{
	char low[PF_TEXT], high[PF_TEXT];
	double ns;
	if (!pf_note_figure(entry, "ns", &ns)) {
		snprintf(value, PF_TEXT, "-");
		snprintf(interval, 2 * PF_TEXT + 8, "needs n >= %.0f", pf_note_number(entry, "needs_n"));
		return;
	}
	pf_text_seconds(ns * 1e-9, value);
	interval[0] = '\0';
	if (json_object_get(entry, "low_ns")) { /* the ends of the sample have none */
		snprintf(interval, 2 * PF_TEXT + 8, "%s to %s",
			 pf_text_seconds(pf_note_number(entry, "low_ns") * 1e-9, low),
			 pf_text_seconds(pf_note_number(entry, "high_ns") * 1e-9, high));
	}
}

void pf_load_print_percentiles(const json_t *record, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, false, true, false};
	static const struct {
		const char *name;
		double p;
	} shown[] = {{"least", 0},  {"p50", 0.5},     {"p90", 0.9}, {"p95", 0.95},
		     {"p99", 0.99}, {"p99.9", 0.999}, {"most", 1}};
	const json_t *service = json_object_get(record, "service"),
		     *inner = service ? service : json_object_get(record, "less_startup");
	bool server = strcmp(pf_note_text(record, "scenario"), "server") == 0;
	size_t columns = inner ? COLUMNS : 3;
	pf_table *table = pf_table_create(columns, right);
	const char *heads[COLUMNS] = {"latency",
				      !inner              ? "from due"
				      : service && server ? "with queueing"
							  : "from issue",
				      "95 % interval", service ? "service" : "less start-up",
				      "95 % interval"};
	pf_table_row(table, heads, columns);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		char values[2][PF_TEXT], intervals[2][2 * PF_TEXT + 8];
		fill_cells(pf_load_percentile(json_object_get(record, "latency"), shown[i].p), values[0],
			   intervals[0]);
		fill_cells(pf_load_percentile(inner, shown[i].p), values[1], intervals[1]);
		const char *row[COLUMNS] = {shown[i].name, values[0], intervals[0], values[1], intervals[1]};
		pf_table_row(table, row, columns);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

static void print_server(const json_t *record, FILE *stream)
{
	char text[PF_TEXT];
	bool intake = strcmp(pf_note_text(record, "way"), "intake") ==
		      0; /* then workers are busy, else the variant */
	double served = 0, duration_s = pf_note_number(record, "duration_s"),
	       busy_s = duration_s * (intake ? pf_note_number(record, "workers") : 1);
	size_t index;
	const json_t *query;
	json_array_foreach(json_object_get(record, "queries"), index, query)
	{
		served += pf_note_number(query, "service_ns") * 1e-9;
	}
	pf_text_say(
		stream,
		"Queueing makes neighbours alike, which these intervals do not know: take them as too narrow.\n"
		"Busy %.0f %% of %s; Poisson arrivals, %.4g a second, latency from when each was to arrive.\n",
		busy_s > 0 ? 100 * served / busy_s : 0, pf_text_seconds(duration_s, text),
		pf_note_number(record, "rate_per_s"));
}

static void print_notes(const json_t *record, FILE *stream)
{
	double hop_ns, wrong = pf_note_number(record, "wrong");
	fprintf(stream, "\nIntervals from order statistics; histogram to 0.4 %%");
	if (pf_note_figure(record, "harness_hop_p50_ns", &hop_ns)) {
		fprintf(stream, "; of each latency %.2g ms (p50, variant null) are the harness's own",
			hop_ns * 1e-6);
	}
	fputs(".\n", stream);
	if (strcmp(pf_note_text(record, "way"), "intake") == 0) {
		pf_text_say(
			stream,
			"Photos were given to workers that live on with their models open (--reopen: a run of "
			"the variant for each).\n");
	} else if (json_object_get(record, "way")) {
		pf_text_say(stream, "Each photo was a run of the variant, which opens its models anew.\n");
	}
	if (strcmp(pf_note_text(record, "scenario"), "server") == 0 && wrong == 0) {
		print_server(record, stream);
	}
	if (wrong > 0) {
		pf_text_say(stream, "WRONG OUTPUT: %.0f outcomes are not the reference's, the first is %s\n",
			    wrong, pf_note_text(record, "first_wrong"));
	}
}

static void print_stream(const json_t *record, FILE *stream)
{
	char duration[PF_TEXT];
	double workers = pf_note_number(record, "workers");
	pf_text_say(stream, "%s on %s, %s: %.0f photos, one a query, in %s | %.0f worker%s | seed %s\n",
		    pf_note_text(record, "variant"), pf_note_text(json_object_get(record, "dataset"), "name"),
		    pf_note_text(record, "scenario"), pf_note_number(record, "photos"),
		    pf_text_seconds(pf_note_number(record, "duration_s"), duration), workers,
		    workers == 1 ? "" : "s", pf_note_text(record, "seed"));
	pf_caveats_print(record, stream);
	fputc('\n', stream);
	if (pf_note_number(record, "wrong") > 0) {
		fputs("Wrong output gets no time.\n", stream);
	} else if (pf_note_number(record, "photos") > 0) {
		pf_load_print_percentiles(record, stream);
	}
	print_notes(record, stream);
	pf_load_print_slos(record, stream);
}

static void print_offline(const json_t *record, FILE *stream)
{
	char seconds[PF_TEXT];
	pf_interval time, rate;
	const json_t *dataset = json_object_get(record, "dataset");
	const char *reason = pf_note_text(record, "reason");
	double workers = pf_note_number(record, "workers"), trials = pf_note_number(record, "rounds_done");
	pf_text_say(stream, "%s on %s, offline: %.0f photos | %.0f worker%s | %.0f trial%s\n",
		    pf_note_text(record, "variant"), pf_note_text(dataset, "name"),
		    pf_note_number(dataset, "photos"), workers, workers == 1 ? "" : "s", trials,
		    trials == 1 ? "" : "s");
	pf_caveats_print(record, stream);
	fputc('\n', stream);
	if (!pf_note_interval(record, "wall_s", &time)) {
		fprintf(stream, "%s%s%s\n", pf_note_text(record, "status"), reason[0] ? ": " : "", reason);
		return;
	}
	if (pf_note_interval(record, "throughput_photos_per_s", &rate)) {
		fprintf(stream, "throughput  %.4g photos/s", rate.mean);
		if (rate.has_interval) {
			fprintf(stream, " (%.4g to %.4g, 95 %% t-interval over %zu trials)", rate.low,
				rate.high, rate.n);
		}
		fputc('\n', stream);
	}
	pf_text_say(stream, "trial       %s, start-up included\n", pf_text_time(&time, seconds));
	pf_load_print_slos(record, stream);
}

void pf_load_print(const json_t *record, FILE *stream)
{
	if (json_object_get(record, "url")) {
		pf_url_load_print(record, stream);
	} else if (strcmp(pf_note_text(record, "scenario"), "offline") == 0) {
		print_offline(record, stream);
	} else {
		print_stream(record, stream);
	}
}
