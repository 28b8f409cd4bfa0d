/* Spans within spans: sums, rings, CPU time, and what goes wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/trace.h"
#include "tests/unit/shared_memory.h"
#include "tests/unit/trace_fixture.h"

enum { RING = 64 };

static pf_trace trace;
static pf_span ring[RING];

static int fresh(void **state)
{
	(void)state;
	pf_trace_reset(&trace);
	pf_trace_keep(&trace, ring, RING);
	pf_trace_enter(&trace);
	pf_span_hooks = NULL;
	return 0;
}

static void spin(uint64_t ns)
{
	uint64_t begin = pf_now_ns();
	while (pf_now_ns() - begin < ns) {
	}
}

static pf_stage_sum sum_of(pf_stage stage)
{
	pf_stage_sum sum;
	pf_trace_sum(&trace, stage, &sum);
	return sum;
}

static void test_own_time_adds_up_without_counting_twice(void **state)
{
	(void)state;
	uint64_t pose = pf_span_begin(&trace, PF_STAGE_POSE);
	for (int i = 0; i < 3; i++) {
		uint64_t part = pf_span_begin(&trace, PF_STAGE_POSE_NETWORK);
		assert_int_equal(atomic_load(&trace.stage), PF_STAGE_POSE); /* a crash names the stage */
		uint64_t wait = pf_span_begin(&trace, PF_STAGE_WAIT);
		assert_int_equal(atomic_load(&trace.stage), PF_STAGE_WAIT);
		spin(50000);
		pf_span_end(&trace, PF_STAGE_WAIT, wait);
		assert_int_equal(atomic_load(&trace.stage), PF_STAGE_POSE);
		spin(100000);
		pf_span_end(&trace, PF_STAGE_POSE_NETWORK, part);
	}
	pf_span_end(&trace, PF_STAGE_POSE, pose);
	assert_int_equal(atomic_load(&trace.stage), PF_STAGE_COUNT);
	pf_stage_sum whole = sum_of(PF_STAGE_POSE), network = sum_of(PF_STAGE_POSE_NETWORK),
		     waited = sum_of(PF_STAGE_WAIT);
	assert_int_equal(whole.spans, 1);
	assert_int_equal(network.spans, 3);
	assert_int_equal(waited.spans, 3);
	assert_int_equal(whole.wall_ns, ring[6].end_ns - ring[6].begin_ns);
	assert_int_equal(whole.own_ns + waited.own_ns, whole.wall_ns);
	assert_int_equal(network.own_ns + waited.own_ns, network.wall_ns);
	assert_true(network.wall_ns < whole.wall_ns && waited.own_ns >= 150000);
	assert_int_equal(trace.outside.inner_ns, whole.wall_ns);
	assert_int_equal(ring[0].stage, PF_STAGE_WAIT);
	assert_int_equal(ring[0].depth, 2);
	assert_int_equal(ring[1].depth, 1);
	assert_int_equal(ring[6].depth, 0);
	assert_int_equal(trace.unbalanced + trace.too_deep + trace.lost_paths, 0);
}

static void test_sums_are_exact_though_the_ring_overflows(void **state)
{
	(void)state;
	uint64_t wall_ns = 0, count = 3 * RING + 5;
	for (uint64_t i = 0; i < count; i++) {
		pf_trace_photo(&trace, (uint32_t)i);
		uint64_t begin = pf_span_begin(&trace, PF_STAGE_DECODE);
		pf_span_end(&trace, PF_STAGE_DECODE, begin);
		wall_ns += ring[i % RING].end_ns - begin;
	}
	assert_int_equal(trace.ended, count);
	assert_int_equal(sum_of(PF_STAGE_DECODE).spans, count);
	assert_int_equal(sum_of(PF_STAGE_DECODE).wall_ns, wall_ns);
	assert_int_equal(ring[count % RING].photo, count - RING); /* the oldest that is left */
	assert_int_equal(ring[(count - 1) % RING].photo, count - 1);
}

static void test_a_stage_within_itself_counts_its_wall_time_once(void **state)
{
	(void)state;
	uint64_t outer = pf_span_begin(&trace, PF_STAGE_SCORE), inner = pf_span_begin(&trace, PF_STAGE_SCORE);
	spin(20000);
	pf_span_end(&trace, PF_STAGE_SCORE, inner);
	pf_span_end(&trace, PF_STAGE_SCORE, outer);
	assert_int_equal(sum_of(PF_STAGE_SCORE).spans, 2);
	assert_int_equal(sum_of(PF_STAGE_SCORE).wall_ns, ring[1].end_ns - ring[1].begin_ns);
	assert_int_equal(sum_of(PF_STAGE_SCORE).own_ns, sum_of(PF_STAGE_SCORE).wall_ns);
}

static void test_what_is_too_deep_stays_with_what_encloses_it(void **state)
{
	(void)state;
	uint64_t begins[PF_SPAN_DEPTH + 3];
	for (int i = 0; i < PF_SPAN_DEPTH + 3; i++) {
		begins[i] = pf_span_begin(&trace, PF_STAGE_QUALITY);
	}
	for (int i = PF_SPAN_DEPTH + 2; i >= 0; i--) {
		pf_span_end(&trace, PF_STAGE_QUALITY, begins[i]);
	}
	assert_int_equal(trace.too_deep, 3);
	assert_int_equal(trace.depth, 0);
	assert_int_equal(trace.unbalanced, 0);
	assert_int_equal(sum_of(PF_STAGE_QUALITY).spans, PF_SPAN_DEPTH);
	assert_int_equal(sum_of(PF_STAGE_QUALITY).own_ns, trace.outside.inner_ns);
}

static void test_spans_that_were_not_ended_end_with_the_enclosing_one(void **state)
{
	(void)state;
	uint64_t outer = pf_span_begin(&trace, PF_STAGE_FACES);
	pf_span_begin(&trace, PF_STAGE_FACES_SEARCH); /* left by an exception, say */
	pf_span_end(&trace, PF_STAGE_FACES, outer);
	assert_int_equal(trace.unbalanced, 1);
	assert_int_equal(trace.depth, 0);
	assert_int_equal(sum_of(PF_STAGE_FACES_SEARCH).spans, 1);
	assert_int_equal(sum_of(PF_STAGE_FACES).own_ns, sum_of(PF_STAGE_FACES).wall_ns);
	pf_span_end(&trace, PF_STAGE_FACES, outer); /* ended twice */
	assert_int_equal(trace.unbalanced, 2);
	assert_int_equal(sum_of(PF_STAGE_FACES).spans, 1);
}

static void test_paths_beyond_the_table_lose_their_place_only(void **state)
{
	(void)state;
	uint64_t spans = 0;
	for (int a = 0; a < 9; a++) {
		for (int b = 0; b < 9; b++) {
			uint64_t outer = pf_span_begin(&trace, (pf_stage)a),
				 inner = pf_span_begin(&trace, (pf_stage)b);
			pf_span_end(&trace, (pf_stage)b, inner);
			pf_span_end(&trace, (pf_stage)a, outer);
		}
	}
	uint64_t own_ns = 0;
	for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
		spans += sum_of((pf_stage)stage).spans;
		own_ns += sum_of((pf_stage)stage).own_ns;
	}
	assert_int_equal(spans, 2 * 81);
	assert_int_equal(own_ns, trace.outside.inner_ns);
	assert_int_equal(trace.paths, PF_SPAN_PATHS);
	assert_int_equal(trace.lost_paths, 81 - PF_SPAN_PATHS);
}

static void test_sleeping_is_no_cpu_time(void **state)
{
	(void)state;
	uint64_t read = pf_span_begin(&trace, PF_STAGE_READ);
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	uint64_t decode = pf_span_begin(&trace, PF_STAGE_DECODE);
	struct timespec used;
	uint64_t until = 0;
	do { /* 5 ms of CPU time, however busy the machine */
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
		uint64_t now = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
		until = until ? until : now + 5000000;
		if (now >= until) {
			break;
		}
	} while (true);
	pf_span_end(&trace, PF_STAGE_DECODE, decode);
	pf_span_end(&trace, PF_STAGE_READ, read);
	pf_stage_sum slept = sum_of(PF_STAGE_READ), worked = sum_of(PF_STAGE_DECODE);
	assert_true(slept.own_ns >= 20000000 && slept.cpu_ns + 10000000 < slept.own_ns);
	assert_true(worked.cpu_ns >= 5000000 - PF_CPU_LEAST_NS && worked.cpu_ns <= worked.own_ns);
	assert_true(slept.run_delay_ns <= slept.own_ns - slept.cpu_ns);
	assert_true(trace.cpu_reads >= 2 && trace.cpu_reads <= 4);
	assert_true(!trace.run_delay_known || trace.run_delay_reads >= 1);
}

static void test_short_spans_read_no_cpu_clock(void **state)
{
	(void)state;
	uint64_t begin = pf_now_ns(), spans = 0;
	while (pf_now_ns() - begin < 3000000) {
		uint64_t span = pf_span_begin(&trace, PF_STAGE_QUALITY);
		pf_span_end(&trace, PF_STAGE_QUALITY, span);
		spans++;
	}
	/* But where the thread was interrupted for longer than PF_CPU_LEAST_NS, at most so often: */
	assert_true(trace.cpu_reads <= (pf_now_ns() - begin) / PF_CPU_LEAST_NS);
	assert_int_equal(sum_of(PF_STAGE_QUALITY).spans, spans);
	assert_true(sum_of(PF_STAGE_QUALITY).cpu_ns <= sum_of(PF_STAGE_QUALITY).wall_ns);
}

static void test_who_replaces_a_dead_worker_begins_anew(void **state)
{
	(void)state;
	pf_trace *shared = pf_shared_alloc(sizeof *shared);
	pf_trace_reset(shared);
	pid_t pid = fork();
	if (pid == 0) {
		pf_trace_enter(shared);
		pf_span_begin(shared, PF_STAGE_POSE);
		pf_span_end(shared, PF_STAGE_DECODE, pf_span_begin(shared, PF_STAGE_DECODE));
		_exit(0); /* in the middle of a span */
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(atomic_load(&shared->stage), PF_STAGE_POSE);
	uint64_t first_ns = pf_trace_lifetime_ns(shared);
	pf_trace_enter(shared);
	assert_int_equal(shared->depth, 0);
	assert_int_equal(atomic_load(&shared->stage), PF_STAGE_COUNT);
	spin(1000000);
	pf_trace_leave(shared);
	assert_true(pf_trace_lifetime_ns(shared) >= first_ns + 1000000);
	assert_int_equal(pf_fixture_spans(shared, PF_STAGE_DECODE), 1);
	assert_int_equal(pf_fixture_spans(shared, PF_STAGE_POSE), 0);
}

static unsigned begun, ended, deepest;

static void note_begin(pf_trace *of, pf_stage stage)
{
	(void)stage;
	begun++;
	deepest = of->depth > deepest ? of->depth : deepest;
}

static void note_end(pf_trace *of, pf_stage stage)
{
	assert_int_equal(of->depth, stage == PF_STAGE_POSE_INPUT ? 1 : 0);
	ended++;
}

static void test_hooks_see_spans_within_spans(void **state)
{
	(void)state;
	static const pf_span_hook hook = {.begin = note_begin, .end = note_end};
	pf_span_hooks = &hook;
	begun = ended = deepest = 0;
	uint64_t outer = pf_span_begin(&trace, PF_STAGE_POSE);
	for (int i = 0; i < 2; i++) {
		uint64_t inner = pf_span_begin(&trace, PF_STAGE_POSE_INPUT);
		pf_span_end(&trace, PF_STAGE_POSE_INPUT, inner);
	}
	pf_span_end(&trace, PF_STAGE_POSE, outer);
	pf_span_hooks = NULL;
	assert_int_equal(begun, 3);
	assert_int_equal(ended, 3);
	assert_int_equal(deepest, 1);
}

static void test_a_corrupted_trace_can_be_read(void **state)
{
	(void)state;
	memset(&trace, 0xFF, sizeof trace);
	for (int stage = 0; stage < PF_STAGE_END; stage++) {
		sum_of((pf_stage)stage);
	}
	pf_trace_lifetime_ns(&trace);
}

static void test_parts_name_their_stage(void **state)
{
	(void)state;
	for (int part = PF_STAGE_COUNT + 1; part < PF_STAGE_END; part++) {
		const char *stage = pf_stage_name(pf_stage_whole((pf_stage)part));
		assert_true(pf_stage_whole((pf_stage)part) < PF_STAGE_COUNT);
		assert_int_equal(strncmp(pf_stage_name((pf_stage)part), stage, strlen(stage)), 0);
		assert_true(pf_stage_text((pf_stage)part)[0]);
	}
	assert_int_equal(pf_stage_whole(PF_STAGE_DECODE), PF_STAGE_DECODE);
	assert_int_equal(pf_stage_whole(PF_STAGE_COUNT), PF_STAGE_COUNT);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_own_time_adds_up_without_counting_twice),
		TEST(test_sums_are_exact_though_the_ring_overflows),
		TEST(test_a_stage_within_itself_counts_its_wall_time_once),
		TEST(test_what_is_too_deep_stays_with_what_encloses_it),
		TEST(test_spans_that_were_not_ended_end_with_the_enclosing_one),
		TEST(test_paths_beyond_the_table_lose_their_place_only),
		TEST(test_sleeping_is_no_cpu_time),
		TEST(test_short_spans_read_no_cpu_clock),
		TEST(test_who_replaces_a_dead_worker_begins_anew),
		TEST(test_hooks_see_spans_within_spans),
		TEST(test_a_corrupted_trace_can_be_read),
		TEST(test_parts_name_their_stage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
