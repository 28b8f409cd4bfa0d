/* Trends of a soak whose samples are made up: what grows is found, what does not is cleared, what cannot be
 * told is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/load/soak.h"

enum { PHOTOS = 8 };

static pf_dataset dataset = {.name = (char *)"made", .count = PHOTOS};
static pf_session session = {.dataset = &dataset};

static pf_soak *make(size_t processes, size_t samples)
{
	pf_soak *soak = calloc(1, sizeof *soak);
	assert_non_null(soak);
	soak->session = &session;
	soak->runs = 1;
	soak->seed = 7;
	soak->process_count = processes;
	soak->processes = calloc(processes, sizeof *soak->processes);
	for (size_t p = 0; p < processes; p++) {
		soak->processes[p].pid = (pid_t)(100 + p);
		soak->processes[p].samples = calloc(samples, sizeof(pf_soak_sample));
		soak->processes[p].count = samples;
	}
	return soak;
}

static void drop(pf_soak *soak)
{
	pf_soak_release(soak);
	free(soak);
}

/* Photos of other sizes: each takes a memory and a time of its own, far more than what leaks. `clumps`: one
 * of them comes many times in a row, as where bursts of several passes become one. */
static void fill(pf_soak *soak, double leak_bytes, double slower, bool clumps)
{
	uint64_t seed = 5;
	for (size_t p = 0; p < soak->process_count; p++) {
		pf_soak_process *process = &soak->processes[p];
		for (size_t i = 0; i < process->count; i++) {
			size_t photo = i % PHOTOS;
			photo = clumps && i / 20 % 5 == 2 ? 4 : photo;
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			double noise = (double)(seed >> 40) / (1 << 24);
			process->samples[i] = (pf_soak_sample){
				.photo = (uint32_t)photo,
				.heap_bytes = (uint64_t)(2e6 + 1e5 * (double)photo + leak_bytes * (double)i),
				.rss_bytes = (uint64_t)(20e6 + 4096 * (double)(int)(noise * 8)),
				.fds = 9,
				.threads = 2,
				.photo_ns = (uint64_t)(1e7 * (1 + (double)photo) * (1 + 0.05 * noise) *
						       (1 + slower * (double)i / (double)process->count)),
			};
		}
	}
}

static void test_finds_a_leak(void **state)
{
	(void)state;
	for (int clumps = 0; clumps < 2; clumps++) {
		pf_soak *soak = make(1, 400);
		fill(soak, 16, 0, clumps);
		pf_soak_judge(soak);
		const pf_soak_trend *heap = &soak->trends[PF_SOAK_HEAP];
		assert_int_equal(soak->warmup_photos, 40);
		assert_int_equal(soak->judged_photos, 360);
		assert_int_equal(heap->verdict, PF_SOAK_GROWS);
		assert_float_equal(heap->slope.mean, 16, 1);
		assert_int_equal(soak->trends[PF_SOAK_FDS].verdict, PF_SOAK_STEADY);
		assert_int_equal(soak->trends[PF_SOAK_THREADS].verdict, PF_SOAK_STEADY);
		assert_int_equal(soak->trends[PF_SOAK_RSS].verdict, PF_SOAK_STEADY);
		assert_string_equal(pf_soak_verdict_name(PF_SOAK_HEAP, heap->verdict), "leak");
		drop(soak);
	}
}

/* Every process leaks: the average does. One that did little is no judge. */
static void test_averages_processes(void **state)
{
	(void)state;
	pf_soak *soak = make(3, 400);
	fill(soak, 16, 0, false);
	soak->processes[2].count = 150;
	pf_soak_judge(soak);
	assert_int_equal(soak->judged_processes, 2);
	assert_int_equal(soak->trends[PF_SOAK_HEAP].verdict, PF_SOAK_GROWS);
	assert_float_equal(soak->trends[PF_SOAK_HEAP].slope.mean, 16, 1);
	drop(soak);
}

static void test_clears_what_does_not_grow(void **state)
{
	(void)state;
	pf_soak *soak = make(1, 400);
	fill(soak, 0, 0, false);
	pf_soak_judge(soak);
	assert_int_equal(soak->trends[PF_SOAK_HEAP].verdict, PF_SOAK_STEADY);
	assert_float_equal(soak->trends[PF_SOAK_HEAP].slope.mean, 0, 0.01);
	assert_int_equal(soak->trends[PF_SOAK_P50].verdict, PF_SOAK_STEADY);
	assert_int_equal(soak->trends[PF_SOAK_P99].verdict, PF_SOAK_UNTESTED);
	assert_non_null(strstr(soak->trends[PF_SOAK_P99].why, "needs n >= 3000"));
	drop(soak);
}

static void test_finds_what_grows_slower(void **state)
{
	(void)state;
	pf_soak *soak = make(1, 8000);
	fill(soak, 0, 0.3, false);
	pf_soak_judge(soak);
	assert_int_equal(soak->trends[PF_SOAK_P50].verdict, PF_SOAK_GROWS);
	assert_int_equal(soak->trends[PF_SOAK_P99].verdict, PF_SOAK_GROWS);
	assert_string_equal(pf_soak_verdict_name(PF_SOAK_P50, PF_SOAK_GROWS), "slower");
	/* Beside others' work it is nobody's fault that can be named. */
	strcpy(soak->disturbed, "others used 1.0 of 2 processors");
	pf_soak_judge(soak);
	assert_int_equal(soak->trends[PF_SOAK_P50].verdict, PF_SOAK_UNDECIDED);
	assert_non_null(strstr(soak->trends[PF_SOAK_P50].why, "others used"));
	drop(soak);
}

/* What fills and is full is no leak, though all of it together slopes upwards; nor is what is too short to
 * tell. */
static void test_is_not_fooled_by_what_settles(void **state)
{
	(void)state;
	pf_soak *soak = make(1, 400);
	fill(soak, 0, 0, false);
	for (size_t i = 0; i < 400; i++) {
		soak->processes[0].samples[i].heap_bytes += 100 * (i < 210 ? i : 210);
	}
	pf_soak_judge(soak);
	assert_true(soak->trends[PF_SOAK_HEAP].slope.low > soak->trends[PF_SOAK_HEAP].smallest);
	assert_int_equal(soak->trends[PF_SOAK_HEAP].verdict, PF_SOAK_UNDECIDED);
	assert_non_null(strstr(soak->trends[PF_SOAK_HEAP].why, "in the second half not for sure"));
	drop(soak);
	soak = make(1, 140);
	fill(soak, 16, 0, false);
	pf_soak_judge(soak);
	assert_int_equal(soak->trends[PF_SOAK_HEAP].verdict, PF_SOAK_UNDECIDED);
	assert_non_null(strstr(soak->trends[PF_SOAK_HEAP].why, "whether it goes on takes 30 points"));
	drop(soak);
}

static void test_says_where_it_cannot_tell(void **state)
{
	(void)state;
	pf_soak *soak = make(1, 60);
	fill(soak, 16, 0, false);
	pf_soak_judge(soak);
	assert_int_equal(soak->trends[PF_SOAK_HEAP].verdict, PF_SOAK_UNTESTED);
	assert_non_null(strstr(soak->trends[PF_SOAK_HEAP].why, "needs n >= 90"));
	assert_false(soak->trends[PF_SOAK_HEAP].slope.has_interval);
	drop(soak);
	soak = make(1, 400);
	fill(soak, 16, 0, false);
	for (size_t i = 0; i < 400; i++) {
		soak->processes[0].samples[i].heap_bytes = 0;
	}
	pf_soak_judge(soak);
	assert_int_equal(soak->trends[PF_SOAK_HEAP].verdict, PF_SOAK_UNTESTED);
	assert_non_null(strstr(soak->trends[PF_SOAK_HEAP].why, "sanitizer"));
	drop(soak);
	soak = make(0, 0); /* nothing was heard */
	pf_soak_judge(soak);
	assert_int_equal(soak->trends[PF_SOAK_RSS].verdict, PF_SOAK_UNTESTED);
	drop(soak);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_a_leak),
		cmocka_unit_test(test_averages_processes),
		cmocka_unit_test(test_clears_what_does_not_grow),
		cmocka_unit_test(test_finds_what_grows_slower),
		cmocka_unit_test(test_is_not_fooled_by_what_settles),
		cmocka_unit_test(test_says_where_it_cannot_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
