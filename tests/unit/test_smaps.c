/* What the kernel says of memory, and that shared memory counts once. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/memory/memory_sampler.h"
#include "harness/show/memory_table.h"
#include "shared_memory.h"

static const char whole[] =
	"557dba92e000-7ffd51076000 ---p 00000000 00:00 0                          [rollup]\n"
	"Rss:              201620 kB\n"
	"Pss:              117171 kB\n"
	"Pss_Dirty:           116 kB\n"
	"Pss_Anon:          60116 kB\n"
	"Pss_File:             55 kB\n"
	"Pss_Shmem:         57000 kB\n"
	"Shared_Clean:       1464 kB\n"
	"Shared_Dirty:          0 kB\n"
	"Private_Clean:        40 kB\n"
	"Private_Dirty:     60116 kB\n"
	"Swap:                  0 kB\n"
	"SwapPss:               0 kB\n";

static void test_figures(void **state)
{
	(void)state;
	pf_smaps got;
	assert_true(pf_smaps_parse(whole, &got));
	assert_int_equal(got.rss, 201620 * 1024ull);
	assert_int_equal(got.pss, 117171 * 1024ull);
	assert_int_equal(got.shared, 57000 * 1024ull);
	assert_int_equal(got.own, (40 + 60116) * 1024ull);
	/* An older kernel. */
	assert_true(pf_smaps_parse("Rss: 8 kB\nPss: 4 kB\nPrivate_Dirty: 4 kB\n", &got));
	assert_true(got.rss == 8192 && got.pss == 4096 && got.shared == UINT64_MAX && got.own == 4096);
}

static void test_damaged_ones(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"Rss: 8 kB\n",
		"Pss: 8 kB\n",
		"Rss: 8 kB\nPss: kB\n",
		"Rss: 8 kB\nPss: -4 kB\n",
		"Rss: 8 kB\nPss: 4 MB\n",
		"Rss: 8 kB\nPss_Anon: 4 kB\n",
		"Rss: 8 kB\nPss: 99999999999999999999 kB\n",
		"Rss: 8 kB\nPss: 18446744073709551615 kB\n",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		pf_smaps got = {.pss = 77};
		if (pf_smaps_parse(wrong[i], &got)) {
			fail_msg("taken: %s", wrong[i]);
		}
		assert_int_equal(got.pss, 77);
	}
}

static void test_a_process_that_is_not_there(void **state)
{
	(void)state;
	pf_smaps got;
	assert_true(pf_smaps_read(getpid(), &got));
	assert_true(got.pss > 0 && got.rss >= got.pss && got.own <= got.pss);
	assert_false(pf_smaps_read(0x7fffffff, &got));
	assert_int_equal(errno, ENOENT);
}

enum { SHARED_MB = 64, MB = 1 << 20 };

/* The leader of a group with one child: both have touched the same shared memory. */
static pid_t start_group(size_t shared_bytes)
{
	int ready[2];
	char sign;
	assert_int_equal(pipe(ready), 0);
	pid_t leader = fork();
	if (leader == 0) {
		setpgid(0, 0);
		char *shared = mmap(NULL, shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				    -1, 0);
		memset(shared, 1, shared_bytes);
		fork(); /* in each of the two: */
		for (size_t i = 0; i < shared_bytes; i += 4096) {
			*(volatile char *)(shared + i) += 1;
		}
		sign = write(ready[1], "r", 1) == 1;
		for (;;) {
			pause();
		}
	}
	assert_int_equal(read(ready[0], &sign, 1), 1);
	assert_int_equal(read(ready[0], &sign, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return leader;
}

static void end_group(pid_t leader)
{
	kill(-leader, SIGKILL);
	assert_int_equal(waitpid(leader, NULL, 0), leader);
}

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void test_shared_memory_counts_once(void **state)
{
	(void)state;
	pf_memory_sampler sampler;
	pf_trace traces[3];
	for (int i = 0; i < 3; i++) {
		pf_trace_reset(&traces[i]);
	}
	pid_t leader = start_group((size_t)SHARED_MB * MB);
	atomic_store(&traces[0].pid, leader);
	/* The trial is said to be on its way since the machine was started: nothing bars the first look. */
	assert_true(pf_memory_sampler_open(&sampler, 1, 0));
	pf_memory_sampler_look(&sampler, leader, traces, 2);
	nap_ms(25);
	assert_int_equal(pf_memory_sampler_wait_ms(&sampler, pf_now_ns(), 100), 0);
	pf_memory_sampler_look(&sampler, leader, traces, 2);
	pf_memory_sampler_look(&sampler, leader, traces, 2); /* too soon: nothing */
	end_group(leader);
	const pf_memory_series *series = sampler.series;
	assert_int_equal(series->samples, 2);
	assert_int_equal(series->point_count, 2);
	assert_int_equal(series->process_count, 2);
	assert_int_equal(series->why_errno, 0);
	assert_true(series->cost_ns > 0);
	const pf_smaps *all = &series->peak.all;
	assert_int_equal(series->peak.probed, 2);
	if (all->shared != UINT64_MAX) {
		assert_true(all->shared >= SHARED_MB * MB && all->shared < (SHARED_MB + 1) * MB);
	}
	/* Counted twice it would be 128 MB; what is not shared is some MB, with sanitizers more than a dozen.
	 */
	assert_true(all->pss >= SHARED_MB * MB && all->pss < (SHARED_MB + 48) * MB);
	assert_true(all->rss >= 2ull * SHARED_MB * MB);
	for (int i = 0; i < 2; i++) {
		assert_true(series->processes[i].slot ==
			    (series->processes[i].pid == leader ? 0 : PF_NO_SLOT));
		assert_int_equal(series->processes[i].samples, 2);
		assert_true(series->processes[i].pss[0] != PF_MEMORY_ABSENT);
		assert_true(series->processes[i].pss[2] == PF_MEMORY_ABSENT);
	}
	pf_memory_series_free(sampler.series);
}

/* What looking costs bounds how often it is done. */
static void test_the_budget_is_kept(void **state)
{
	(void)state;
	pf_memory_sampler sampler;
	pf_trace trace;
	pf_trace_reset(&trace);
	pid_t leader = start_group((size_t)SHARED_MB * MB);
	uint64_t begin = pf_now_ns();
	assert_true(pf_memory_sampler_open(&sampler, 0.02, begin));
	assert_int_equal(pf_memory_sampler_wait_ms(&sampler, begin, 1000), 50); /* 1 ms is expected */
	for (int i = 0; i < 60; i++) {
		pf_memory_sampler_look(&sampler, leader, &trace, 0);
		nap_ms(10);
	}
	end_group(leader);
	double share = (double)sampler.series->cost_ns / (double)(pf_now_ns() - begin);
	assert_true(sampler.series->samples >= 1);
	/* A sample may cost more than was expected of it, on a busy machine several times. */
	assert_true(share < 0.06);
	assert_true(sampler.series->samples < 30);
	pf_memory_series_free(sampler.series);
}

static void test_nobody_there(void **state)
{
	(void)state;
	pf_memory_sampler sampler;
	pf_trace trace;
	pf_trace_reset(&trace);
	assert_true(pf_memory_sampler_open(&sampler, 1, 0));
	pf_memory_sampler_look(&sampler, 0x7ffffffe, &trace, 0);
	assert_int_equal(sampler.series->samples, 0);
	assert_int_equal(sampler.series->point_count, 0);
	pf_memory_series_free(sampler.series);
	pf_memory_series_free(NULL);
}

/* A long trial has no more points than there is room for, and keeps its peak and its length. */
static void test_a_full_series_is_thinned(void **state)
{
	(void)state;
	pf_memory_sampler sampler;
	pf_trace trace;
	pf_trace_reset(&trace);
	pid_t leader = start_group(MB);
	const size_t looks = 3 * PF_MEMORY_POINTS;
	assert_true(pf_memory_sampler_open(&sampler, 1, 0));
	for (size_t i = 0; i < looks; i++) {
		sampler.last_ns = sampler.begin_ns; /* as if it had rested */
		pf_memory_sampler_look(&sampler, leader, &trace, 0);
	}
	end_group(leader);
	const pf_memory_series *series = sampler.series;
	assert_int_equal(series->samples, looks);
	assert_true(series->point_count > PF_MEMORY_POINTS / 2 && series->point_count <= PF_MEMORY_POINTS);
	for (size_t i = 0; i < series->point_count; i++) {
		assert_true(i == 0 || series->points[i].at_ns > series->points[i - 1].at_ns);
		assert_true(series->processes[0].pss[i] != PF_MEMORY_ABSENT);
		assert_true(series->points[i].all.pss ==
			    series->processes[0].pss[i] + series->processes[1].pss[i]);
	}
	pf_memory_series_free(sampler.series);
}

static void test_a_sparkline(void **state)
{
	(void)state;
	char line[17];
	uint64_t pss[PF_MEMORY_POINTS] = {PF_MEMORY_ABSENT, 100, 200, 800};
	pf_memory_series *series = calloc(1, sizeof *series);
	pf_memory_process process = {.peak = {.pss = 800}, .pss = pss};
	for (size_t i = 0; i < 4; i++) {
		series->points[i].at_ns = 1 + 1000 * i;
		series->points[i].all.pss = i ? pss[i] : 50;
	}
	series->point_count = 4;
	series->peak = series->points[3];
	pf_memory_sparkline(series, NULL, 8, line);
	assert_string_equal(line, "..:::--#");
	pf_memory_sparkline(series, &process, 8, line);
	assert_string_equal(line, "  :::--#");
	free(series);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_damaged_ones),
		cmocka_unit_test(test_a_process_that_is_not_there),
		cmocka_unit_test(test_shared_memory_counts_once),
		cmocka_unit_test(test_the_budget_is_kept),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_a_full_series_is_thinned),
		cmocka_unit_test(test_a_sparkline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
