#include "harness/show/bench_table.h"

#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/base/text.h"
#include "harness/bench/bench_caveats.h"
#include "harness/machine/environment.h"
#include "harness/record/notebook_parts.h"
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
static double most_memory(const pf_bench *bench, const pf_bench_command *command)
{
	uint64_t most = 0;
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		uint64_t one = command->runs[i].peak_rss_bytes;
		most = one > most ? one : most;
	}
	return (double)most;
}

static void print_commands(const pf_bench *bench, FILE *stream)
{
	static const bool right[] = {false, true, true, true, true, true, true, true};
	static const char *const heads[] = {"",     "time", "median", "least",
					    "most", "user", "system", "memory"};
	enum { COLUMNS = 8 };
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < bench->count; i++) {
		const pf_bench_command *command = &bench->commands[i];
		char time[PF_TEXT], median[PF_TEXT], user[PF_TEXT], kernel[PF_TEXT], least[PF_TEXT],
			most[PF_TEXT], memory[PF_TEXT];
		const char *cells[] = {command->name,
				       time_text(&command->seconds, time),
				       seconds_text(command->median_s, median),
				       seconds_text(command->least_s, least),
				       seconds_text(command->most_s, most),
				       seconds_text(command->user_s.mean, user),
				       seconds_text(command->system_s.mean, kernel),
				       pf_text_bytes(most_memory(bench, command), memory)};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

/* Where a caveat is printed, and whom it is of: NULL for all. */
struct place {
	FILE *stream;
	const char *name;
	bool first; /* nothing was printed yet */
};

static void print_caveat(void *context, const char *text)
{
	const struct place *place = context;
	fprintf(place->stream, "%s%s%s\n", place->name ? place->name : "", place->name ? ": " : "", text);
}

void pf_bench_print(const pf_bench *bench, FILE *stream)
{
	int columns = pf_text_columns(fileno(stream));
	const pf_comparison_rules rules = pf_bench_rules(bench);
	fprintf(stream, "%zu command%s, %u run%s%s%s, scores not checked\n", bench->count,
		pf_text_plural(bench->count), bench->rounds_done, pf_text_plural(bench->rounds_done),
		bench->count > 1 ? " each, interleaved" : "",
		bench->rounds_done > 1 ? ", 95 % t-intervals" : ": no interval, that takes 2 runs at least");
	struct place place = {.stream = stream};
	pf_bench_caveats(bench, PF_BENCH_ALL, print_caveat, &place);
	fputc('\n', stream);
	print_commands(bench, stream);
	for (size_t i = 1; i < bench->count; i++) {
		fputc('\n', stream);
		pf_comparison_print(bench->commands[0].name, bench->commands[i].name,
				    &bench->commands[i].comparison, bench->rounds_done, &rules, columns,
				    stream);
		if (bench->commands[i].cpu_known) {
			pf_comparison_print_cpu(bench->commands[0].name, bench->commands[i].name,
						&bench->commands[i].cpu, bench->rounds_done, &rules, columns,
						stream);
		}
	}
	for (size_t i = 0; i < bench->count; i++) {
		place.name = bench->commands[i].name;
		fputs(pf_bench_failures(bench, i) ? "\n" : "", stream);
		pf_bench_caveats(bench, i, print_caveat, &place);
	}
}

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
