#include "harness/scores/outcomes.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/stats/enough.h"
#include "photofinish/file.h"
#include "photofinish/image.h"
#include "photofinish/sha256.h"
#include "photofinish/whole_number.h"

#define LINE_MOST (1 << 18) /* bytes of a record: its path, escaped, is the longest part */

pf_status pf_outcomes_create(size_t count, pf_outcomes **out, pf_error *error)
{
	pf_outcomes *outcomes = calloc(1, sizeof *outcomes);
	if (outcomes) {
		outcomes->count = count;
		outcomes->photos = calloc(count ? count : 1, sizeof *outcomes->photos);
	}
	if (!outcomes || !outcomes->photos) {
		free(outcomes);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for %zu outcomes", count);
	}
	*out = outcomes;
	return PF_OK;
}

void pf_outcomes_free(pf_outcomes *outcomes)
{
	if (!outcomes) {
		return;
	}
	for (size_t i = 0; i < outcomes->count; i++) {
		free(outcomes->photos[i].message);
	}
	free(outcomes->photos);
	free(outcomes);
}

bool pf_outcomes_complete(const pf_outcomes *outcomes, size_t *missing)
{
	for (size_t i = 0; i < outcomes->count; i++) {
		if (!outcomes->photos[i].done || !outcomes->photos[i].ranked) {
			*missing = i;
			return false;
		}
	}
	return true;
}

/* Bits, not values: the contract is that any order of work gives the same bits. */
static bool same_bits(const void *a, const void *b, size_t bytes)
{
	return memcmp(a, b, bytes) == 0;
}

bool pf_scores_identical(const pf_score *a, const pf_score *b)
{
	return same_bits(&a->total, &b->total, sizeof a->total) &&
	       same_bits(a->factors, b->factors, sizeof a->factors) &&
	       same_bits(a->measures, b->measures, sizeof a->measures);
}

static bool same_outcome(const pf_outcome *a, const pf_outcome *b)
{
	return a->done == b->done && a->status == b->status && a->burst == b->burst && a->rank == b->rank &&
	       (a->status != PF_OK || pf_scores_identical(&a->score, &b->score));
}

size_t pf_outcomes_differ(const pf_outcomes *a, const pf_outcomes *b, size_t *first)
{
	size_t differ = 0;
	for (size_t i = a->count; i-- > 0;) {
		if (!same_outcome(&a->photos[i], &b->photos[i])) {
			differ++;
			*first = i;
		}
	}
	return differ;
}

void pf_outcome_describe_difference(const pf_outcome *a, const pf_outcome *b, char *out, size_t capacity)
{
	if (a->status != b->status) {
		snprintf(out, capacity, "status %s, reference %s", pf_status_name(b->status),
			 pf_status_name(a->status));
	} else if (a->burst != b->burst) {
		snprintf(out, capacity, "burst %u, reference %u", b->burst, a->burst);
	} else if (a->status == PF_OK && !pf_scores_identical(&a->score, &b->score)) {
		snprintf(out, capacity, "score %.9g, reference %.9g", b->score.total, a->score.total);
		for (int i = 0; i < PF_MEASURE_COUNT; i++) {
			if (!same_bits(&a->score.measures[i], &b->score.measures[i], sizeof(double))) {
				snprintf(out, capacity, "%s %.9g, reference %.9g",
					 pf_measure_name((pf_measure)i), b->score.measures[i],
					 a->score.measures[i]);
				return;
			}
		}
	} else {
		snprintf(out, capacity, "rank %u, reference %u", b->rank, a->rank);
	}
}

void pf_outcomes_count_groups(const pf_outcomes *outcomes, size_t *bursts, size_t *singles)
{
	uint32_t *members = calloc(outcomes->count + 1, sizeof *members);
	*bursts = *singles = 0;
	for (size_t i = 0; members && i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->done && photo->burst < outcomes->count) {
			members[photo->burst] += photo->status == PF_OK;
		}
	}
	for (size_t i = 0; members && i < outcomes->count; i++) {
		*bursts += members[i] >= 2;
		*singles += members[i] == 1;
	}
	free(members);
}

pf_status pf_outcomes_each_best(const pf_outcomes *outcomes,
				pf_status (*take)(void *context, size_t index, pf_error *error),
				void *context, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i < outcomes->count && status == PF_OK; i++) {
		if (outcomes->photos[i].ranked && outcomes->photos[i].rank == 1) {
			status = take(context, i, error);
		}
	}
	return status;
}

static void write_string(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			fputc('\\', stream);
		}
		fputc(*text, stream);
	}
	fputc('"', stream);
}

static void write_bytes(FILE *stream, const char *key, const char *bytes)
{
	char shown[4 * PATH_MAX];
	fprintf(stream, "\"%s\":", key);
	write_string(stream, pf_escape(bytes, shown, sizeof shown));
	fputc(',', stream);
}

void pf_outcome_write_with(FILE *stream, const pf_dataset *dataset, size_t index, const pf_outcome *outcome,
			   const char *caveat)
{
	fprintf(stream, "{\"burst\":%u,", outcome->burst);
	if (caveat) {
		write_bytes(stream, "caveat", caveat);
	}
	if (outcome->status != PF_OK && dataset) {
		write_bytes(stream, "error", outcome->message ? outcome->message : "");
	}
	if (outcome->status == PF_OK) {
		for (int i = 0; i < PF_FACTOR_COUNT; i++) {
			fprintf(stream, "%s\"%s\":\"%a\"", i ? "," : "\"factors\":{",
				pf_factor_name((pf_factor)i), outcome->score.factors[i]);
		}
		fputs("},", stream);
	}
	fprintf(stream, "\"index\":%zu,", index);
	if (outcome->status == PF_OK) {
		for (int i = 0; i < PF_MEASURE_COUNT; i++) {
			fprintf(stream, "%s\"%s\":\"%a\"", i ? "," : "\"measures\":{",
				pf_measure_name((pf_measure)i), outcome->score.measures[i]);
		}
		fputs("},", stream);
	}
	if (outcome->status == PF_OK && dataset && outcome->score.measures[PF_MEASURE_FLAWS] > 0) {
		char flaws[PF_FLAWS_TEXT];
		pf_flaws_text(pf_whole_number(outcome->score.measures[PF_MEASURE_FLAWS]), flaws);
		write_bytes(stream, "note", flaws);
	}
	if (dataset) {
		write_bytes(stream, "path", dataset->photos[index].path);
	}
	if (outcome->status == PF_OK && dataset && isfinite(100 * outcome->score.total)) {
		fprintf(stream, "\"points\":%.6g,", 100 * outcome->score.total); /* for people and for jq */
	}
	fprintf(stream, "\"rank\":%u,", outcome->rank);
	if (outcome->status == PF_OK) {
		fprintf(stream, "\"score\":\"%a\",", outcome->score.total);
	}
	fprintf(stream, "\"status\":\"%s\"}\n", pf_status_name(outcome->status));
}

void pf_outcome_write(FILE *stream, const pf_dataset *dataset, size_t index, const pf_outcome *outcome)
{
	pf_outcome_write_with(stream, dataset, index, outcome, NULL);
}

pf_status pf_outcomes_digest(const pf_outcomes *outcomes, uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	char *line = NULL;
	size_t size = 0;
	pf_status status = PF_OK;
	pf_sha256 context;
	FILE *stream = open_memstream(&line, &size);
	if (!stream) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a digest");
		goto out;
	}
	pf_sha256_begin(&context);
	for (size_t i = 0; i < outcomes->count; i++) {
		rewind(stream);
		pf_outcome_write(stream, NULL, i, &outcomes->photos[i]);
		off_t length = ftello(stream);
		fflush(stream);
		pf_sha256_add(&context, line, (size_t)length);
	}
	pf_sha256_end(&context, digest);
out:
	if (stream) {
		fclose(stream);
	}
	free(line);
	return status;
}

static void write_done(FILE *stream, const pf_outcomes *outcomes, const pf_dataset *dataset,
		       const char *caveat)
{
	for (size_t i = 0; i < outcomes->count; i++) {
		if (outcomes->photos[i].done) {
			pf_outcome_write_with(stream, dataset, i, &outcomes->photos[i], caveat);
		}
	}
}

pf_status pf_outcomes_save(const pf_outcomes *outcomes, const pf_dataset *dataset, const char *caveat,
			   const char *path, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		write_done(file.stream, outcomes, dataset, caveat);
		status = pf_output_close(&file, status, error);
	}
	return status;
}

static const char part_head[] = "{\"done\":";

static bool is_part(const char *path)
{
	char head[sizeof part_head] = "";
	FILE *file = pf_open_regular(path, NULL);
	bool part = file && fread(head, 1, sizeof head - 1, file) == sizeof head - 1 &&
		    strcmp(head, part_head) == 0;
	if (file) {
		fclose(file);
	}
	return part;
}

pf_status pf_outcomes_save_part(const pf_outcomes *outcomes, const pf_dataset *dataset, const char *why,
				const char *caveat, const char *path, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		fprintf(file.stream, "%s%zu,\"partial\":true,\"photos\":%zu,", part_head,
			outcomes->scored + outcomes->failed, outcomes->count);
		fputs("\"reason\":", file.stream);
		write_string(file.stream, why);
		fputs("}\n", file.stream);
		write_done(file.stream, outcomes, dataset, caveat);
		status = pf_output_close_part(&file, status, is_part, error);
	}
	return status;
}

static bool read_float(const json_t *value, double *number)
{
	const char *text = json_string_value(value);
	char *end;
	if (!text || !*text) {
		return false;
	}
	*number = strtod(text, &end);
	return *end == '\0';
}

static bool read_scores(const json_t *record, pf_score *score)
{
	const json_t *factors = json_object_get(record, "factors");
	const json_t *measures = json_object_get(record, "measures");
	bool good = read_float(json_object_get(record, "score"), &score->total);
	for (int i = 0; i < PF_FACTOR_COUNT && good; i++) {
		good = read_float(json_object_get(factors, pf_factor_name((pf_factor)i)), &score->factors[i]);
	}
	for (int i = 0; i < PF_MEASURE_COUNT && good; i++) {
		good = read_float(json_object_get(measures, pf_measure_name((pf_measure)i)),
				  &score->measures[i]);
	}
	return good;
}

static bool read_u32(const json_t *value, uint32_t *number)
{
	json_int_t whole = json_integer_value(value);
	*number = (uint32_t)whole;
	return json_is_integer(value) && whole >= 0 && whole <= UINT32_MAX;
}

bool pf_outcome_read(const json_t *record, size_t index, pf_outcome *outcome)
{
	const char *status = json_string_value(json_object_get(record, "status"));
	const char *message = json_string_value(json_object_get(record, "error"));
	uint32_t own_index;
	if (!status || !read_u32(json_object_get(record, "burst"), &outcome->burst) ||
	    !read_u32(json_object_get(record, "rank"), &outcome->rank) ||
	    !read_u32(json_object_get(record, "index"), &own_index) || own_index != index) {
		return false;
	}
	outcome->status = pf_status_from_name(status);
	outcome->done = outcome->ranked = true;
	outcome->message = message ? pf_enough(strdup(message)) : NULL;
	if (outcome->message && !pf_unescape(outcome->message)) {
		return false;
	}
	return outcome->status < PF_STATUS_COUNT && !pf_outcome_may_pass(outcome->status) &&
	       (outcome->status != PF_OK || read_scores(record, &outcome->score));
}

static bool read_outcome(const json_t *record, size_t index, pf_outcomes *outcomes)
{
	pf_outcome *outcome = &outcomes->photos[index];
	bool good = pf_outcome_read(record, index, outcome);
	outcomes->scored += good && outcome->status == PF_OK;
	outcomes->failed += good && outcome->status != PF_OK;
	outcomes->bursts += good && outcome->burst == index;
	return good;
}

pf_status pf_outcomes_load(const char *path, size_t count, pf_outcomes **out, pf_error *error)
{
	pf_error why_not = {0};
	FILE *stream = pf_open_regular(path, &why_not);
	if (!stream) {
		*error = why_not;
		return why_not.code;
	}
	pf_outcomes *outcomes = NULL;
	pf_status status = pf_outcomes_create(count, &outcomes, error);
	assert(outcomes || status != PF_OK);
	char *line = malloc(LINE_MOST);
	if (!line && status == PF_OK) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	}
	for (size_t i = 0; outcomes && i < count && status == PF_OK; i++) {
		json_t *record = fgets(line, LINE_MOST, stream) ? pf_json_parse(line, strlen(line), 0, NULL)
								: NULL;
		if (!record || !read_outcome(record, i, outcomes)) {
			status = pf_fail(error, PF_ERR_INVALID, path, "record %zu of %zu is malformed", i + 1,
					 count);
		}
		json_decref(record);
	}
	free(line);
	if (status == PF_OK && fgetc(stream) != EOF) {
		status = pf_fail(error, PF_ERR_INVALID, path, "more than %zu records", count);
	}
	fclose(stream);
	if (status != PF_OK) {
		pf_outcomes_free(outcomes);
		return status;
	}
	*out = outcomes;
	return PF_OK;
}
