/* What-if by replay, against a simulation of its own that really executes with another time of a stage; and
 * against a scorer from which a stage is really left out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/explain/what_if.h"

enum { WORKERS = 3, PHOTOS = 60, LANES = WORKERS + 1, ROOM = 8 * PHOTOS };

/* What is simulated: photos are decoded and judged; by each worker, or decoded ahead by main, one stream. */
typedef struct sim_plan {
	bool stream;
	uint64_t decode[PHOTOS], pose[PHOTOS];
} sim_plan;

typedef struct sim_lanes {
	pf_lane lanes[LANES];
	pf_stretch stretches[LANES][ROOM];
	uint64_t end_ns;
} sim_lanes;

static void put(sim_lanes *out, size_t lane, uint64_t begin_ns, uint64_t end_ns, pf_stage stage)
{
	if (begin_ns < end_ns) {
		assert_in_range(out->lanes[lane].count, 0, ROOM - 1);
		out->stretches[lane][out->lanes[lane].count++] = (pf_stretch){
			.begin_ns = begin_ns, .end_ns = end_ns, .stage = stage};
	}
}

/* Executes the plan, event by event. */
static void simulate(const sim_plan *plan, sim_lanes *out)
{
	uint64_t free_ns[LANES], decoded_ns[PHOTOS], main_ns = 1000;
	memset(out, 0, sizeof *out);
	put(out, 0, 100, 1000, PF_STAGE_DETECT);
	for (size_t i = 0; i < LANES; i++) {
		out->lanes[i].stretches = out->stretches[i];
		out->lanes[i].begin_ns = free_ns[i] = i ? 1100 : 50;
	}
	for (int i = 0; i < PHOTOS && plan->stream; i++) {
		put(out, 0, main_ns, main_ns + plan->decode[i], PF_STAGE_DECODE);
		decoded_ns[i] = main_ns += plan->decode[i];
	}
	for (int i = 0; i < PHOTOS; i++) {
		size_t lane = 1;
		for (size_t k = 2; k < LANES; k++) {
			lane = free_ns[k] < free_ns[lane] ? k : lane;
		}
		uint64_t at = free_ns[lane];
		if (plan->stream && decoded_ns[i] + 5 > at) {
			put(out, lane, at, decoded_ns[i] + 5, PF_STAGE_WAIT);
			at = decoded_ns[i] + 5;
		} else if (!plan->stream) {
			put(out, lane, at, at + plan->decode[i], PF_STAGE_DECODE);
			at += plan->decode[i];
		}
		put(out, lane, at, at + plan->pose[i], PF_STAGE_POSE);
		free_ns[lane] = at + plan->pose[i];
	}
	for (size_t i = 1; i < LANES; i++) {
		out->lanes[i].end_ns = free_ns[i] + 10;
		out->end_ns = free_ns[i] + 200 > out->end_ns ? free_ns[i] + 200 : out->end_ns;
	}
	out->lanes[0].end_ns = out->end_ns - 50;
}

static void make(sim_plan *out, bool stream, uint64_t decode_ns, uint64_t pose_ns)
{
	uint64_t random = 12345;
	out->stream = stream;
	for (int i = 0; i < PHOTOS; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		out->decode[i] = decode_ns + (random >> 40) % (decode_ns / 4);
		out->pose[i] = pose_ns + (random >> 20) % (pose_ns / 4);
	}
}

static uint64_t replay(const sim_lanes *from, double decode, double pose)
{
	double factors[PF_STAGE_COUNT];
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		factors[i] = i == PF_STAGE_DECODE ? decode : i == PF_STAGE_POSE ? pose : 1;
	}
	return pf_what_if(from->lanes, LANES, true, 0, from->end_ns, factors);
}

static void check(bool stream, uint64_t decode_ns, uint64_t pose_ns, double decode, double pose)
{
	static sim_lanes before, after;
	sim_plan plan;
	make(&plan, stream, decode_ns, pose_ns);
	simulate(&plan, &before);
	assert_int_equal(replay(&before, 1, 1), before.end_ns); /* without a change, to the nanosecond */
	for (int i = 0; i < PHOTOS; i++) {
		plan.decode[i] = (uint64_t)((double)plan.decode[i] * decode);
		plan.pose[i] = (uint64_t)((double)plan.pose[i] * pose);
	}
	simulate(&plan, &after);
	double said = (double)replay(&before, decode, pose), is = (double)after.end_ns;
	if (fabs(said / is - 1) > 0.03) {
		fail_msg("stream %d, decode %g of %llu, pose %g of %llu: %.0f said, %.0f is, %llu before",
			 stream, decode, (unsigned long long)decode_ns, pose, (unsigned long long)pose_ns,
			 said, is, (unsigned long long)before.end_ns);
	}
}

static void test_as_if_executed(void **state)
{
	static const double changes[][2] = {{0.5, 1}, {0, 1}, {1, 0.5}, {1, 0}, {2, 1}, {1, 3}, {0.3, 0.3}};
	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		check(false, 40000, 20000, changes[i][0], changes[i][1]); /* a pool: each worker does all */
		check(true, 40000, 20000, changes[i][0], changes[i][1]);  /* the stream bounds it */
		check(true, 10000, 60000, changes[i][0], changes[i][1]);  /* the workers do */
	}
}

/* One process: the time of a stage is what it takes, whatever stands around it. */
static void test_serial(void **state)
{
	static const pf_stretch stretches[] = {
		{100, 200, PF_STAGE_STARTUP}, {200, 600, PF_STAGE_DECODE}, {650, 900, PF_STAGE_FACES}};
	pf_lane lane = {.begin_ns = 20, .end_ns = 950, .stretches = stretches, .count = 3};
	double factors[PF_STAGE_COUNT];
	(void)state;
	pf_error error;
	assert_int_equal(pf_what_if_parse("decode=0.25,faces=2", factors, &error), PF_OK);
	assert_int_equal(pf_what_if(&lane, 1, false, 0, 1000, factors), 1000 - 300 + 250);
	assert_int_equal(pf_what_if(NULL, 0, false, 0, 1000, factors), 1000);
}

static void test_words(void **state)
{
	static const char *const wrong[] = {"decode",     "decode=",    "decode=x",   "decode=-1",
					    "nothing=1",  "wait=1",     "decode=1x",  "=1",
					    "decode=1,,", "decode=nan", "decode=1e9", "pose.network=1"};
	double factors[PF_STAGE_COUNT];
	pf_error error;
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (pf_what_if_parse(wrong[i], factors, &error) != PF_ERR_USAGE) {
			fail_msg("%s is taken", wrong[i]);
		}
	}
	assert_int_equal(pf_what_if_parse("decode=0.5,", factors, &error), PF_OK);
	assert_true(factors[PF_STAGE_DECODE] == 0.5 && factors[PF_STAGE_POSE] == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_if_executed),
					   cmocka_unit_test(test_serial), cmocka_unit_test(test_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
