/* The runner of limits: what workers do is summed up, and one that fails or dies gives no number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/limits/limit_job.h"

static pf_topology topology;
static int some_state;

static void *open_some(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	(void)setting;
	(void)id;
	(void)why;
	return &some_state;
}

static void *open_none(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	(void)id;
	snprintf(why, 200, "worker %u of %u has none", setting->worker, setting->workers);
	return NULL;
}

/* At most 1,000 units a second, however fast the machine is. */
static double run_paced(void *state)
{
	(void)state;
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	return 5;
}

static double run_failing(void *state)
{
	(void)state;
	return some_state++ < 3 ? 1 : -1;
}

static double run_dying(void *state)
{
	if (some_state++ == 3) {
		_exit(3);
	}
	return run_paced(state);
}

static void close_some(void *state)
{
	(void)state;
}

static bool measure(const pf_limit_job *job, uint32_t workers, pf_limit_samples *out, char why[200])
{
	pf_limits_question question = {.seconds = 0.15};
	pf_limit_setting setting = {.question = &question, .workers = workers, .topology = &topology};
	why[0] = '\0';
	return pf_limit_run(job, PF_LIMIT_PIPE, &setting, out, why);
}

static void test_sums(void **state)
{
	(void)state;
	pf_limit_job job = {.open = open_some, .run = run_paced, .close = close_some, .scale = 1e-3};
	pf_limit_samples one = {0}, three = {0}, inverse = {0};
	char why[200];
	assert_true(measure(&job, 1, &one, why) && measure(&job, 3, &three, why));
	assert_in_range(one.count, 2, PF_LIMIT_WINDOWS); /* fewer where the machine is late */
	assert_true(one.low > 0 && one.low <= one.median && one.median <= one.high && one.high <= 1.0);
	assert_true(one.best == one.high);
	size_t first = one.count;
	assert_true(measure(&job, 1, &one, why)); /* another pass adds its samples */
	assert_in_range(one.count, first + 2, first + PF_LIMIT_WINDOWS);
	assert_true(three.high <= 3.0 && three.high > 1.0); /* more than one worker can */
	job.inverse = true;
	job.scale = 1e6;
	assert_true(measure(&job, 1, &inverse, why));
	assert_true(inverse.low >= 1000); /* microseconds a unit */
	assert_true(inverse.best == inverse.low);
}

static double run_long(void *state)
{
	(void)state;
	nanosleep(&(struct timespec){.tv_nsec = 90000000}, NULL);
	return 1;
}

/* What takes longer than all windows together has fewer of them, in time. */
static void test_long_runs(void **state)
{
	(void)state;
	pf_limit_job job = {.open = open_some, .run = run_long, .close = close_some, .scale = 1};
	pf_limit_samples samples = {0};
	char why[200];
	assert_true(measure(&job, 1, &samples, why));
	assert_in_range(samples.count, 2, 3);
	assert_true(samples.best <= 1 / 0.09);
}

static void test_no_number(void **state)
{
	(void)state;
	pf_limit_job none = {.open = open_none, .run = run_paced, .close = close_some, .scale = 1};
	pf_limit_job fails = {.open = open_some, .run = run_failing, .close = close_some, .scale = 1};
	pf_limit_job dies = {.open = open_some, .run = run_dying, .close = close_some, .scale = 1};
	pf_limit_samples samples = {0};
	char why[200];
	assert_false(measure(&none, 1, &samples, why));
	assert_string_equal(why, "worker 0 of 1 has none");
	assert_int_equal(samples.count, 0);
	assert_false(measure(&fails, 2, &samples, why));
	assert_string_equal(why, "it failed while it was measured");
	assert_false(measure(&dies, 2, &samples, why));
	assert_string_equal(why, "a process ended before it was done");
	assert_int_equal(samples.count, 0);
}

/* Each kind can be measured, or says why it cannot: a short look at some of them. */
static void test_all_kinds(void **state)
{
	(void)state;
	pf_limits_question question = {.seconds = 0.1,
				       .all_only = true,
				       .ids = (uint64_t)1 << PF_LIMIT_FP32_PLAIN |
					      (uint64_t)1 << PF_LIMIT_INT8 |
					      (uint64_t)1 << PF_LIMIT_STORAGE_LATENCY |
					      (uint64_t)1 << PF_LIMIT_PIPE | (uint64_t)1 << PF_LIMIT_SHARED};
	static pf_limits limits;
	pf_error error;
	assert_int_equal(pf_limits_measure(&question, &limits, &error), PF_OK);
	assert_true(limits.complete && limits.processes >= 1);
	for (int i = 0; i < PF_LIMIT_COUNT; i++) {
		const pf_limit *own = &limits.limits[i];
		bool asked = question.ids >> i & 1;
		assert_int_equal(asked, pf_limit_value(own) > 0 || own->why[0]);
	}
	assert_true(pf_limit_value(&limits.limits[PF_LIMIT_FP32_PLAIN]) > 0);
	assert_true(pf_limit_value(&limits.limits[PF_LIMIT_PIPE]) > 0);
	assert_true(pf_limit_value(&limits.limits[PF_LIMIT_SHARED]) > 0);
	assert_string_equal(limits.limits[PF_LIMIT_STORAGE_LATENCY].why,
			    "there is no folder to write a file into");
}

static void test_choice(void **state)
{
	(void)state;
	uint64_t ids = 0;
	pf_error error;
	assert_int_equal(pf_limits_choose("pipe,decode-libjpeg", &ids, &error), PF_OK);
	assert_int_equal(ids, (uint64_t)1 << PF_LIMIT_PIPE | (uint64_t)1 << PF_LIMIT_DECODE);
	assert_int_equal(pf_limits_choose("pipe,", &ids, &error), PF_OK);
	assert_int_equal(pf_limits_choose("pipes", &ids, &error), PF_ERR_USAGE);
	assert_int_equal(pf_limits_choose(",pipe", &ids, &error), PF_ERR_USAGE);
}

int main(void)
{
	pf_error error;
	if (pf_topology_read(NULL, NULL, &topology, &error) != PF_OK) {
		return 1;
	}
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_long_runs),
					   cmocka_unit_test(test_no_number), cmocka_unit_test(test_all_kinds),
					   cmocka_unit_test(test_choice)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
