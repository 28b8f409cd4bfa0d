/* Each claim's verdicts on runs that are made for them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/claims/claims.h"
#include "harness/device/device.h"
#include "harness/show/claims_table.h"
#include "run_fixture.h"
#include "temp_folder.h"

static pf_fixture_run made;
static pf_first_results first;
static pf_claim_setting setting;
static pf_claim claims[PF_CLAIM_COUNT];

#define TIMES(...) ((const double[]){__VA_ARGS__, 0})
#define ABOUT(x) TIMES((x)*1.01, (x)*0.99, (x), (x)*1.005) /* about x, close together */
#define ABOUT_ALSO(x) TIMES((x)*1.0, (x)*1.01, (x)*0.99, (x)*1.002)
#define NOISY(x) TIMES((x)*0.5, (x)*2, (x)*0.6, (x)*1.7)

static void begin(size_t photos)
{
	pf_fixture_run_open(&made, photos);
	first = (pf_first_results){0};
	setting = (pf_claim_setting){.cores = 2, .photos = photos, .first = &first};
}

static pf_contestant *add(const char *name, uint32_t workers, const double *seconds)
{
	return pf_fixture_run_add(&made, name, NULL, workers, seconds);
}

static const pf_claim *answer(const char *id)
{
	pf_claims_answer(&made.run, &setting, claims);
	for (size_t i = 0; i < PF_CLAIM_COUNT; i++) {
		if (strcmp(claims[i].id, id) == 0) {
			return &claims[i];
		}
	}
	fail_msg("no claim %s", id);
	return NULL;
}

static void check(const char *id, pf_verdict verdict, const char *why)
{
	const pf_claim *claim = answer(id);
	if (claim->verdict != verdict || !strstr(claim->why, why)) {
		fail_msg("%s: %s: %s", id, pf_verdict_name(claim->verdict), claim->why);
	}
}

static uint32_t workers_of(const char *name, uint32_t workers)
{
	return strcmp(name, "chunked") == 0 || strcmp(name, "pipelined") == 0 ? workers : 1;
}

/* A ratio whose true direction is that `slow` takes longer. */
static void check_ratio(const char *id, const char *slow, const char *fast, uint32_t workers,
			double published)
{
	const struct {
		const double *slow, *fast;
		pf_verdict verdict;
		const char *why;
	} cases[] = {
		{ABOUT(published), ABOUT_ALSO(1), PF_VERDICT_REPRODUCED, ""},
		{ABOUT(published * 2), ABOUT_ALSO(1), PF_VERDICT_DIRECTION_ONLY, "2.0 times the published"},
		{ABOUT(1), ABOUT_ALSO(1.5), PF_VERDICT_NOT_REPRODUCED, ""},
		{NOISY(1.2), ABOUT(1), PF_VERDICT_UNDECIDED, "both directions"},
		{TIMES(published), TIMES(1), PF_VERDICT_UNDECIDED, "one round has no interval"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin(100);
		setting.cores = 8;
		add(slow, workers_of(slow, workers), cases[i].slow);
		pf_contestant *own = add(fast, workers, cases[i].fast);
		for (size_t k = 0; k < made.contestants[0].trial_count; k++) {
			made.contestants[0].trials[k].moved_bytes = 1000;
			made.contestants[0].trials[k].chunks = 4;
		}
		check(id, cases[i].verdict, cases[i].why);
		own->status = PF_RUN_CRASHED;
		snprintf(own->reason, sizeof own->reason, "SIGSEGV");
		check(id, PF_VERDICT_NOT_TESTABLE, "has no time: crashed: SIGSEGV");
		made.run.contestant_count = 1;
		char why[64];
		snprintf(why, sizeof why, "%s was not run", fast);
		check(id, PF_VERDICT_NOT_TESTABLE, why);
	}
}

static void test_ratios(void **state)
{
	(void)state;
	check_ratio("single-load-gain", "double-load", "single-load", 1, 159.0 / 133);
	check_ratio("parallel-gain", "single-load", "parallel", 8, 133.0 / 56);
	check_ratio("chunked-fails", "chunked", "parallel", 8, 145.0 / 56);
	check_ratio("pipelined-fails", "pipelined", "parallel", 8, 1015.0 / 206);
}

static void test_every_claim_without_a_run(void **state)
{
	(void)state;
	begin(100);
	pf_claims_answer(&made.run, &setting, claims);
	for (size_t i = 0; i < PF_CLAIM_COUNT; i++) {
		assert_int_equal(claims[i].verdict, PF_VERDICT_NOT_TESTABLE);
		assert_non_null(strstr(claims[i].why, "was not run"));
		assert_false(claims[i].has_measured);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(claims[i].id, claims[k].id);
		}
	}
}

static void test_stages_that_were_left_out(void **state)
{
	(void)state;
	begin(100);
	made.session.order.scorer.left_out = PF_LEAVE_OUT_POSE | PF_LEAVE_OUT_FACES;
	add("double-load", 1, ABOUT(159.0 / 133));
	add("single-load", 1, ABOUT(1));
	add("parallel", 1, ABOUT(1));
	pf_contestant *threaded = add("threaded", 2, ABOUT(1));
	threaded->status = PF_RUN_OK;
	check("single-load-gain", PF_VERDICT_NOT_TESTABLE, "stages were left out: pose, faces");
	check("ai-share", PF_VERDICT_NOT_TESTABLE, "pose, faces");
	check("threaded-fails", PF_VERDICT_NOT_TESTABLE, "pose, faces");
	check("live-same-speed", PF_VERDICT_NOT_TESTABLE, "was not run");
	made.session.order.scorer.left_out = 0;
	check("single-load-gain", PF_VERDICT_REPRODUCED, "");
}

static void test_a_busy_machine_refutes_nothing(void **state)
{
	(void)state;
	begin(100);
	pf_contestant *slow = add("single-load", 1, ABOUT(1));
	add("parallel", 2, ABOUT(1.5));
	check("parallel-gain", PF_VERDICT_NOT_REPRODUCED, "");
	for (size_t i = 0; i < slow->trial_count; i++) {
		slow->trials[i].cpu_ns /= 2;
	}
	check("parallel-gain", PF_VERDICT_UNDECIDED, "this machine was busy");
}

static void share(double io, double ai, pf_verdict io_verdict, pf_verdict ai_verdict)
{
	begin(100);
	pf_contestant *baseline = add("double-load", 1, ABOUT(10));
	pf_fixture_run_stage(baseline, PF_STAGE_READ, io / 4);
	pf_fixture_run_stage(baseline, PF_STAGE_DECODE, io * 3 / 4);
	pf_fixture_run_stage(baseline, PF_STAGE_POSE, ai / 3);
	pf_fixture_run_stage(baseline, PF_STAGE_FACES, ai * 2 / 3);
	pf_fixture_run_stage(baseline, PF_STAGE_QUALITY, (1 - io - ai) / 2);
	check("io-share", io_verdict, "analysis and overhead together");
	check("ai-share", ai_verdict, "analysis and overhead together");
	assert_true(fabs(answer("io-share")->measured.mean - io) < 1e-6);
	assert_true(fabs(answer("ai-share")->measured.mean - ai) < 1e-6);
	pf_interval shares[PF_PART_COUNT];
	assert_true(pf_part_shares(baseline, shares));
	assert_true(fabs(shares[PF_PART_ANALYSIS].mean - (1 - io - ai) / 2) < 1e-6);
	assert_true(fabs(shares[PF_PART_OVERHEAD].mean - (1 - io - ai) / 2) < 1e-6);
}

static void test_shares(void **state)
{
	(void)state;
	share(0.38, 0.51, PF_VERDICT_REPRODUCED, PF_VERDICT_REPRODUCED);
	share(0.62, 0.31, PF_VERDICT_DIRECTION_ONLY, PF_VERDICT_DIRECTION_ONLY);
	share(0.02, 0.83, PF_VERDICT_NOT_REPRODUCED, PF_VERDICT_DIRECTION_ONLY);
	made.contestants[0].trials[0].stage_ns[PF_STAGE_DECODE] *= 60; /* one trial says otherwise */
	check("io-share", PF_VERDICT_UNDECIDED, "not clear");
	made.contestants[0].trial_count = 1;
	check("ai-share", PF_VERDICT_UNDECIDED, "one round");
}

static void test_parallel_is_bound(void **state)
{
	(void)state;
	begin(100);
	add("double-load", 1, ABOUT(3));
	add("single-load", 1, ABOUT(2));
	pf_contestant *own = add("parallel", 2, ABOUT_ALSO(1.1));
	check("parallel-gain", PF_VERDICT_DIRECTION_ONLY, "2 workers on 2 cores, without GPU: at most 2x");
	check("parallel-gain", PF_VERDICT_DIRECTION_ONLY, "another setting");
	check("parallel-gain", PF_VERDICT_DIRECTION_ONLY, "over the baseline 2.7");
	own->workers = 1;
	check("parallel-gain", PF_VERDICT_NOT_TESTABLE, "at most 1x");
	assert_true(answer("parallel-gain")->has_measured);
}

static void amdahl(double serial_s, const double *seconds, pf_verdict verdict, const char *why)
{
	begin(100);
	add("single-load", 1, TIMES(10, 10, 10, 10));
	pf_contestant *own = add("parallel", 4, seconds);
	for (size_t i = 0; i < own->trial_count; i++) {
		own->trials[i].main_ns = (uint64_t)(serial_s * 1e9);
	}
	check("amdahl", verdict, why);
}

static void test_amdahl(void **state)
{
	(void)state;
	/* P = 0.8, four workers: 1 / (0.2 + 0.8 / 4) = 2.5. */
	amdahl(2, ABOUT(5), PF_VERDICT_REPRODUCED, "of at most 2.50x with 4 workers, by P = 0.8000");
	assert_true(fabs(answer("amdahl")->measured.mean - 0.8) < 0.01);
	amdahl(2, ABOUT(3), PF_VERDICT_NOT_REPRODUCED, "of at most 2.50x");
	amdahl(2, ABOUT(4), PF_VERDICT_UNDECIDED, "of at most 2.50x");
	amdahl(2, TIMES(5), PF_VERDICT_UNDECIDED, "no interval");
	made.contestants[1].workers = 1;
	check("amdahl", PF_VERDICT_NOT_TESTABLE, "one worker");
}

static void count_chunks(pf_contestant *contestant, uint64_t chunks)
{
	for (size_t i = 0; i < contestant->trial_count; i++) {
		contestant->trials[i].chunks = chunks;
		contestant->trials[i].moved_bytes = 1000;
	}
}

static void test_one_chunk_tests_nothing(void **state)
{
	(void)state;
	static const char *const ids[] = {"chunked-fails", "pipelined-fails"};
	static const char *const names[] = {"chunked", "pipelined"};
	for (int i = 0; i < 2; i++) {
		begin(100);
		add("parallel", 2, ABOUT(1));
		pf_contestant *own = add(names[i], 2, ABOUT(3.5));
		check(ids[i], PF_VERDICT_NOT_TESTABLE, "it loaded 100 photos as one chunk");
		count_chunks(own, 1);
		check(ids[i], PF_VERDICT_NOT_TESTABLE, "it loaded 100 photos as one chunk");
		assert_true(answer(ids[i])->has_measured);
		count_chunks(own, 4);
		check(ids[i], PF_VERDICT_REPRODUCED, "4 chunks");
	}
}

static void test_what_is_moved_explains_pipelined(void **state)
{
	(void)state;
	begin(100);
	setting.pixels = 1e9;
	add("parallel", 4, ABOUT(1));
	pf_contestant *own = add("pipelined", 4, ABOUT(4));
	count_chunks(own, 4);
	check("pipelined-fails", PF_VERDICT_DIRECTION_ONLY, "what was moved does not explain it");
	/* Three of four chunks, to four workers, 1.5 bytes a pixel. */
	for (size_t i = 0; i < own->trial_count; i++) {
		own->trials[i].moved_bytes = (uint64_t)(1.5e9 * 0.75 * 4);
	}
	check("pipelined-fails", PF_VERDICT_REPRODUCED, "to 4 workers, are 180 MB to 9.0 GB");
}

static void test_threaded(void **state)
{
	(void)state;
	static const struct {
		pf_run_status status;
		pf_verdict verdict;
		const char *why;
	} cases[] = {
		{PF_RUN_CRASHED, PF_VERDICT_REPRODUCED, "it crashed: SIGABRT in faces"},
		{PF_RUN_WRONG_OUTPUT, PF_VERDICT_REPRODUCED, "it corrupts: SIGABRT in faces"},
		{PF_RUN_OK, PF_VERDICT_NOT_REPRODUCED, "no wrong score in 4 trials with 2 threads"},
		{PF_RUN_TIMEOUT, PF_VERDICT_UNDECIDED, "another way (timeout)"},
		{PF_RUN_FAILED, PF_VERDICT_UNDECIDED, "another way (failed)"},
		{PF_RUN_UNAVAILABLE, PF_VERDICT_NOT_TESTABLE, "cannot run here"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin(100);
		pf_contestant *own = add("threaded", 2, ABOUT(1));
		own->status = cases[i].status;
		snprintf(own->reason, sizeof own->reason, "SIGABRT in faces");
		check("threaded-fails", cases[i].verdict, cases[i].why);
		own->workers = 1;
		check("threaded-fails", PF_VERDICT_NOT_TESTABLE, "one thread");
	}
}

/* Growth of both times to the first result, each `n` samples. */
static void grow(double streaming, double parallel, double spread)
{
	first = (pf_first_results){.measured = true, .small_photos = 10, .large_photos = 1000, .n = 4};
	for (int i = 0; i < 4; i++) {
		double off = 1 + spread * (i - 1.5);
		first.streaming_small[i] = 0.1;
		first.streaming_large[i] = 0.1 * streaming * off;
		first.parallel_small[i] = 0.1;
		first.parallel_large[i] = 0.1 * parallel * (2 - off);
	}
}

static void test_first_result(void **state)
{
	(void)state;
	begin(1000);
	add("streaming", 2, ABOUT(10));
	pf_contestant *parallel = add("parallel", 2, ABOUT(10)); /* its first result comes after 1 s */
	char why[200];
	assert_false(pf_claims_want_first_results(&made.run, why, sizeof why));
	assert_non_null(strstr(why, "too few photos"));
	check("streaming-ttfr", PF_VERDICT_NOT_TESTABLE, "too few photos");
	pf_fixture_run_stage(parallel, PF_STAGE_DETECT, 0.09); /* 0.9 s of it is detection */
	assert_true(pf_claims_want_first_results(&made.run, why, sizeof why));
	check("streaming-ttfr", PF_VERDICT_NOT_TESTABLE, "were not made");
	grow(1.05, 10, 0.01); /* 0.1 s to 1.0 s, as detection says */
	check("streaming-ttfr", PF_VERDICT_REPRODUCED, "from 10 to 1000 photos");
	grow(1.05, 2.0, 0.01); /* 0.1 s more where detection takes 0.9 s more */
	check("streaming-ttfr", PF_VERDICT_DIRECTION_ONLY, "");
	grow(2.0, 10, 0.01);
	check("streaming-ttfr", PF_VERDICT_DIRECTION_ONLY, "");
	grow(10, 2.0, 0.01);
	check("streaming-ttfr", PF_VERDICT_NOT_REPRODUCED, "");
	grow(2, 3, 0.6);
	check("streaming-ttfr", PF_VERDICT_UNDECIDED, "");
	first.n = 1;
	check("streaming-ttfr", PF_VERDICT_UNDECIDED, "fewer than two");
	parallel->status = PF_RUN_TIMEOUT;
	check("streaming-ttfr", PF_VERDICT_NOT_TESTABLE, "parallel has no time: timeout");
	begin(511);
	add("streaming", 2, ABOUT(10));
	pf_fixture_run_stage(add("parallel", 2, ABOUT(10)), PF_STAGE_DETECT, 0.09);
	check("streaming-ttfr", PF_VERDICT_NOT_TESTABLE, "511 photos: too few photos for two sizes");
	assert_false(pf_claims_want_first_results(&made.run, why, sizeof why));
}

static void streaming_gain(double detect, const double *parallel_s, const double *streaming_s,
			   pf_verdict verdict, const char *why)
{
	begin(1000);
	pf_contestant *parallel = add("parallel", 2, parallel_s);
	add("streaming", 2, streaming_s);
	pf_fixture_run_stage(parallel, PF_STAGE_DETECT, detect);
	check("streaming-gain", verdict, why);
}

static void test_streaming_gain(void **state)
{
	(void)state;
	streaming_gain(0.019, ABOUT(10), ABOUT_ALSO(9), PF_VERDICT_NOT_TESTABLE, "under 2 %");
	assert_true(answer("streaming-gain")->has_measured);
	/* 4 s of detection on two workers: 2 s can be saved. */
	streaming_gain(0.4, ABOUT(10), ABOUT_ALSO(8.2), PF_VERDICT_REPRODUCED, "(1 - 1/2) x");
	streaming_gain(0.4, ABOUT(10), ABOUT_ALSO(9.2), PF_VERDICT_DIRECTION_ONLY,
		       "not what the formula says");
	streaming_gain(0.4, ABOUT(10), ABOUT_ALSO(11), PF_VERDICT_NOT_REPRODUCED, "");
	streaming_gain(0.4, ABOUT(10), NOISY(9), PF_VERDICT_UNDECIDED, "both directions");
	assert_true(fabs(answer("streaming-gain")->published - 4.3 / 3.1) < 1e-12);
}

static void live(double factor, double spread, pf_verdict verdict, const char *why)
{
	double own[5] = {0};
	for (int i = 0; i < 4; i++) {
		own[i] = 10 * factor * (1 + spread * (i - 1.5));
	}
	begin(100);
	add("streaming", 2, TIMES(10, 10, 10, 10));
	add("live", 2, own);
	check("live-same-speed", verdict, why);
}

static void test_live(void **state)
{
	(void)state;
	live(1.005, 0.001, PF_VERDICT_REPRODUCED, "within 2 %");
	live(1.01, 0.01, PF_VERDICT_REPRODUCED, "within 5 %, the margin that this noise allows");
	live(1.035, 0.002, PF_VERDICT_DIRECTION_ONLY, "beyond 2 %");
	live(1.2, 0.002, PF_VERDICT_NOT_REPRODUCED, "more than 5 %");
	live(1.0, 0.1, PF_VERDICT_UNDECIDED, "too noisy");
	live(0.5, 0.002, PF_VERDICT_DIRECTION_ONLY, "beyond 2 %");
	made.contestants[0].trial_count = 1;
	check("live-same-speed", PF_VERDICT_UNDECIDED, "one round");
}

static void test_claims_of_a_device(void **state)
{
	(void)state;
	begin(100);
	setting.cores = 8;
	add("double-load", 1, ABOUT(40));
	add("parallel", 8, ABOUT(11));
	add("live", 8, ABOUT_ALSO(10));
	check("gpu-gain", PF_VERDICT_NOT_TESTABLE, "CPU x 8: 11 s; gpu was not run");
	check("overall-gain", PF_VERDICT_NOT_TESTABLE, "no device took part");
	assert_true(answer("overall-gain")->has_measured);
	pf_contestant *gpu = add("gpu", 8, ABOUT(5));
	check("gpu-gain", PF_VERDICT_REPRODUCED, "GPU x 8: 5");
	add("gpu-shared", 8, ABOUT(4)); /* each setting is told apart */
	check("gpu-gain", PF_VERDICT_REPRODUCED, "CPU x 8: 11 s; GPU x 8: 5.01 s; GPU, shared, x 8: 4");
	assert_true(isnan(answer("gpu-gain")->published));
	check("overall-gain", PF_VERDICT_NOT_TESTABLE, "on the CPU");
	made.variants[2].caps |= PF_CAP_GPU;
	check("overall-gain", PF_VERDICT_REPRODUCED, "");
	setting.cores = 2;
	check("overall-gain", PF_VERDICT_DIRECTION_ONLY, "another setting");
	static pf_device_found device;
	device.work.fallen = 3;
	gpu->trials[0].found[PF_PROBE_device] = &device;
	check("gpu-gain", PF_VERDICT_NOT_TESTABLE, "GPU x 8 (fell back to the processor): 5");
	check("overall-gain", PF_VERDICT_NOT_TESTABLE, "no device took part");
	device.work.fallen = 0;
	gpu->workers = 4;
	check("gpu-gain", PF_VERDICT_NOT_TESTABLE, "differ in workers");
	gpu->workers = 8;
	gpu->status = PF_RUN_UNAVAILABLE;
	snprintf(gpu->reason, sizeof gpu->reason, "no CUDA device");
	check("gpu-gain", PF_VERDICT_NOT_TESTABLE, "gpu has no time: unavailable: no CUDA device");
	check("overall-gain", PF_VERDICT_NOT_TESTABLE, "no device took part");
}

/* What is printed: no line is longer than asked for; every claim that was answered has its row, the others
 * are named once. */
static void test_table(void **state)
{
	(void)state;
	char folder[256];
	begin(100);
	pf_contestant *baseline = add("double-load", 1, ABOUT(3));
	add("single-load", 1, ABOUT_ALSO(2));
	pf_fixture_run_stage(baseline, PF_STAGE_DECODE, 0.5);
	pf_fixture_run_stage(baseline, PF_STAGE_POSE, 0.4);
	pf_fixture_run_stage(baseline, PF_STAGE_QUALITY, 0.04);
	pf_claims_answer(&made.run, &setting, claims);
	pf_temp_make(folder);
	for (int columns = 60; columns <= 140; columns += 20) {
		FILE *stream = fopen(pf_temp_path(folder, "table"), "we");
		assert_non_null(stream);
		pf_claims_print(claims, PF_CLAIM_COUNT, columns, stream);
		pf_parts_print(baseline, stream);
		assert_int_equal(fclose(stream), 0);
		char *text = pf_temp_read(pf_temp_path(folder, "table"), NULL);
		for (size_t i = 0; i < PF_CLAIM_COUNT; i++) {
			char row[80];
			snprintf(row, sizeof row, "\n%-16s ", claims[i].id);
			assert_int_equal(strstr(text, row) != NULL,
					 claims[i].verdict != PF_VERDICT_NOT_TESTABLE);
			assert_non_null(strstr(text, claims[i].id));
		}
		assert_non_null(strstr(text, "\n10 claims are not answered here: parallel-gain, gpu-gain,"));
		assert_non_null(
			strstr(text, "\n"
				     "single-load-gain      1.20x  1.50x (1.47 to 1.54)      reproduced\n"));
		assert_non_null(strstr(text, "image I/O: read, decode      50.0 % +-0.0       38 %\n"));
		assert_non_null(strstr(text, "overhead: all else            6.0 % +-0.0        2 %\n"));
		int most = columns > 120 ? 80 : columns < 70 ? 70 : columns; /* a row itself takes 70 */
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
			assert_true((int)strlen(line) <= most);
			assert_true(line[strlen(line) - 1] != ' ');
		}
		free(text);
	}
	pf_temp_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ratios),
		cmocka_unit_test(test_every_claim_without_a_run),
		cmocka_unit_test(test_stages_that_were_left_out),
		cmocka_unit_test(test_a_busy_machine_refutes_nothing),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_parallel_is_bound),
		cmocka_unit_test(test_amdahl),
		cmocka_unit_test(test_one_chunk_tests_nothing),
		cmocka_unit_test(test_what_is_moved_explains_pipelined),
		cmocka_unit_test(test_threaded),
		cmocka_unit_test(test_first_result),
		cmocka_unit_test(test_streaming_gain),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_claims_of_a_device),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
