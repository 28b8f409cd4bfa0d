/* Calibration: cells, kept streams, figures, the rules of others; and the streams of tests/gate/ through our
 * own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "harness/calibrate/calibration_file.h"
#include "harness/calibrate/figures.h"
#include "harness/record/calibration_json.h"
#include "harness/show/calibration_table.h"
#include "harness/stats/random.h"
#include "tests/unit/temp_folder.h"

static void test_cells(void **state)
{
	(void)state;
	size_t null = 0;
	for (size_t i = 0; i < PF_CELLS; i++) {
		pf_cell cell = pf_cell_at(i);
		assert_int_equal(pf_cell_index(&cell), i); /* each is there once */
		assert_in_range(cell.slowdown, 0, PF_SLOWDOWNS - 1);
		assert_true(pf_cell_is_null(&cell) == (cell.slowdown <= PF_SLOWDOWN_LAYOUTS));
		null += pf_cell_is_null(&cell);
	}
	assert_int_equal(null, 8);
	char name[PF_CELL_NAME];
	pf_cell first = pf_cell_at(0);
	assert_string_equal(pf_cell_name(&first, name), "layouts/quiet/one-process");
	assert_int_equal(pf_cell_wanted(&first), 300);
}

/* A gate of one cell whose two workloads differ by `slower`, more or less. */
static pf_stream_gate made_gate(const pf_cell *cell, double slower, uint64_t seed)
{
	pf_random random = {seed};
	pf_stream_gate gate = {.cell = *cell,
			       .margin = 0.005,
			       .alpha = 0.001,
			       .measured_s = 60,
			       .load = {0.5, 1.5},
			       .count = 2};
	for (size_t w = 0; w < 2; w++) {
		pf_stream_workload *made = &gate.workloads[w];
		snprintf(made->name, sizeof made->name, "w%zu", w);
		made->observations = calloc(240, sizeof *made->observations);
		for (size_t i = 0; i < 240; i++) {
			double d = log1p(slower) + 0.002 * (pf_random_uniform(&random) - 0.5);
			made->observations[made->count++] = (pf_gate_observation){
				.median = d,
				.total = d,
				.ns = {1000.0, 1000.0 * exp(d)},
				.swapped = i % 2,
				.spent_s = 0.5};
		}
		made->verdict = slower > 0.005 ? PF_GATE_FAIL : PF_GATE_PASS;
	}
	return gate;
}

/* As zcat gives them to other tools. */
static int lines_in(const char *path)
{
	gzFile file = gzopen(path, "rb");
	int lines = 0, c;
	assert_non_null(file);
	while ((c = gzgetc(file)) >= 0) {
		lines += c == '\n';
	}
	gzclose(file);
	return lines;
}

static void test_streams(void **state)
{
	(void)state;
	char folder[256], path[300];
	pf_error error = {0};
	pf_streams streams, again;
	pf_temp_make(folder);
	snprintf(path, sizeof path, "%s", pf_temp_path(folder, "streams"));
	assert_int_equal(pf_streams_read(path, false, &streams, &error), PF_ERR_NOT_FOUND);
	assert_int_equal(pf_streams_read(path, true, &streams, &error), PF_OK);
	pf_cell cell = pf_cell_at(9);
	for (uint64_t i = 1; i <= 3; i++) {
		pf_stream_gate gate = made_gate(&cell, 0.03, i);
		assert_int_equal(pf_streams_append(path, &streams, &gate, &error), PF_OK);
	}
	assert_int_equal(pf_streams_read(path, false, &again, &error), PF_OK);
	assert_int_equal(again.count, 3);
	assert_int_equal(again.whole_bytes, streams.whole_bytes);
	assert_int_equal(lines_in(path), 3);
	const pf_gate_observation *kept = &streams.gates[2].workloads[1].observations[239],
				  *read = &again.gates[2].workloads[1].observations[239];
	assert_true(fabs(kept->median - read->median) < 1e-12 && fabs(kept->ns[1] - read->ns[1]) < 1e-6);
	assert_true(read->swapped && fabs(read->spent_s - 0.5) < 1e-9);
	assert_int_equal(pf_cell_index(&again.gates[2].cell), 9);
	pf_streams_free(&again);
	/* Killed while the third was written: two are left, and the next one takes its place. */
	assert_int_equal(truncate(path, (off_t)streams.whole_bytes - 20), 0);
	assert_int_equal(pf_streams_read(path, false, &again, &error), PF_OK);
	assert_int_equal(again.count, 2);
	pf_stream_gate gate = made_gate(&cell, 0.0, 7);
	assert_int_equal(pf_streams_append(path, &again, &gate, &error), PF_OK);
	pf_streams_free(&again);
	assert_int_equal(pf_streams_read(path, false, &again, &error), PF_OK);
	assert_int_equal(again.count, 3);
	pf_streams_free(&again);
	pf_streams_free(&streams);
	pf_temp_write(path, "no stream", 9);
	assert_int_equal(pf_streams_read(path, false, &streams, &error), PF_ERR_INVALID);
	pf_streams_free(&streams);
	pf_temp_remove(folder);
}

/* A text of any length up to 64 MiB is read in the room that it takes; one of more is refused. */
static void test_long_lines(void **state)
{
	(void)state;
	static const struct {
		size_t spaces;
		pf_status status;
	} cases[] = {{100, PF_OK}, {1 << 20, PF_OK}, {(64 << 20) + 1, PF_ERR_INVALID}};
	char folder[256], path[300], *text = malloc(1 << 20), *spaces = malloc(1 << 20);
	pf_error error = {0};
	pf_streams streams;
	assert_non_null(text);
	assert_non_null(spaces);
	memset(spaces, ' ', 1 << 20);
	pf_temp_make(folder);
	snprintf(path, sizeof path, "%s", pf_temp_path(folder, "streams"));
	assert_int_equal(pf_streams_read(path, true, &streams, &error), PF_OK);
	pf_cell cell = pf_cell_at(9);
	pf_stream_gate gate = made_gate(&cell, 0.03, 1);
	assert_int_equal(pf_streams_append(path, &streams, &gate, &error), PF_OK);
	pf_streams_free(&streams);
	gzFile file = gzopen(path, "rb");
	int length = gzread(file, text, 1 << 20);
	gzclose(file);
	assert_in_range(length, 1000, (1 << 20) - 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		file = gzopen(path, "wb1");
		for (size_t left = cases[i].spaces; left > 0; left -= left < 1 << 20 ? left : 1 << 20) {
			gzwrite(file, spaces, left < 1 << 20 ? (unsigned)left : 1 << 20);
		}
		assert_int_equal(gzwrite(file, text, (unsigned)length), length);
		assert_int_equal(gzclose(file), Z_OK);
		assert_int_equal(pf_streams_read(path, false, &streams, &error), cases[i].status);
		assert_int_equal(streams.count, cases[i].status == PF_OK);
		pf_streams_free(&streams);
	}
	pf_temp_remove(folder);
	free(spaces);
	free(text);
}

/* Probabilities from the tables of Mann and Whitney 1947: 3 and 3 samples apart, 20 orders; 4 and 4, 70. */
static void test_mann_whitney(void **state)
{
	(void)state;
	const double low[] = {1, 2, 3, 4}, high[] = {5, 6, 7, 8}, mixed[] = {1.5, 2.5, 3.5, 0.5};
	assert_true(fabs(pf_mann_whitney(low, high, 3) - 0.1) < 1e-12);
	assert_true(fabs(pf_mann_whitney(low, high, 4) - 2.0 / 70.0) < 1e-12);
	assert_true(fabs(pf_mann_whitney(high, low, 4) - 2.0 / 70.0) < 1e-12);
	/* U = 6 of 16: P(U <= 6) = 24 / 70 by counting. */
	assert_true(fabs(pf_mann_whitney(low, mixed, 4) - 48.0 / 70.0) < 1e-12);
	const double same[] = {1, 1, 1, 1};
	assert_true(pf_mann_whitney(same, same, 4) >= 1.0);
	/* Ties: R's wilcox.test(c(1,2,2,3), c(2,3,3,4), exact = FALSE) has p = 0.1720. */
	const double a[] = {1, 2, 2, 3}, b[] = {2, 3, 3, 4};
	assert_true(fabs(pf_mann_whitney(a, b, 4) - 0.17203) < 0.00001);
}

static void test_rivals(void **state)
{
	(void)state;
	double a[PF_RIVAL_SAMPLES] = {0}, b[PF_RIVAL_SAMPLES] = {0};
	pf_random random = {5};
	const double slower[] = {0.0, 0.005, 0.03, 0.2};
	const bool wanted[PF_RIVALS][4] = {{false, true, true, true},
					   {false, false, false, true},
					   {false, false, true, true},
					   {false, false, false, true}};
	for (size_t i = 0; i < PF_RIVAL_SAMPLES; i++) {
		a[i] = 1.0 + 0.004 * (pf_random_uniform(&random) - 0.5);
	}
	for (size_t s = 0; s < 4; s++) {
		for (size_t i = 0; i < PF_RIVAL_SAMPLES;
		     i++) { /* the same set where there is no difference */
			b[i] = a[(i + 7) % PF_RIVAL_SAMPLES] * (1.0 + slower[s]);
		}
		for (int r = 0; r < PF_RIVALS; r++) {
			if (pf_rival_says_slower((pf_rival)r, a, b, PF_RIVAL_SAMPLES) != wanted[r][s]) {
				fail_msg("%s at %.3f", pf_rival_name((pf_rival)r), slower[s]);
			}
		}
		assert_false(pf_rival_says_slower(PF_RIVAL_BENCHSTAT, b, a, PF_RIVAL_SAMPLES) && s > 0);
	}
}

static void test_rows(void **state)
{
	(void)state;
	pf_streams streams = {0};
	pf_cell layouts = pf_cell_at(0), compute = {.slowdown = PF_SLOWDOWN_COMPUTE, .percent = 3};
	char folder[256], path[300];
	pf_error error = {0};
	pf_row row;
	pf_temp_make(folder);
	snprintf(path, sizeof path, "%s", pf_temp_path(folder, "streams"));
	for (uint64_t i = 0; i < 4; i++) {
		pf_stream_gate gate = made_gate(i < 3 ? &layouts : &compute, i < 3 ? 0.0 : 0.031, i + 1);
		assert_int_equal(pf_streams_append(path, &streams, &gate, &error), PF_OK);
	}
	assert_true(pf_row_of(&streams, &layouts, NULL, &row));
	assert_int_equal(row.n, 3);
	assert_int_equal(row.verdicts[PF_GATE_PASS], 3);
	assert_int_equal(row.changed, 0);
	assert_true(row.pass_s > 59 && row.pass_s < 61 && row.fail_s <= 0.0);
	assert_true(pf_row_of(&streams, &compute, "w1", &row));
	assert_int_equal(row.verdicts[PF_GATE_FAIL], 1);
	assert_true(row.bias > 0.0008 && row.bias < 0.0012);
	assert_true(row.fail_s > 10 && row.fail_s < 30); /* half a second an observation, two stages */
	assert_int_equal(row.rivals[PF_RIVAL_CRITERION], 1);
	assert_false(pf_row_of(&streams, &compute, "no such", &row));
	pf_cell other = {.slowdown = PF_SLOWDOWN_RARE, .percent = 1};
	assert_false(pf_row_of(&streams, &other, NULL, &row));
	assert_true(fabs(pf_rate_most(0, 300) - 0.00994) < 0.0001);
	assert_true(fabs(pf_rate_least(300, 300) - 0.99006) < 0.0001);
	assert_int_equal(pf_way_error_of(&streams, PF_GATE_ONE_PROCESS).n, 0); /* layouts are not the way's */
	pf_cell identical = {.slowdown = PF_SLOWDOWN_IDENTICAL};
	for (uint64_t i = 0; i < 3; i++) {
		pf_stream_gate gate = made_gate(&identical, 0.0, i + 9);
		assert_int_equal(pf_streams_append(path, &streams, &gate, &error), PF_OK);
	}
	pf_way_error way = pf_way_error_of(&streams, PF_GATE_ONE_PROCESS);
	assert_int_equal(way.n, 6);
	assert_true(way.error < 0.0005 && way.scatter > 0.0004 && way.scatter < 0.0008);
	assert_int_equal(pf_way_error_of(&streams, PF_GATE_TWO_PROCESSES).n, 0);
	pf_streams_free(&streams);
	pf_temp_remove(folder);
}

static void test_lock(void **state)
{
	(void)state;
	char folder[256];
	pf_error error = {0};
	pf_temp_make(folder);
	static pf_calibration one, other;
	snprintf(one.folder, sizeof one.folder, "%s", folder);
	snprintf(other.folder, sizeof other.folder, "%s", folder);
	assert_int_equal(pf_calibration_load(&one, &error), PF_ERR_NOT_FOUND);
	assert_int_equal(pf_calibration_lock(&one, &error), PF_OK);
	assert_int_equal(pf_calibration_lock(&other, &error), PF_ERR_EXISTS);
	pf_temp_remove(folder);
}

static void test_receipt(void **state)
{
	(void)state;
	char folder[256], path[300], text[512];
	pf_error error = {0};
	pf_temp_make(folder);
	snprintf(path, sizeof path, "%s", pf_temp_path(folder, "streams"));
	static pf_calibration calibration;
	pf_cell layouts = pf_cell_at(0);
	pf_stream_gate gate = made_gate(&layouts, 0.0, 1);
	assert_int_equal(pf_streams_append(path, &calibration.streams, &gate, &error), PF_OK);
	json_t *json = pf_calibration_json(&calibration);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "cells")), PF_CELLS);
	assert_int_equal(json_dump_file(json, path, 0), 0);
	json_decref(json);
	assert_false(pf_calibration_quote_file(path, PF_GATE_TWO_PROCESSES, text, sizeof text));
	assert_true(pf_calibration_quote_file(path, PF_GATE_ONE_PROCESS, text, sizeof text));
	assert_string_equal(text,
			    "On this kind of machine 0 of 1 gates of equal builds FAILed (at most 95 %)");
	calibration.streams.gates[0].others = 0.5;
	json = pf_calibration_json(&calibration);
	assert_int_equal(json_dump_file(json, path, 0), 0);
	json_decref(json);
	assert_true(pf_calibration_quote_file(path, PF_GATE_ONE_PROCESS, text, sizeof text));
	assert_non_null(strstr(text, "machine, busy with other work, 0 of 1 gates"));
	char *page = NULL;
	size_t size;
	FILE *stream = open_memstream(&page, &size);
	pf_calibration_markdown(&calibration, stream);
	fclose(stream);
	assert_non_null(
		strstr(page, "| layouts/quiet/one-process | w0 | 1 | 0 (at most 95 %) | 1 (at least 5 %) |"));
	assert_non_null(strstr(page, "Not run: layouts/quiet/two-processes"));
	assert_non_null(strstr(page, "two-processes: its error was not measured."));
	free(page);
	pf_calibration_free(&calibration);
	pf_temp_remove(folder);
}

/* Gates that were measured on a busy machine, once: what the decision code says to them must not change
 * unawares. 3 % put into our sharpness kernel, which colour does not contain; two layouts of one source, at a
 * margin of 4 %; some 10 % in 1 % of the units of colour, which the middle blocks do not show; 2 % put into
 * zlib's deflate. */
static void test_recorded_streams(void **state)
{
	(void)state;
	static const struct {
		const char *workload;
		pf_gate_verdict verdict;
		size_t used;
	} wanted[] = {
		{"sharpness", PF_GATE_FAIL, 82}, {"colour", PF_GATE_INCONCLUSIVE, 120},
		{"decode", PF_GATE_PASS, 28},    {"colour", PF_GATE_PASS, 19},
		{"colour", PF_GATE_FAIL, 37},    {"deflate", PF_GATE_FAIL, 86},
		{"inflate", PF_GATE_PASS, 109},
	};
	pf_streams streams;
	pf_error error = {0};
	size_t at = 0;
	assert_int_equal(
		pf_streams_read(PF_SOURCE_DIR "/tests/gate/streams.jsonl.gz", false, &streams, &error),
		PF_OK);
	for (size_t i = 0; i < streams.count; i++) {
		for (size_t k = 0; k < streams.gates[i].count; k++, at++) {
			pf_replayed replayed = pf_replay(&streams.gates[i], k);
			assert_in_range(at, 0, sizeof wanted / sizeof *wanted - 1);
			assert_string_equal(streams.gates[i].workloads[k].name, wanted[at].workload);
			assert_int_equal(replayed.verdict, wanted[at].verdict);
			assert_int_equal(replayed.used, wanted[at].used);
			/* The rules of then proved less with as much: what they proved stands. */
			pf_gate_verdict then = streams.gates[i].workloads[k].verdict;
			assert_true(then == PF_GATE_INCONCLUSIVE || then == replayed.verdict);
		}
	}
	assert_int_equal(at, sizeof wanted / sizeof *wanted);
	pf_streams_free(&streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_mann_whitney),
		cmocka_unit_test(test_rivals),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_receipt),
		cmocka_unit_test(test_recorded_streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
