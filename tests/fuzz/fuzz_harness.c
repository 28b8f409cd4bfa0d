/* Readers of the harness: records and all that is rendered of them, journals, kept references, tuned numbers,
 * truths, baselines, streams, scores of commands, callgrind's output, frames of trials. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/json_file.h"
#include "harness/base/json_values.h"
#include "harness/calibrate/stream.h"
#include "harness/export/export.h"
#include "harness/export/notebook.h"
#include "harness/gate/gate.h"
#include "harness/history/history_row.h"
#include "harness/model/truth.h"
#include "harness/record/calibration_json.h"
#include "harness/record/gate_json.h"
#include "harness/record/record_kind.h"
#include "harness/record/record_load.h"
#include "harness/record/run_journal.h"
#include "harness/record/stored_run.h"
#include "harness/registry/command_scores.h"
#include "harness/run/callgrind_file.h"
#include "harness/scores/outcomes.h"
#include "harness/scores/score_journal.h"
#include "harness/show/audit_table.h"
#include "harness/show/bench_table.h"
#include "harness/show/caveat_lines.h"
#include "harness/show/compare_table.h"
#include "harness/show/load_table.h"
#include "harness/show/record_pair.h"
#include "harness/show/run_table.h"
#include "harness/show/soak_table.h"
#include "harness/show/sweep_table.h"
#include "harness/trial/frames.h"
#include "harness/tune/tuned_file.h"
#include "photofinish/dataset.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"
#include "tests/fuzz/fuzz_target.h"

static FILE *nowhere(void)
{
	static FILE *stream;
	stream = stream ? stream : fopen("/dev/null", "we");
	FUZZ_CHECK(stream);
	return stream;
}

/* Eight photos, as those of the dataset tiny, whose names its truth and scores have. */
static const pf_dataset *eight_photos(void)
{
	static pf_dataset *dataset;
	uint8_t hash[PF_SHA256_BYTES] = {0};
	for (int i = 0; !dataset || dataset->count < 8; i++) {
		char name[32];
		FUZZ_CHECK(dataset || pf_dataset_create("fuzz", "/tmp", &dataset, NULL) == PF_OK);
		snprintf(name, sizeof name, "photos/%d.jpg", i);
		FUZZ_CHECK(pf_dataset_add(dataset, name, 1000, hash, NULL) == PF_OK);
	}
	return dataset;
}

static void show_run(const json_t *record)
{
	pf_stored_run *stored = NULL;
	if (pf_stored_run_read(record, &stored, NULL) != PF_OK) {
		return;
	}
	const pf_run *run = pf_stored_run_model(stored);
	pf_run_print(run, nowhere());
	if (strcmp(run->command, "scaling") == 0) {
		pf_sweep_print(run, nowhere());
	}
	if (run->comparison) {
		pf_compare_print(run, run->comparison, nowhere());
	}
	pf_stored_run_free(stored);
}

static void show_row(const json_t *record)
{
	pf_history_row row;
	pf_history_row_of(record, &row);
	for (size_t i = 0; i < row.steps; i++) {
		pf_history_step_of(record, i);
		for (int kind = 0; kind < PF_HISTORY_KINDS; kind++) {
			const char *other;
			pf_interval ratio;
			pf_history_ratio(record, i, (pf_history_kind)kind, &other, &ratio);
		}
	}
}

/* What history, notebook and export do with a record. */
static void take_record(const uint8_t *data, size_t size)
{
	static void (*const tables[PF_RECORD_KINDS])(const json_t *record, FILE *stream) = {
		[PF_RECORD_TIME] = pf_bench_print,
		[PF_RECORD_LOAD] = pf_load_print,
		[PF_RECORD_SOAK] = pf_soak_print,
		[PF_RECORD_AUDIT] = pf_audit_print,
	};
	json_t *record = NULL;
	char id[PF_RECORD_ID + 1];
	(void)data;
	(void)size;
	if (pf_record_load_any(fuzz_file(), &record, id, NULL) != PF_OK) {
		return;
	}
	pf_record_kind kind = pf_record_kind_of(record);
	show_row(record);
	if (kind == PF_RECORD_RUN) {
		show_run(record);
		pf_export_csv(record, nowhere());
		pf_export_benchmark(record, nowhere());
		pf_export_openmetrics(record, nowhere());
		pf_export_markdown(record, nowhere());
		pf_export_junit(record, nowhere());
		pf_notebook_print(record, nowhere());
	}
	pf_json_make_plain(record);
	if (kind != PF_RECORD_RUN) {
		tables[kind](record, nowhere());
	}
	pf_caveats_print(record, nowhere());
	pf_record_pair_print(record, id, record, id, nowhere());
	json_decref(record);
}

static void take_journal(const uint8_t *data, size_t size)
{
	pf_run_journal *journal = NULL;
	(void)data;
	(void)size;
	if (pf_run_journal_open(fuzz_file(), &journal, NULL) != PF_OK) {
		return;
	}
	int count;
	bool all;
	const char *folder;
	pf_run_journal_head(journal);
	pf_run_journal_arguments(journal, &count, &folder);
	pf_run_journal_kept(journal, &all);
	json_t *record = pf_run_journal_record(journal, NULL);
	if (record) {
		show_row(record);
		show_run(record);
	}
	json_decref(record);
	pf_run_journal_close(journal, false);
}

static size_t read_score_journal(void)
{
	pf_score_journal *journal = NULL;
	pf_outcomes *known = NULL;
	json_t *identity = json_pack("{s:s}", "build", "fuzz");
	FUZZ_CHECK(identity && pf_outcomes_create(8, &known, NULL) == PF_OK);
	pf_status status = pf_score_journal_open(fuzz_file(), identity, eight_photos(), known, NULL, &journal,
						 NULL);
	size_t done = known->scored + known->failed, counted = 0;
	for (size_t i = 0; i < known->count; i++) {
		counted += known->photos[i].done;
	}
	FUZZ_CHECK(done == counted);
	pf_score_journal_close(journal, false);
	pf_outcomes_free(known);
	json_decref(identity);
	return status == PF_OK ? done : 0;
}

static void sign_line(FILE *file, const uint8_t head[PF_SHA256_BYTES], const void *rest, size_t count,
		      uint8_t digest[PF_SHA256_BYTES])
{
	char hex[2 * PF_SHA256_BYTES + 1];
	pf_sha256 hash;
	pf_sha256_begin(&hash);
	pf_sha256_add(&hash, head, PF_SHA256_BYTES);
	pf_sha256_add(&hash, rest, count);
	pf_sha256_end(&hash, digest);
	pf_sha256_hex(digest, hex);
	fprintf(file, "{\"check\":\"%.32s\",", hex);
	fwrite(rest, 1, count, file);
}

/* As it is, and its lines behind right checksums, which let no changed one through. What was kept of the file
 * is read again as the same. */
static void take_score_journal(const uint8_t *data, size_t size)
{
	static const char identity[] = "\"build\":\"fuzz\",\"journal\":1}\n";
	uint8_t none[PF_SHA256_BYTES] = {0}, head[PF_SHA256_BYTES], digest[PF_SHA256_BYTES];
	size_t done = read_score_journal();
	FUZZ_CHECK(read_score_journal() == done);
	FILE *file = fopen(fuzz_file(), "we");
	FUZZ_CHECK(file);
	sign_line(file, none, identity, sizeof identity - 1, head);
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t count = end ? (size_t)(end - data) + 1 - at : size - at;
		sign_line(file, head, data + at, count, digest);
		at += count;
	}
	fclose(file);
	done = read_score_journal();
	FUZZ_CHECK(read_score_journal() == done);
}

/* Settings are looked at as --tuned does, but for the variant. */
static void take_tuned(const uint8_t *data, size_t size)
{
	pf_tuned tuned = {0}, here = {0};
	(void)data;
	(void)size;
	if (pf_tuned_load(fuzz_file(), &tuned, NULL) == PF_OK) {
		FUZZ_CHECK(memchr(tuned.settings, 0, sizeof tuned.settings));
		here.build[0] = 'a';
		pf_tuned_stale(&tuned, &here);
		FUZZ_CHECK(pf_tuned_save(&tuned, fuzz_file(), NULL) == PF_OK);
		FUZZ_CHECK(pf_tuned_load(fuzz_file(), &here, NULL) == PF_OK);
		FUZZ_CHECK(memcmp(&here, &tuned, sizeof here) == 0);
	}
}

static void take_outcomes(const uint8_t *data, size_t size)
{
	pf_outcomes *outcomes = NULL;
	(void)data;
	(void)size;
	if (pf_outcomes_load(fuzz_file(), 2, &outcomes, NULL) == PF_OK) {
		size_t bursts, singles;
		pf_outcomes_count_groups(outcomes, &bursts, &singles);
		pf_outcomes_free(outcomes);
	}
}

static void take_truth(const uint8_t *data, size_t size)
{
	pf_truth_photo *photos = NULL;
	(void)data;
	(void)size;
	if (pf_truth_load(fuzz_file(), eight_photos(), &photos, NULL) == PF_OK) {
		free(photos);
	}
}

static void take_baseline(const uint8_t *data, size_t size)
{
	pf_gate gate = {.count = 2, .workloads = calloc(2, sizeof *gate.workloads)};
	(void)data;
	(void)size;
	FUZZ_CHECK(gate.workloads);
	snprintf(gate.workloads[0].name, sizeof gate.workloads[0].name, "decode");
	snprintf(gate.workloads[1].name, sizeof gate.workloads[1].name, "resize");
	pf_gate_baseline_read(fuzz_file(), &gate, NULL);
	pf_gate_release(&gate);
}

static void take_calibration(const uint8_t *data, size_t size)
{
	char text[512];
	(void)data;
	(void)size;
	pf_calibration_quote_file(fuzz_file(), 0, text, sizeof text);
}

/* As it is, and its text compressed: a checksum lets no changed one through. */
static void take_stream(const uint8_t *data, size_t size)
{
	pf_streams streams;
	pf_streams_read(fuzz_file(), false, &streams, NULL);
	pf_streams_free(&streams);
	gzFile file = gzopen(fuzz_file(), "wb1");
	FUZZ_CHECK(file && gzwrite(file, data, (unsigned)size) == (int)size && gzclose(file) == Z_OK);
	pf_streams_read(fuzz_file(), false, &streams, NULL);
	pf_streams_free(&streams);
}

static void take_scores(const uint8_t *data, size_t size)
{
	pf_command_scores scores;
	FUZZ_CHECK(pf_command_scores_open(&scores, eight_photos(), NULL) == PF_OK);
	pf_status status = PF_OK;
	for (size_t at = 0; at < size && status == PF_OK;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t index, length = end ? (size_t)(end - data) - at : size - at;
		char *line = strndup((const char *)data + at, length);
		FUZZ_CHECK(line);
		status = pf_command_scores_line(&scores, line, &index, NULL);
		FUZZ_CHECK(status != PF_OK || index == SIZE_MAX || index < 8);
		free(line);
		at += length + 1;
	}
	pf_command_scores_close(&scores);
}

static void take_callgrind(const uint8_t *data, size_t size)
{
	pf_callgrind_profile profile = {0};
	FILE *stream = fmemopen((void *)(uintptr_t)data, size ? size : 1, "r");
	FUZZ_CHECK(stream);
	if (pf_callgrind_profile_read(stream, "fuzz", &profile, NULL) == PF_OK) {
		pf_callgrind_profile_find(&profile, "main");
	}
	pf_callgrind_profile_release(&profile);
	fclose(stream);
}

static void look(void *context, const pf_frame *frame)
{
	*(size_t *)context += frame->header.kind;
	if (frame->header.kind == PF_FRAME_PHOTO) {
		*(size_t *)context += strlen(frame->photo.message);
	}
}

/* What a trial writes, in pieces as a pipe gives them. */
static void take_frames(const uint8_t *data, size_t size)
{
	pf_frame_reader reader = {.used = 0};
	size_t seen = 0;
	int ends[2];
	FUZZ_CHECK(pipe(ends) == 0);
	for (size_t at = 0; at < size; at += 1000) {
		size_t count = size - at < 1000 ? size - at : 1000;
		FUZZ_CHECK(write(ends[1], data + at, count) == (ssize_t)count);
		if (pf_frame_read(&reader, ends[0], look, &seen) <= 0) {
			break;
		}
	}
	close(ends[0]);
	close(ends[1]);
}

const struct fuzz_target fuzz_harness_targets[] = {
	{"record", take_record, ".json"},
	{"journal", take_journal, ".jsonl"},
	{"score-journal", take_score_journal, ".jsonl"},
	{"tuned", take_tuned, ".yaml"},
	{"outcomes", take_outcomes, ".jsonl"},
	{"truth", take_truth, ".json"},
	{"baseline", take_baseline, ".json"},
	{"calibration", take_calibration, ".json"},
	{"stream", take_stream, ".gz"},
	{"scores", take_scores, NULL},
	{"callgrind", take_callgrind, NULL},
	{"frames", take_frames, NULL},
	{0},
};
