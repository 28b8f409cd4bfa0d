#include "harness/show/url_load_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/record/notebook_parts.h"
#include "harness/run/run.h"
#include "harness/show/caveat_lines.h"
#include "harness/show/load_table.h"
#include "harness/stats/binomial.h"

enum { COLUMNS = 10 };

static double count_of(const json_t *object, const char *outcome)
{
	return pf_note_number(json_object_get(object, "outcomes"), outcome);
}

static void name_phase(const json_t *phase, char out[PF_TEXT])
{
	double from = pf_note_number(phase, "rate_from_per_s"), to = pf_note_number(phase, "rate_to_per_s"),
	       users;
	if (pf_note_figure(phase, "users", &users)) {
		snprintf(out, PF_TEXT, "%.0f user%s", users, users == 1 ? "" : "s");
	} else if (from == to) {
		snprintf(out, PF_TEXT, "%.4g/s", from);
	} else {
		snprintf(out, PF_TEXT, "%.4g to %.4g/s", from, to);
	}
}

static void fill_percentile(const json_t *phase, double p, char out[PF_TEXT])
{
	double ns;
	const json_t *entry = pf_load_percentile(json_object_get(phase, "latency"), p);
	if (pf_note_figure(entry, "ns", &ns)) {
		pf_text_seconds(ns * 1e-9, out);
	} else {
		snprintf(out, PF_TEXT, "-");
	}
}

static void print_phases(const json_t *record, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, true, true, true, true, true};
	static const char *const outcomes[] = {"ok", "rejected", "late", "error", "lost"};
	const char *heads[COLUMNS] = {"load",  "requests", "ok",      "rejected", "late",
				      "error", "lost",     "goodput", "p50",      "p99"};
	const json_t *phase;
	size_t index;
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	json_array_foreach(json_object_get(record, "phases"), index, phase)
	{
		char name[PF_TEXT], cells[COLUMNS][PF_TEXT];
		const char *row[COLUMNS] = {name};
		name_phase(phase, name);
		snprintf(cells[1], PF_TEXT, "%.0f", pf_note_number(phase, "requests"));
		for (int i = 0; i < 5; i++) {
			snprintf(cells[2 + i], PF_TEXT, "%.0f", count_of(phase, outcomes[i]));
		}
		snprintf(cells[7], PF_TEXT, "%.4g/s", pf_note_number(phase, "goodput_per_s"));
		fill_percentile(phase, 0.5, cells[8]);
		fill_percentile(phase, 0.99, cells[9]);
		for (int i = 1; i < COLUMNS; i++) {
			row[i] = cells[i];
		}
		pf_table_row(table, row, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

/* Of what a server took, how much it answered in time. */
static void print_kept(const json_t *record, FILE *stream)
{
	double deadline, ok = count_of(record, "ok"), late = count_of(record, "late"), low, high;
	char text[PF_TEXT];
	if (!pf_note_figure(record, "deadline_s", &deadline) || ok + late < 1) {
		return;
	}
	pf_binomial_interval((size_t)ok, (size_t)(ok + late), PF_LEVEL, &low, &high);
	pf_text_say(stream, "In time (%s), of those taken and not failed: %.4g %% (%.4g to %.4g).\n",
		    pf_text_seconds(deadline, text), 100 * ok / (ok + late), 100 * low, 100 * high);
}

static void print_answers(const json_t *record, FILE *stream)
{
	const char *what, *before = "Answers: ";
	json_t *count;
	json_object_foreach(json_object_get(record, "answers"), what, count)
	{
		fprintf(stream, "%s%s %.0f", before, what, json_number_value(count));
		before = ", ";
	}
	fputs(before[0] == ',' ? ".\n" : "", stream);
}

static void print_generator(const json_t *record, FILE *stream)
{
	char most[PF_TEXT], p99[PF_TEXT];
	double ns, backlog = pf_note_number(record, "backlog_most");
	pf_text_seconds(pf_note_number(record, "delay_most_ns") * 1e-9, most);
	if (pf_note_figure(record, "delay_p99_ns", &ns)) {
		pf_text_say(stream, "Requests were sent within %s of when they were due (p99; at most %s).\n",
			    pf_text_seconds(ns * 1e-9, p99), most);
	} else {
		pf_text_say(stream, "Requests were sent at most %s behind when they were due.\n", most);
	}
	if (backlog > 0) {
		pf_text_say(stream,
			    "Up to %.0f requests waited for a free connection, which is in their latency.\n",
			    backlog);
	}
}

static void print_checks(const json_t *record, FILE *stream)
{
	double other = pf_note_number(record, "other_setting");
	const char *held_to = pf_note_text(record, "held_to");
	if (!json_is_true(json_object_get(record, "checked"))) {
		pf_text_say(stream, "ANSWERS WERE NOT CHECKED: each 2xx counts, whatever it says.\n");
	} else {
		pf_text_say(stream, "Each score is that of \"score\" for the same file%s%s.\n",
			    held_to[0] ? ", within the tolerance of " : ", bit by bit", held_to);
	}
	if (other > 0) {
		pf_text_say(
			stream,
			"%.0f answers are by another preset (serve --degrade?) or other stages: they count as errors, and have no time.\n",
			other);
	}
}

static void print_stress(const json_t *record, FILE *stream)
{
	const json_t *stress = json_object_get(record, "stress"), *phases = json_object_get(record, "phases");
	double held, broken, beyond;
	bool has_held = pf_note_figure(stress, "held_per_s", &held),
	     has_broken = pf_note_figure(stress, "broken_per_s", &broken);
	if (!json_is_object(stress)) {
		return;
	}
	if (has_held && has_broken && broken > held) {
		pf_text_say(stream, "\nKnee: objectives held at %.4g a second and broke at %.4g.\n", held,
			    broken);
	} else if (has_held && has_broken) {
		pf_text_say(stream, "\nKnee: near %.4g a second; no step between says more.\n", held);
	} else if (has_held) {
		pf_text_say(stream, "\nObjectives held at all rates, up to %.4g a second.\n", held);
	} else {
		pf_text_say(stream, "\nObjectives held at no rate that was tried.\n");
	}
	if (pf_note_figure(stress, "beyond_per_s", &beyond)) {
		static const struct {
			const char *word, *text;
		} ways[] = {{"rejects", "it rejects (503, 429)"},
			    {"slows", "it slows: answers come too late"},
			    {"errs", "it errs: other answers than scores"},
			    {"loses", "it loses requests: no answer"},
			    {"", "it did not fail there"}};
		const json_t *phase = json_array_get(phases, (size_t)pf_note_number(stress, "beyond_phase")),
			     *knee = json_array_get(phases, (size_t)pf_note_number(stress, "held_phase"));
		double sent = pf_note_number(phase, "requests"),
		       before = pf_note_number(knee, "goodput_per_s");
		size_t way = 0;
		while (way < sizeof ways / sizeof *ways - 1 &&
		       strcmp(ways[way].word, pf_note_text(stress, "fails")) != 0) {
			way++;
		}
		pf_text_say(
			stream,
			"At twice that rate %s. Of its requests %.3g %% were rejected, %.3g %% late, %.3g %% "
			"errors, %.3g %% lost; goodput %.3g %% of that at the knee.\n",
			ways[way].text, 100 * count_of(phase, "rejected") / sent,
			100 * count_of(phase, "late") / sent, 100 * count_of(phase, "error") / sent,
			100 * count_of(phase, "lost") / sent,
			before > 0 ? 100 * pf_note_number(phase, "goodput_per_s") / before : 0);
	}
}

static void print_heading(const json_t *record, FILE *stream)
{
	char duration[PF_TEXT];
	const char *scenario = pf_note_text(record, "scenario");
	pf_text_say(stream, "%s with photos of %s, %s: %.0f requests in %s | seed %s\n",
		    pf_note_text(record, "url"), pf_note_text(json_object_get(record, "dataset"), "name"),
		    strcmp(scenario, "users") == 0    ? "closed loop"
		    : strcmp(scenario, "stress") == 0 ? "stress"
						      : "Poisson arrivals",
		    pf_note_number(record, "requests_sent"),
		    pf_text_seconds(pf_note_number(record, "duration_s"), duration),
		    pf_note_text(record, "seed"));
}

void pf_url_load_print(const json_t *record, FILE *stream)
{
	double wrong = pf_note_number(record, "wrong");
	bool users = strcmp(pf_note_text(record, "scenario"), "users") == 0;
	print_heading(record, stream);
	pf_caveats_print(record, stream);
	fputc('\n', stream);
	if (wrong > 0) {
		pf_text_say(
			stream,
			"Wrong output gets no time.\nWRONG OUTPUT: %.0f answers are not the reference's, the first "
			"is of %s\n",
			wrong, pf_note_text(record, "first_wrong"));
		print_answers(record, stream);
		return;
	}
	if (pf_note_number(record, "requests_sent") > 0) {
		pf_load_print_percentiles(record, stream);
		fputc('\n', stream);
		print_phases(record, stream);
		fputc('\n', stream);
	}
	print_kept(record, stream);
	print_answers(record, stream);
	print_generator(record, stream);
	print_checks(record, stream);
	pf_text_say(
		stream,
		"Latency of answers with a score, from when a request was to be sent; intervals from order "
		"statistics, which take requests for independent: in a queue they are too narrow.\n");
	if (users) {
		pf_text_say(
			stream,
			"A closed loop sends less while it waits: what a stop would have cost others is not in it.\n");
	}
	print_stress(record, stream);
	pf_load_print_slos(record, stream);
}
