/* Queries: what is told of start-up is what the photo waited for, not what another worker did beside it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/trial/queries.h"
#include "tests/unit/trace_fixture.h"

enum { WORKERS = 2, QUERIES = 3 };

static uint64_t waited_for[QUERIES], told[QUERIES];
static size_t calls, told_count;

/* Returns how long it took, as the trace has it. */
static uint64_t spend(pf_trace *trace, pf_stage stage, long ms)
{
	uint64_t before_ns = pf_fixture_own_ns(trace, stage), begin_ns = pf_span_begin(trace, stage);
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
	pf_span_end(trace, stage, begin_ns);
	return pf_fixture_own_ns(trace, stage) - before_ns;
}

/* The workers take turns in doing the photo; the other one only opens its scorer, and is slower at it. */
static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	(void)dataset;
	(void)sink;
	(void)error;
	pf_trace *busy = &env->traces[1 + calls % WORKERS], *idle = &env->traces[1 + (calls + 1) % WORKERS];
	waited_for[calls++] = spend(&env->traces[0], PF_STAGE_STARTUP, 1) + spend(busy, PF_STAGE_STARTUP, 5);
	spend(busy, PF_STAGE_DECODE, 1);
	spend(idle, PF_STAGE_STARTUP, 20);
	return PF_OK;
}

static void take(void *context, const pf_frame *frame)
{
	(void)context;
	assert_int_equal(frame->header.kind, PF_FRAME_QUERY);
	assert_true(told_count < QUERIES);
	assert_int_equal(frame->query.number, told_count);
	told[told_count++] = frame->query.startup_ns;
}

/* Above the number that queries come by, whatever this process inherited. */
static int out_of_the_way(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 20);
	assert_true(moved >= 20);
	close(fd);
	return moved;
}

static void test_start_up_of_who_did_the_photo(void **state)
{
	(void)state;
	static pf_trace traces[WORKERS + 1];
	int read_end, write_end, answers[2];
	pf_error error;
	pf_dataset_photo photo;
	memset(&photo, 0, sizeof photo);
	pf_dataset dataset = {.photos = &photo, .count = 1};
	struct pf_env env = {.workers = WORKERS, .traces = traces};
	struct pf_variant variant = {.name = "two-workers", .run = run};
	struct pf_pipe_sink sink;
	for (int i = 0; i <= WORKERS; i++) {
		pf_trace_reset(&traces[i]);
	}
	assert_int_equal(pf_queries_open(&read_end, &write_end, &error), PF_OK);
	assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
	write_end = out_of_the_way(write_end);
	answers[0] = out_of_the_way(answers[0]);
	answers[1] = out_of_the_way(answers[1]);
	assert_int_equal(dup2(read_end, PF_TRIAL_FD_QUERIES), PF_TRIAL_FD_QUERIES);
	close(read_end);
	for (uint32_t i = 0; i < QUERIES; i++) {
		assert_true(pf_query_issue(write_end, &(pf_query){.number = i, .count = 1, .repeats = 1}));
	}
	close(write_end);
	pf_pipe_sink_init(&sink, answers[1]);
	assert_int_equal(pf_queries_run(&variant, &env, &dataset, &sink, &error), PF_OK);
	close(answers[1]);
	pf_frame_reader reader = {0};
	while (pf_frame_read(&reader, answers[0], take, NULL) > 0) {
	}
	close(answers[0]);
	close(PF_TRIAL_FD_QUERIES);
	assert_int_equal(told_count, QUERIES);
	for (size_t i = 0; i < told_count; i++) {
		assert_true(told[i] > 0);
		assert_int_equal(told[i], waited_for[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_start_up_of_who_did_the_photo)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
