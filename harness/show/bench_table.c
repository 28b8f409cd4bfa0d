#include "harness/show/bench_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/machine/environment.h"
#include "harness/record/notebook_parts.h"
#include "harness/show/bench_notes.h"
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
		double half = (seconds->high - seconds->low) / 2;
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

void pf_bench_print(const pf_bench *bench, FILE *stream)
{
	int columns = pf_text_columns(fileno(stream));
	const pf_comparison_rules rules = pf_bench_rules(bench);
	fprintf(stream, "%zu command%s, %u run%s%s%s, scores not checked\n", bench->count,
		pf_text_plural(bench->count), bench->rounds_done, pf_text_plural(bench->rounds_done),
		bench->count > 1 ? " each, interleaved" : "",
		bench->rounds_done > 1 ? ", 95 % t-intervals" : ": no interval, that takes 2 runs at least");
	bool request = strcmp(bench->stopped, "request") == 0;
	if (request || strcmp(bench->stopped, "failure") == 0) {
		fprintf(stream, "PARTIAL: stopped %s after %u of %u rounds\n",
			request ? "on request" : "by a failure", bench->rounds_done, bench->rounds);
	}
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
	if (strcmp(bench->stopped, "time") == 0) {
		fprintf(stream, "\nstopped after %u rounds: no further one fits into %.4g s (--max-time)\n",
			bench->rounds_done, bench->max_time_s);
	}
	pf_bench_notes_print(bench, columns, stream);
}

/* What a spreadsheet would take for a formula begins with '. */
static void put_quoted(const char *text, FILE *stream)
{
	fputs(text[0] && strchr("=+-@", text[0]) ? "\"'" : "\"", stream);
	for (; *text; text++) {
		if (*text == '"') {
			fputc('"', stream);
		}
		fputc(*text, stream);
	}
	fputc('"', stream);
}

/* Four columns, empty where nothing is known. */
static void csv_comparison(const pf_comparison *comparison, bool known, FILE *stream)
{
	const pf_interval *ratio = &comparison->ratio;
	if (!known) {
		fputs(",,,,", stream);
	} else if (ratio->has_interval) {
		fprintf(stream, ",%.9f,%.9f,%.9f,%s", ratio->mean, ratio->low, ratio->high,
			pf_word_name(comparison->word));
	} else {
		fprintf(stream, ",%.9f,,,%s", ratio->mean, pf_word_name(comparison->word));
	}
}

void pf_bench_csv(const pf_bench *bench, FILE *stream)
{
	const pf_bench_command *last = &bench->commands[bench->count - 1]; /* the first may be a reference */
	fputs("command,mean,stddev,median,user,system,min,max,low,high,runs,ratio,ratio_low,ratio_high,word,cpu_ratio,cpu_ratio_low,cpu_ratio_high,cpu_word",
	      stream);
	for (size_t k = 0; k < last->parameter_count; k++) {
		char name[128];
		snprintf(name, sizeof name, "parameter_%s", last->parameters[k].name);
		fputc(',', stream);
		put_quoted(name, stream);
	}
	fputc('\n', stream);
	for (size_t i = 0; i < bench->count; i++) {
		const pf_bench_command *command = &bench->commands[i];
		put_quoted(command->name, stream);
		fprintf(stream, ",%.9f,%.9f,%.9f,%.9f,%.9f,%.9f,%.9f", command->seconds.mean,
			command->deviation_s, command->median_s, command->user_s.mean, command->system_s.mean,
			command->least_s, command->most_s);
		bool known = command->seconds.has_interval;
		if (known) {
			fprintf(stream, ",%.9f,%.9f", command->seconds.low, command->seconds.high);
		} else {
			fputs(",,", stream);
		}
		fprintf(stream, ",%u", bench->rounds_done);
		csv_comparison(&command->comparison, i > 0, stream);
		csv_comparison(&command->cpu, command->cpu_known, stream);
		for (size_t k = 0; k < last->parameter_count; k++) {
			fputc(',', stream);
			put_quoted(k < command->parameter_count ? command->parameters[k].value : "", stream);
		}
		fputc('\n', stream);
	}
}

/* In a table's cell a bar ends the cell, also in code. */
static void put_cell(const char *text, FILE *stream)
{
	for (; *text; text++) {
		fputs(*text == '|' ? "\\|" : (char[]){*text, '\0'}, stream);
	}
}

static void markdown_comparison(const pf_comparison *comparison, bool first, bool known, FILE *stream)
{
	const pf_interval *ratio = &comparison->ratio;
	if (first || !known) {
		fputs(first ? " 1 |" : " |", stream);
	} else if (ratio->has_interval) {
		fprintf(stream, " %.3f (%.3f to %.3f): %s |", ratio->mean, ratio->low, ratio->high,
			pf_word_name(comparison->word));
	} else {
		fprintf(stream, " %.3f |", ratio->mean);
	}
}

static void markdown_note(void *context, const char *note)
{
	FILE *stream = context;
	fputs("\n", stream);
	pf_note_print(stream, note);
	fputs("\n", stream);
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
		fputs("| `", stream);
		put_cell(command->name, stream);
		fprintf(stream, "` | %.*f", digits, unit * seconds->mean);
		if (seconds->has_interval) {
			fprintf(stream, " ± %.*f", digits, unit * (seconds->high - seconds->low) / 2);
		}
		fprintf(stream, " | %.*f | %.*f |", digits, unit * command->least_s, digits,
			unit * command->most_s);
		markdown_comparison(&command->comparison, i == 0, true, stream);
		markdown_comparison(&command->cpu, i == 0, command->cpu_known, stream);
		fputc('\n', stream);
	}
	fprintf(stream,
		"\n%u runs each, interleaved; ±: half of a 95 %% t-interval; ratios are geometric means of paired rounds; outputs not checked.\n",
		bench->rounds_done);
	pf_bench_notes(bench, markdown_note, stream);
}
