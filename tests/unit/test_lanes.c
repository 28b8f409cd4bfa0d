/* Stretches, overlap, idle times and the critical path of hand-made spans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/spans/critical_path.h"
#include "harness/spans/lanes.h"
#include "harness/spans/trial_spans.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static void check_stretches(const pf_stretch *found, size_t count, const pf_stretch *expected,
			    size_t expected_count)
{
	assert_int_equal(count, expected_count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(found[i].begin_ns, expected[i].begin_ns);
		assert_int_equal(found[i].end_ns, expected[i].end_ns);
		assert_int_equal(found[i].stage, expected[i].stage);
	}
}

static void test_the_innermost_stage_has_the_time(void **state)
{
	(void)state;
	pf_span spans[] = {
		/* As they end: pose has its network, which waits; then two stages without a gap, and one
		   after it. */
		{.begin_ns = 12, .end_ns = 14, .stage = PF_STAGE_POSE_INPUT, .depth = 1},
		{.begin_ns = 20, .end_ns = 25, .stage = PF_STAGE_WAIT, .depth = 2},
		{.begin_ns = 15, .end_ns = 30, .stage = PF_STAGE_POSE_NETWORK, .depth = 1},
		{.begin_ns = 10, .end_ns = 40, .stage = PF_STAGE_POSE, .depth = 0},
		{.begin_ns = 40, .end_ns = 50, .stage = PF_STAGE_FACES, .depth = 0},
		{.begin_ns = 60, .end_ns = 70, .stage = PF_STAGE_FACES, .depth = 0},
	};
	static const pf_stretch expected[] = {{10, 20, PF_STAGE_POSE},
					      {20, 25, PF_STAGE_WAIT},
					      {25, 40, PF_STAGE_POSE},
					      {40, 50, PF_STAGE_FACES},
					      {60, 70, PF_STAGE_FACES}};
	pf_stretch found[2 * LENGTH(spans)];
	size_t count = pf_stretches_find(spans, LENGTH(spans), 0, 100, found);
	check_stretches(found, count, expected, LENGTH(expected));
	static const pf_stretch cut[] = {
		{22, 25, PF_STAGE_WAIT}, {25, 40, PF_STAGE_POSE}, {40, 45, PF_STAGE_FACES}};
	count = pf_stretches_find(spans, LENGTH(spans), 22, 45, found);
	check_stretches(found, count, cut, LENGTH(cut));
}

static void test_spans_that_cannot_be_do_no_harm(void **state)
{
	(void)state;
	pf_span spans[1000];
	pf_stretch found[2 * LENGTH(spans)];
	uint64_t random = 88172645463325252u, last_ns = 0;
	for (size_t i = 0; i < LENGTH(spans); i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&spans[i], &(uint64_t[3]){random % 1000, random / 7 % 1000, random}, sizeof spans[i]);
		spans[i].stage = (uint16_t)(random % 24);
	}
	size_t count = pf_stretches_find(spans, LENGTH(spans), 100, 900, found);
	assert_in_range(count, 1, LENGTH(found));
	for (size_t i = 0; i < count; i++) {
		assert_true(found[i].begin_ns >= last_ns && found[i].begin_ns < found[i].end_ns);
		assert_true(found[i].begin_ns >= 100 && found[i].end_ns <= 900 &&
			    found[i].stage < PF_STAGE_COUNT);
		last_ns = found[i].end_ns;
	}
	memset(spans, 0xFF, sizeof spans);
	assert_int_equal(pf_stretches_find(spans, LENGTH(spans), 100, 900, found), 0);
}

/* Main detects until 10 and supervises; worker 1 scores to 60 with a wait, worker 2 begins at 20 and ends
 * at 90. */
static const pf_stretch main_did[] = {{2, 10, PF_STAGE_DETECT}};
static const pf_stretch first_did[] = {{14, 30, PF_STAGE_DECODE},
				       {30, 40, PF_STAGE_WAIT},
				       {40, 60, PF_STAGE_FACES},
				       {60, 88, PF_STAGE_WAIT}};
static const pf_stretch second_did[] = {{22, 40, PF_STAGE_DECODE}, {40, 90, PF_STAGE_POSE}};
static const pf_lane three[] = {{.begin_ns = 1, .end_ns = 99, .stretches = main_did, .count = 1},
				{.begin_ns = 12, .end_ns = 88, .stretches = first_did, .count = 4},
				{.begin_ns = 20, .end_ns = 90, .stretches = second_did, .count = 2}};

static void test_how_many_are_busy_at_once(void **state)
{
	(void)state;
	uint64_t busy_ns[3];
	pf_overlap_find(three + 1, 2, 0, 100, busy_ns);
	/* 14 to 22 one, to 30 two, to 40 one, to 60 two, to 90 one. */
	assert_int_equal(busy_ns[0], 14 + 10);
	assert_int_equal(busy_ns[1], 8 + 10 + 30);
	assert_int_equal(busy_ns[2], 8 + 20);
	pf_overlap_find(three + 1, 2, 50, 70, busy_ns);
	assert_int_equal(busy_ns[0], 0);
	assert_int_equal(busy_ns[1], 10);
	assert_int_equal(busy_ns[2], 10);
	pf_overlap_find(three, 0, 0, 100, busy_ns);
	assert_int_equal(busy_ns[0], 100);
}

static void test_idle_times_have_causes_and_add_up(void **state)
{
	(void)state;
	pf_lane_times times = pf_lane_times_find(&three[1], 0, 100);
	assert_int_equal(times.busy_ns, 16 + 20);
	assert_int_equal(times.starved_ns, 10 + 28);
	assert_int_equal(times.between_ns, 2);
	assert_int_equal(times.not_begun_ns, 12);
	assert_int_equal(times.finished_ns, 12);
	times = pf_lane_times_find(&three[1], 20, 50);
	assert_int_equal(times.busy_ns, 10 + 10);
	assert_int_equal(times.starved_ns, 10);
	assert_int_equal(times.between_ns + times.not_begun_ns + times.finished_ns, 0);
	const pf_lane nobody = {.begin_ns = UINT64_MAX, .end_ns = 0};
	times = pf_lane_times_find(&nobody, 0, 100);
	assert_int_equal(times.not_begun_ns, 100);
}

static void check_path(const pf_critical_path *path, const pf_path_step *expected, size_t count)
{
	assert_int_equal(path->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(path->steps[i].begin_ns, expected[i].begin_ns);
		assert_int_equal(path->steps[i].end_ns, expected[i].end_ns);
		assert_int_equal(path->steps[i].lane, expected[i].lane);
		assert_int_equal(path->steps[i].stage, expected[i].stage);
	}
}

static void test_the_path_follows_who_ended_last(void **state)
{
	(void)state;
	static const pf_path_step expected[] = {{0, 2, 0, PF_STAGE_COUNT},    {2, 10, 0, PF_STAGE_DETECT},
						{10, 20, 0, PF_STAGE_COUNT},  {20, 22, 2, PF_STAGE_COUNT},
						{22, 40, 2, PF_STAGE_DECODE}, {40, 90, 2, PF_STAGE_POSE},
						{90, 100, 0, PF_STAGE_COUNT}};
	pf_critical_path path = pf_critical_path_find(three, 3, true, 0, 100);
	check_path(&path, expected, LENGTH(expected));
	pf_path_run runs[4];
	assert_int_equal(pf_path_runs_find(&path, runs, 4), 3);
	assert_int_equal(runs[0].end_ns, 20);
	assert_int_equal(runs[1].lane, 2);
	assert_int_equal(runs[1].stage_ns[PF_STAGE_POSE], 50);
	assert_int_equal(runs[1].stage_ns[PF_STAGE_COUNT], 2);
	assert_int_equal(runs[2].begin_ns, 90);
	assert_int_equal(pf_path_runs_find(&path, runs, 1), 3);
	assert_int_equal(runs[0].begin_ns, 90);
	pf_critical_path_release(&path);
}

/* A worker that waits for main, which reads: the path goes through both. */
static void test_the_path_goes_through_who_was_waited_for(void **state)
{
	(void)state;
	static const pf_stretch reader[] = {
		{5, 30, PF_STAGE_READ}, {30, 35, PF_STAGE_WAIT}, {35, 50, PF_STAGE_READ}};
	static const pf_stretch scorer[] = {{5, 32, PF_STAGE_WAIT},
					    {32, 40, PF_STAGE_POSE},
					    {40, 52, PF_STAGE_WAIT},
					    {52, 80, PF_STAGE_POSE}};
	static const pf_lane lanes[] = {{.begin_ns = 0, .end_ns = 81, .stretches = reader, .count = 3},
					{.begin_ns = 4, .end_ns = 81, .stretches = scorer, .count = 4}};
	static const pf_path_step expected[] = {
		/* 50 was the reader's last end before 52; nobody ended anything while it waited from 30 to
		 * 35, but the scorer was at work. */
		{0, 5, 0, PF_STAGE_COUNT},  {5, 30, 0, PF_STAGE_READ},  {30, 32, 1, PF_STAGE_WAIT},
		{32, 35, 1, PF_STAGE_POSE}, {35, 50, 0, PF_STAGE_READ}, {50, 52, 1, PF_STAGE_WAIT},
		{52, 80, 1, PF_STAGE_POSE}, {80, 81, 0, PF_STAGE_COUNT}};
	pf_critical_path path = pf_critical_path_find(lanes, 2, true, 0, 81);
	check_path(&path, expected, LENGTH(expected));
	pf_critical_path_release(&path);
}

static void test_the_path_of_one_lane_is_the_lane(void **state)
{
	(void)state;
	static const pf_path_step expected[] = {{0, 14, 0, PF_STAGE_COUNT}, {14, 30, 0, PF_STAGE_DECODE},
						{30, 40, 0, PF_STAGE_WAIT}, {40, 60, 0, PF_STAGE_FACES},
						{60, 88, 0, PF_STAGE_WAIT}, {88, 100, 0, PF_STAGE_COUNT}};
	pf_critical_path path = pf_critical_path_find(&three[1], 1, false, 0, 100);
	check_path(&path, expected, LENGTH(expected));
	pf_critical_path_release(&path);
	path = pf_critical_path_find(three, 0, true, 0, 100);
	assert_int_equal(path.count, 0);
}

/* Whatever the lanes hold, the walk ends, and its steps fill the time. */
static void test_every_path_fills_the_time(void **state)
{
	(void)state;
	uint64_t random = 1234567;
	for (int round = 0; round < 300; round++) {
		pf_stretch stretches[4][20];
		pf_lane lanes[4];
		for (size_t i = 0; i < LENGTH(lanes); i++) {
			uint64_t at = 0;
			for (size_t k = 0; k < LENGTH(stretches[i]); k++) {
				random = random * 6364136223846793005u + 1442695040888963407u;
				uint64_t gap = (random >> 40) % 3, length = 1 + (random >> 45) % 9;
				stretches[i][k] = (pf_stretch){at + gap, at + gap + length,
							       (random >> 50) % 2 ? PF_STAGE_WAIT
										  : PF_STAGE_POSE};
				at += gap + length;
			}
			lanes[i] = (pf_lane){.begin_ns = (random >> 33) % 60,
					     .end_ns = (random >> 35) % 90,
					     .stretches = stretches[i],
					     .count = (random >> 37) % 21};
		}
		pf_critical_path path = pf_critical_path_find(lanes, LENGTH(lanes), round % 2, 7, 150);
		uint64_t at = 7;
		for (size_t i = 0; i < path.count; i++) {
			assert_int_equal(path.steps[i].begin_ns, at);
			assert_true(path.steps[i].end_ns > at && path.steps[i].lane < LENGTH(lanes));
			at = path.steps[i].end_ns;
		}
		assert_int_equal(at, 150);
		pf_critical_path_release(&path);
	}
}

/* Expects the columns from `first` to before `last` of a timeline to be of one letter. */
static void expect_columns(const char *timeline, int first, int last, char letter)
{
	for (int i = first; i < last; i++) {
		assert_int_equal(timeline[i], letter);
	}
}

static void test_a_timeline_says_what_took_most_of_each_column(void **state)
{
	(void)state;
	char timeline[PF_TIMELINE_COLUMNS + 1];
	/* 10 ns a column. The 3 ns of `gate` are lost among the 7 of `read`, the last stretch ends in
	 * mid-column. */
	const pf_stretch stretches[] = {{1000, 1500, PF_STAGE_STARTUP}, {1500, 1507, PF_STAGE_READ},
					{1507, 1510, PF_STAGE_GATE},    {1510, 2000, PF_STAGE_DECODE},
					{2000, 2500, PF_STAGE_WAIT},    {3000, 3496, PF_STAGE_SCORE}};
	const pf_lane lane = {.begin_ns = 1000, .end_ns = 3600, .stretches = stretches, .count = 6};
	pf_lane_timeline(&lane, 500, 4500, timeline);
	assert_int_equal(strlen(timeline), PF_TIMELINE_COLUMNS);
	expect_columns(timeline, 0, 50, ' ');
	expect_columns(timeline, 50, 100, 's');
	expect_columns(timeline, 100, 101, 'r');
	expect_columns(timeline, 101, 150, 'd');
	expect_columns(timeline, 150, 200, 'w');
	expect_columns(timeline, 200, 250, '.');
	expect_columns(timeline, 250, 300, 'c');
	expect_columns(timeline, 300, 310, '.');
	expect_columns(timeline, 310, 400, ' ');
	pf_lane_timeline(&lane, 500, 500, timeline);
	assert_string_equal(timeline, "");
	/* Less than a nanosecond a column, and a life that begins after it ends. */
	const pf_lane none = {.begin_ns = 700, .end_ns = 600};
	pf_lane_timeline(&none, 500, 510, timeline);
	assert_int_equal(strlen(timeline), PF_TIMELINE_COLUMNS);
	expect_columns(timeline, 0, PF_TIMELINE_COLUMNS, ' ');
}

enum { RING = 8, TRIAL_BEGIN = 1000 };

static pf_span span(uint64_t begin_ns, uint64_t end_ns, pf_stage stage)
{
	return (pf_span){.begin_ns = TRIAL_BEGIN + begin_ns,
			 .end_ns = TRIAL_BEGIN + end_ns,
			 .photo = PF_NO_PHOTO,
			 .stage = (uint16_t)stage};
}

static void test_a_trial_whose_ring_overflowed_is_known_from_there_on(void **state)
{
	(void)state;
	pf_trace traces[3];
	pf_span rings[3][RING] = {{span(0, 100, PF_STAGE_DETECT)}};
	for (int i = 0; i < 3; i++) {
		pf_trace_reset(&traces[i]);
		traces[i].entered_ns = TRIAL_BEGIN + 1;
		traces[i].left_ns = TRIAL_BEGIN + 2000;
	}
	traces[0].ended = 1;
	traces[1].ended = RING + 3;
	for (uint64_t i = 0; i < RING + 3; i++) {
		rings[1][i % RING] = span(100 * i, 100 * i + 100, PF_STAGE_FACES);
	}
	traces[1].sums[PF_STAGE_FACES].spans = RING + 3;
	traces[1].sums[PF_STAGE_FACES].wall_ns = (RING + 3) * 100;
	const pf_trial_traces from = {.traces = traces, .rings = rings[0], .count = 3, .capacity = RING};
	pf_trial_spans *spans = pf_trial_spans_create(&from, TRIAL_BEGIN, TRIAL_BEGIN + 2000, true, true);
	assert_non_null(spans);
	assert_int_equal(spans->from_ns, 400); /* the oldest of the 8 that are left ended then */
	assert_int_equal(spans->to_ns, 2000);
	assert_int_equal(spans->busy_ns[1], 700);
	assert_int_equal(spans->busy_ns[0], 900);
	assert_int_equal(spans->stages[PF_STAGE_FACES].spans, RING + 3);
	assert_int_equal(spans->lanes[1].kept, RING);
	assert_int_equal(spans->path_ns[PF_STAGE_FACES], 700);
	assert_int_equal(spans->lanes[0].spans[0].end_ns, 100);
	assert_int_equal(strlen(spans->lanes[1].timeline), PF_TIMELINE_COLUMNS);
	pf_trial_spans_forget(spans);
	assert_null(spans->lanes[1].spans);
	pf_trial_spans_free(spans);
}

static void test_a_trial_of_corrupted_traces_does_no_harm(void **state)
{
	(void)state;
	pf_trace traces[2];
	pf_span rings[2][RING];
	for (int byte = 0; byte < 256; byte += 17) {
		memset(traces, byte, sizeof traces);
		memset(rings, byte ^ 0x5A, sizeof rings);
		const pf_trial_traces from = {
			.traces = traces, .rings = rings[0], .count = 2, .capacity = RING};
		pf_trial_spans *spans = pf_trial_spans_create(&from, TRIAL_BEGIN, TRIAL_BEGIN + 2000, true,
							      byte % 2);
		assert_non_null(spans);
		assert_true(spans->from_ns <= spans->to_ns && spans->to_ns == 2000);
		pf_trial_spans_free(spans);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_innermost_stage_has_the_time),
		cmocka_unit_test(test_spans_that_cannot_be_do_no_harm),
		cmocka_unit_test(test_how_many_are_busy_at_once),
		cmocka_unit_test(test_idle_times_have_causes_and_add_up),
		cmocka_unit_test(test_a_timeline_says_what_took_most_of_each_column),
		cmocka_unit_test(test_the_path_follows_who_ended_last),
		cmocka_unit_test(test_the_path_goes_through_who_was_waited_for),
		cmocka_unit_test(test_the_path_of_one_lane_is_the_lane),
		cmocka_unit_test(test_every_path_fills_the_time),
		cmocka_unit_test(test_a_trial_whose_ring_overflowed_is_known_from_there_on),
		cmocka_unit_test(test_a_trial_of_corrupted_traces_does_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
