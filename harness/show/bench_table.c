#include "harness/show/bench_table.h"

#include <math.h>
#include <string.h>

#include "harness/base/json_values.h"
#include "harness/base/plain_text.h"
#include "harness/base/text.h"
#include "harness/bench/bench_caveats.h"
#include "harness/bench/bench_counts.h"
#include "harness/record/comparison_json.h"
#include "harness/record/notebook_parts.h"
#include "harness/show/bench_counters.h"
#include "harness/show/comparison_lines.h"

/* "103.2 ms", "1.204 s". */
static char *seconds_text(double seconds, char *out)
{
	snprintf(out, PF_TEXT, seconds < 0.9995 ? "%.1f ms" : "%.3f s",
		 seconds < 0.9995 ? 1e3 * seconds : seconds);
	return out;
}

/* "103.2 ms +-0.4". */
static char *time_text(const pf_interval *seconds, char *out)
{
	seconds_text(seconds->mean, out);
	if (seconds->has_interval) {
		double half = seconds->high - seconds->mean; /* the low end may have been cut at 0 */
		size_t used = strlen(out);
		snprintf(out + used, PF_TEXT - used, seconds->mean < 0.9995 ? " +-%.1f" : " +-%.3f",
			 seconds->mean < 0.9995 ? 1e3 * half : half);
	}
	return out;
}

/* Of the largest run. */
static double most_memory(const json_t *result)
{
	double most = 0;
	size_t index;
	const json_t *bytes;
	json_array_foreach(json_object_get(result, "memory_usage_byte"), index, bytes)
	{
		most = fmax(most, json_number_value(bytes));
	}
	return most;
}

static void print_commands(const json_t *results, FILE *stream)
{
	static const bool right[] = {false, true, true, true, true, true, true, true};
	static const char *const heads[] = {"",     "time", "median", "least",
					    "most", "user", "system", "memory"};
	static const char *const figures[] = {"median", "min", "max", "user", "system"};
	enum { COLUMNS = 8, FIGURES = sizeof figures / sizeof *figures };
	size_t index;
	const json_t *result;
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	json_array_foreach(results, index, result)
	{
		pf_interval seconds = {.mean = pf_note_number(result, "mean")};
		char texts[COLUMNS][PF_TEXT];
		const char *cells[COLUMNS] = {pf_note_text(result, "command")};
		pf_note_interval(result, "interval", &seconds);
		cells[1] = time_text(&seconds, texts[1]);
		for (size_t i = 0; i < FIGURES; i++) {
			cells[2 + i] = seconds_text(pf_note_number(result, figures[i]), texts[2 + i]);
		}
		cells[2 + FIGURES] = pf_text_bytes(most_memory(result), texts[2 + FIGURES]);
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

/* Caveats of one command, or with "" for `name` of all. */
static void print_caveats(const json_t *object, const char *name, FILE *stream)
{
	size_t index;
	const json_t *caveat;
	json_array_foreach(json_object_get(object, "caveats"), index, caveat)
	{
		pf_text_say(stream, "%s%s%s\n", name, name[0] ? ": " : "", json_string_value(caveat));
	}
}

static void print_comparisons(const json_t *record, size_t pairs, FILE *stream)
{
	int columns = pf_text_columns(fileno(stream));
	size_t index;
	const json_t *own;
	json_array_foreach(json_object_get(record, "comparisons"), index, own)
	{
		const json_t *cpu = json_object_get(own, "cpu");
		const char *a = pf_note_text(own, "a"), *b = pf_note_text(own, "b");
		const pf_comparison_rules rules = pf_comparison_rules_of_json(own);
		const pf_comparison wall = pf_comparison_of_json(own), by_cpu = pf_comparison_of_json(cpu);
		fputc('\n', stream);
		pf_comparison_print(a, b, &wall, pairs, &rules, columns, stream);
		if (json_is_object(cpu)) {
			pf_comparison_print_cpu(a, b, &by_cpu, pairs, &rules, columns, stream);
		}
	}
}

static bool any_run_failed(const json_t *result)
{
	size_t index;
	const json_t *code;
	json_array_foreach(json_object_get(result, "exit_codes"), index, code)
	{
		if (json_integer_value(code) != 0) {
			return true;
		}
	}
	return false;
}

void pf_bench_print(const json_t *record, FILE *stream)
{
	const json_t *results = json_object_get(record, "results"), *result;
	size_t index, count = json_array_size(results), rounds = pf_json_count(record, "rounds_done", 0);
	pf_text_say(stream, "%zu command%s, %zu run%s%s%s, scores not checked\n", count,
		    pf_text_plural(count), rounds, pf_text_plural(rounds),
		    count > 1 ? " each, interleaved" : "",
		    rounds > 1 ? ", 95 % t-intervals" : ": no interval, that takes 2 runs at least");
	print_caveats(record, "", stream);
	fputc('\n', stream);
	print_commands(results, stream);
	print_comparisons(record, rounds, stream);
	pf_bench_counters_print(results, pf_text_columns(fileno(stream)), stream);
	json_array_foreach(results, index, result)
	{
		fputs(any_run_failed(result) ? "\n" : "", stream);
		print_caveats(result, pf_note_text(result, "command"), stream);
	}
}

/* Where a caveat is printed, and whom it is of: NULL for all. */
struct place {
	FILE *stream;
	const char *name;
	bool first; /* nothing was printed yet */
};

static void put_text(const char *text, FILE *stream)
{
	for (; *text; text++) {
		if (*text == '"') {
			fputc('"', stream);
		}
		fputc(*text, stream);
	}
}

/* What a spreadsheet would take for a formula begins with '. */
static void put_quoted(const char *text, FILE *stream)
{
	fputs(pf_csv_is_formula(text) ? "\"'" : "\"", stream);
	put_text(text, stream);
	fputc('"', stream);
}

static void put_caveat(void *context, const char *text)
{
	struct place *place = context;
	fputs(place->first ? "" : "; ", place->stream);
	put_text(text, place->stream);
	place->first = false;
}

/* Of all commands, then of this one. */
static void put_caveats(const pf_bench *bench, size_t command, FILE *stream)
{
	struct place place = {.stream = stream, .first = true};
	fprintf(stream, ",%u,\"", pf_bench_failures(bench, command));
	pf_bench_caveats(bench, PF_BENCH_ALL, put_caveat, &place);
	pf_bench_caveats(bench, command, put_caveat, &place);
	fputc('"', stream);
}

/* A figure, or an empty cell where there is none. Bounds may be of any size. */
static void put_number(double value, bool known, FILE *stream)
{
	if (known) {
		fprintf(stream, value < 1e7 ? ",%.9f" : ",%.9g", value);
	} else {
		fputc(',', stream);
	}
}

/* Four columns, empty where nothing is known. */
static void csv_comparison(const pf_comparison *comparison, bool known, FILE *stream)
{
	const pf_interval *ratio = &comparison->ratio;
	put_number(ratio->mean, known, stream);
	put_number(ratio->low, known && ratio->has_interval, stream);
	put_number(ratio->high, known && ratio->has_interval, stream);
	fprintf(stream, ",%s", known ? pf_word_name(comparison->word) : "");
}

void pf_bench_csv(const pf_bench *bench, FILE *stream)
{
	const pf_bench_command *last = &bench->commands[bench->count - 1]; /* the first may be a reference */
	fputs("command,mean,stddev,median,user,system,min,max,low,high,runs,ratio,ratio_low,ratio_high,word,cpu_ratio,cpu_ratio_low,cpu_ratio_high,cpu_word,failed,caveats",
	      stream);
	for (size_t k = 0; k < last->parameter_count; k++) {
		fputs(",\"parameter_", stream);
		put_text(last->parameters[k].name, stream);
		fputc('"', stream);
	}
	for (uint32_t k = 0; bench->counters && k < bench->counters->count; k++) {
		fprintf(stream, ",counter_%s", bench->counters->events[k].name);
	}
	fputc('\n', stream);
	for (size_t i = 0; i < bench->count; i++) {
		const pf_bench_command *command = &bench->commands[i];
		put_quoted(command->name, stream);
		bool known = command->seconds.has_interval;
		const struct {
			double value;
			bool known;
		} figures[] = {{command->seconds.mean, true},
			       {command->deviation_s, bench->rounds_done > 1}, /* one run has none */
			       {command->median_s, true},
			       {command->user_s.mean, true},
			       {command->system_s.mean, true},
			       {command->least_s, true},
			       {command->most_s, true},
			       {command->seconds.low, known},
			       {command->seconds.high, known}};
		for (size_t k = 0; k < sizeof figures / sizeof *figures; k++) {
			put_number(figures[k].value, figures[k].known, stream);
		}
		fprintf(stream, ",%u", bench->rounds_done);
		csv_comparison(&command->comparison, i > 0, stream);
		csv_comparison(&command->cpu, command->cpu_known, stream);
		put_caveats(bench, i, stream);
		for (size_t k = 0; k < last->parameter_count; k++) {
			fputc(',', stream);
			put_quoted(k < command->parameter_count ? command->parameters[k].value : "", stream);
		}
		for (uint32_t k = 0; bench->counters && k < bench->counters->count; k++) {
			pf_counter_value mean = pf_bench_counter_mean(bench, command, k);
			put_number(mean.value, mean.known, stream);
		}
		fputc('\n', stream);
	}
}

/* Code in a table's cell. A bar ends the cell, also in code; as many backticks as stand in it do not end it.
 */
static void put_code(const char *text, FILE *stream)
{
	size_t longest = 0, run = 0, length = strlen(text);
	for (const char *at = text; *at; at++) {
		run = *at == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	bool padded = length && (text[0] == '`' || text[length - 1] == '`');
	for (size_t i = 0; i <= longest; i++) {
		fputc('`', stream);
	}
	fputs(padded ? " " : "", stream);
	for (; *text; text++) {
		fputs(*text == '|' ? "\\|" : (char[]){*text, '\0'}, stream);
	}
	fputs(padded ? " " : "", stream);
	for (size_t i = 0; i <= longest; i++) {
		fputc('`', stream);
	}
}

/* Paragraphs for all commands, items for single ones. */
static void put_gist(void *context, const char *text)
{
	const struct place *place = context;
	fputs(place->name ? "- " : "\n", place->stream);
	if (place->name) {
		put_code(place->name, place->stream);
		fputs(": ", place->stream);
	}
	pf_note_print_gist(place->stream, text);
	fputc('\n', place->stream);
}

static bool any_failed(const pf_bench *bench)
{
	bool any = false;
	for (size_t i = 0; i < bench->count; i++) {
		any = any || pf_bench_failures(bench, i);
	}
	return any;
}

static void markdown_comparison(const pf_comparison *comparison, bool first, bool known, bool failed,
				FILE *stream)
{
	const pf_interval *ratio = &comparison->ratio;
	char low[PF_TEXT], high[PF_TEXT];
	if (first || !known) {
		fputs(first ? " 1 |" : " |", stream);
	} else if (ratio->has_interval) {
		fprintf(stream, " %.3f (%s to %s): %s%s |", ratio->mean, pf_text_bound(ratio->low, 3, low),
			pf_text_bound(ratio->high, 3, high), pf_word_name(comparison->word),
			failed ? " (some runs failed)" : "");
	} else {
		fprintf(stream, " %.3f |", ratio->mean);
	}
}

void pf_bench_markdown(const pf_bench *bench, FILE *stream)
{
	double longest = 0;
	for (size_t i = 0; i < bench->count; i++) {
		longest = bench->commands[i].seconds.mean > longest ? bench->commands[i].seconds.mean
								    : longest;
	}
	bool ms = longest < 0.9995;
	double unit = ms ? 1e3 : 1;
	int digits = ms ? 1 : 3;
	fprintf(stream,
		"| Command | Mean [%s] | Min [%s] | Max [%s] | First command's time over it | the same of CPU time |\n"
		"|:---|---:|---:|---:|:---|:---|\n",
		ms ? "ms" : "s", ms ? "ms" : "s", ms ? "ms" : "s");
	for (size_t i = 0; i < bench->count; i++) {
		const pf_bench_command *command = &bench->commands[i];
		const pf_interval *seconds = &command->seconds;
		fputs("| ", stream);
		put_code(command->name, stream);
		fprintf(stream, " | %.*f", digits, unit * seconds->mean);
		if (seconds->has_interval) {
			fprintf(stream, " ± %.*f", digits, unit * (seconds->high - seconds->mean));
		}
		fprintf(stream, " | %.*f | %.*f |", digits, unit * command->least_s, digits,
			unit * command->most_s);
		bool failed = pf_bench_failures(bench, 0) || pf_bench_failures(bench, i);
		markdown_comparison(&command->comparison, i == 0, true, failed, stream);
		markdown_comparison(&command->cpu, i == 0, command->cpu_known, failed, stream);
		fputc('\n', stream);
	}
	fprintf(stream,
		"\n%u runs each, interleaved; ±: half of a 95 %% t-interval; ratios are geometric means of paired rounds; outputs not checked.\n",
		bench->rounds_done);
	struct place place = {.stream = stream};
	pf_bench_caveats(bench, PF_BENCH_ALL, put_gist, &place);
	fputs(any_failed(bench) ? "\n" : "", stream);
	for (size_t i = 0; i < bench->count; i++) {
		place.name = bench->commands[i].name;
		pf_bench_caveats(bench, i, put_gist, &place);
	}
}
