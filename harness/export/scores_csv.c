#include "harness/export/scores_csv.h"

#include <limits.h>
#include <string.h>

#include "harness/base/output.h"
#include "harness/base/plain_text.h"
#include "photofinish/file.h"

static void write_text(FILE *stream, const char *bytes)
{
	char shown[4 * PATH_MAX];
	pf_escape(bytes, shown, sizeof shown);
	pf_csv_text(stream, shown);
}

static void write_heads(FILE *stream)
{
	fputs("path,status,error,burst,rank,score", stream);
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		fprintf(stream, ",factor_%s", pf_factor_name((pf_factor)i));
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		fprintf(stream, ",measure_%s", pf_measure_name((pf_measure)i));
	}
	fputs(",caveat\r\n", stream);
}

static void write_number(FILE *stream, bool known, double value)
{
	fputc(',', stream);
	if (known) {
		fprintf(stream, "%.17g", value);
	}
}

static void write_row(FILE *stream, const char *path, const pf_outcome *outcome, const char *caveat)
{
	write_text(stream, path);
	fprintf(stream, ",%s,", pf_status_name(outcome->status));
	write_text(stream, outcome->message ? outcome->message : "");
	fprintf(stream, ",%u,%u,", outcome->burst, outcome->rank);
	const pf_score *score = outcome->status == PF_OK ? &outcome->score : NULL;
	if (score) {
		fprintf(stream, "%.17g", score->total);
	}
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		write_number(stream, score, score ? score->factors[i] : 0);
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		write_number(stream, score, score ? score->measures[i] : 0);
	}
	fputc(',', stream);
	write_text(stream, caveat ? caveat : "");
	fputs("\r\n", stream);
}

/* The row that says that the others are not all: it has no path. */
static void write_part(FILE *stream, const pf_outcomes *outcomes, const char *why)
{
	char text[700];
	snprintf(text, sizeof text, "%zu of %zu photos: %s", outcomes->scored + outcomes->failed,
		 outcomes->count, why);
	fputs(",partial,", stream);
	pf_csv_text(stream, text);
	fputs(",,,", stream);
	for (int i = 0; i < PF_FACTOR_COUNT + PF_MEASURE_COUNT + 1; i++) {
		fputc(',', stream);
	}
	fputs("\r\n", stream);
}

/* So is a file of heads alone. */
static bool is_part(const char *path)
{
	char head[1 << 13];
	FILE *file = pf_open_regular(path, NULL);
	size_t got = file ? fread(head, 1, sizeof head - 1, file) : 0;
	head[got] = '\0';
	if (file) {
		fclose(file);
	}
	const char *second = strstr(head, "\r\n");
	return second && (!second[2] || strncmp(second + 2, ",partial,", 9) == 0);
}

pf_status pf_scores_csv_write(const pf_outcomes *outcomes, const pf_dataset *dataset, const char *part,
			      const char *caveat, const char *path, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_output_open(&file, path, error);
	if (status != PF_OK) {
		return status;
	}
	write_heads(file.stream);
	if (part) {
		write_part(file.stream, outcomes, part);
	}
	for (size_t i = 0; i < outcomes->count; i++) {
		if (outcomes->photos[i].done) {
			write_row(file.stream, dataset->photos[i].path, &outcomes->photos[i], caveat);
		}
	}
	return part ? pf_output_close_part(&file, status, is_part, error)
		    : pf_output_close(&file, status, error);
}
