/* What traces say: the tree of spans, its table, its events, and the public spans of a program of one's own.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "photofinish/spans.h"

enum { THREADS = 3, ROUNDS = 50 };

static char *printed(const pf_spans *spans, pf_status (*print)(const pf_spans *, FILE *, pf_error *))
{
	char *text = NULL;
	size_t bytes;
	pf_error error;
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	assert_int_equal(print(spans, stream, &error), PF_OK);
	fclose(stream);
	return text;
}

struct own {
	pf_spans *spans;
	pf_stage outer, inner;
};

static void *nest(void *context)
{
	struct own *own = context;
	pf_trace *trace = pf_spans_enter(own->spans);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t outer = pf_span_begin(trace, own->outer), inner = pf_span_begin(trace, own->inner);
		pf_span_end(trace, own->inner, inner);
		pf_span_end(trace, own->outer, outer);
		inner = pf_span_begin(trace, own->inner); /* the same stage elsewhere */
		pf_span_end(trace, own->inner, inner);
	}
	pf_spans_leave(trace);
	return NULL;
}

static void run_threads(struct own *own, uint32_t room, uint32_t kept)
{
	pthread_t threads[THREADS];
	pf_error error;
	pf_stage again;
	assert_int_equal(pf_spans_create(room, kept, &own->spans, &error), PF_OK);
	assert_int_equal(pf_spans_stage(own->spans, "outer", PF_WAIT_BLOCKED, &own->outer, &error), PF_OK);
	assert_int_equal(pf_spans_stage(own->spans, "in \"ner\"", PF_WAIT_IO, &own->inner, &error), PF_OK);
	assert_int_equal(pf_spans_stage(own->spans, "outer", PF_WAIT_BLOCKED, &again, &error), PF_OK);
	assert_int_equal(again, own->outer);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, nest, own), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
}

static void test_the_report_nests_and_sums_over_threads(void **state)
{
	(void)state;
	struct own own;
	unsigned long at_root = 0, within = 0, outer = 0;
	run_threads(&own, THREADS, 0);
	char *text = printed(own.spans, pf_spans_report);
	char *first = strchr(text, '\n');
	assert_int_equal(sscanf(first, "\nouter %lu", &outer), 1);
	assert_int_equal(sscanf(strstr(text, "\n  in"), "\n  in \"ner\" %lu", &within), 1);
	assert_int_equal(sscanf(strstr(text, "\nin "), "\nin \"ner\" %lu", &at_root), 1);
	assert_int_equal(outer, THREADS * ROUNDS);
	assert_int_equal(within, THREADS * ROUNDS);
	assert_int_equal(at_root, THREADS * ROUNDS);
	assert_non_null(strstr(text, "\nunattributed"));
	assert_null(strstr(text, "no longer kept")); /* none were to be */
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 110);
	}
	free(text);
	pf_spans_destroy(own.spans);
}

static void test_what_is_lost_is_said(void **state)
{
	(void)state;
	struct own own;
	run_threads(&own, THREADS - 1, 5); /* 8 are kept */
	char *text = printed(own.spans, pf_spans_report);
	assert_non_null(strstr(text, "284 of 300 spans are no longer kept one by one"));
	assert_non_null(strstr(text, "1 of 3 threads are not in it: there was room for 2"));
	free(text);
	text = printed(own.spans, pf_spans_write_events);
	int events = 0;
	for (char *at = strstr(text, "\"ph\":\"X\""); at; at = strstr(at + 1, "\"ph\":\"X\"")) {
		events++;
	}
	assert_int_equal(events, 2 * 8);
	assert_non_null(strstr(text, "\"name\":\"in \\\"ner\\\"\",\"ts\":"));
	assert_non_null(strstr(text, "\"args\":{\"name\":\"thread 1\"}"));
	free(text);
	pf_spans_destroy(own.spans);
}

static void test_what_does_not_fit_is_an_error(void **state)
{
	(void)state;
	pf_spans *spans = NULL;
	pf_stage stage;
	pf_error error;
	char name[64];
	assert_int_equal(pf_spans_create(0, 0, &spans, &error), PF_ERR_USAGE);
	assert_int_equal(pf_spans_create(1, UINT32_MAX, &spans, &error), PF_ERR_USAGE);
	assert_int_equal(pf_spans_create(1, 0, &spans, &error), PF_OK);
	assert_int_equal(pf_spans_stage(spans, "", PF_WAIT_IO, &stage, &error), PF_ERR_USAGE);
	memset(name, 'x', sizeof name);
	name[48] = '\0';
	assert_int_equal(pf_spans_stage(spans, name, PF_WAIT_IO, &stage, &error), PF_ERR_USAGE);
	for (int i = 0; i < PF_STAGES_MAX; i++) {
		snprintf(name, sizeof name, "stage %d", i);
		assert_int_equal(pf_spans_stage(spans, name, PF_WAIT_IO, &stage, &error), PF_OK);
		assert_int_equal(stage, i);
	}
	assert_int_equal(pf_spans_stage(spans, "one more", PF_WAIT_IO, &stage, &error), PF_ERR_USAGE);
	assert_non_null(strstr(error.message, "one more"));
	pf_spans_destroy(spans);
}

/* A hand-made trace: pose 10 ms of which its network 6, and 2 ms on the CPU; read 4 ms, 1 on the CPU. */
static void make_trace(pf_trace *trace)
{
	pf_trace_reset(trace);
	trace->entered_ns = 1000;
	trace->left_ns = 1000 + 20000000;
	trace->run_delay_known = true;
	trace->sums[PF_STAGE_POSE] = (pf_span_sum){.spans = 1,
						   .wall_ns = 10000000,
						   .inner_ns = 6000000,
						   .cpu_ns = 1500000,
						   .run_delay_ns = 500000,
						   .stage = PF_STAGE_POSE};
	trace->sums[PF_STAGES_MAX] = (pf_span_sum){.spans = 2,
						   .wall_ns = 6000000,
						   .cpu_ns = 6000000,
						   .stage = PF_STAGE_POSE_NETWORK,
						   .outer = PF_STAGE_POSE};
	trace->paths = 1;
	trace->sums[PF_STAGE_READ] = (pf_span_sum){
		.spans = 1, .wall_ns = 4000000, .cpu_ns = 1000000, .stage = PF_STAGE_READ};
	trace->outside.inner_ns = 14000000;
	trace->outside.cpu_ns = 5000000;
}

static void test_times_of_a_hand_made_trace(void **state)
{
	(void)state;
	pf_trace traces[2];
	pf_span_tree tree;
	pf_error error;
	char *text = NULL;
	size_t bytes;
	make_trace(&traces[0]);
	make_trace(&traces[1]);
	assert_int_equal(pf_span_tree_create(traces, 2, &tree, &error), PF_OK);
	assert_int_equal(tree.count, 3);
	assert_int_equal(tree.lifetime_ns, 40000000);
	assert_int_equal(tree.unattributed.own_ns, 12000000);
	assert_int_equal(tree.rows[0].stage, PF_STAGE_READ);
	assert_int_equal(pf_span_row_wait_ns(&tree.rows[0]), 6000000);
	assert_int_equal(tree.rows[1].stage, PF_STAGE_POSE);
	assert_int_equal(tree.rows[1].own_ns, 8000000);
	assert_int_equal(pf_span_row_wait_ns(&tree.rows[1]), 4000000);
	assert_int_equal(tree.rows[2].depth, 1);
	uint64_t own_ns = tree.unattributed.own_ns;
	for (size_t i = 0; i < tree.count; i++) {
		own_ns += tree.rows[i].own_ns;
	}
	assert_int_equal(own_ns, tree.lifetime_ns);
	FILE *stream = open_memstream(&text, &bytes);
	pf_span_tree_print(&tree, &pf_engine_stages, stream);
	fclose(stream);
	assert_string_equal(
		text,
		"stage             spans     wall      own      CPU    queue      I/O  blocked   no CPU    share\n"
		"read                  2  8.00 ms  8.00 ms  2.00 ms        -  6.00 ms        -        -   20.0 %\n"
		"pose                  2  20.0 ms  8.00 ms  3.00 ms        -        -  4.00 ms  1.00 ms   20.0 %\n"
		"  pose.network        4  12.0 ms  12.0 ms  12.0 ms        -        -        -        -   30.0 %\n"
		"unattributed                      12.0 ms  10.0 ms        -        -  2.00 ms        -   30.0 %\n");
	free(text);
	pf_span_tree_release(&tree);
}

static void test_a_corrupted_trace_does_no_harm(void **state)
{
	(void)state;
	pf_trace trace;
	pf_span_tree tree;
	pf_error error;
	memset(&trace, 0xFF, sizeof trace);
	assert_int_equal(pf_span_tree_create(&trace, 1, &tree, &error), PF_OK);
	pf_span_tree_release(&tree);
	make_trace(&trace);
	for (int i = 0; i < PF_SPAN_PATHS; i++) { /* what encloses each is a random one */
		trace.sums[PF_STAGES_MAX + i].spans = 1;
		trace.sums[PF_STAGES_MAX + i].outer = (uint16_t)(i * 7919);
		trace.sums[PF_STAGES_MAX + i].stage = (uint16_t)(i * 104729);
	}
	trace.paths = UINT32_MAX;
	assert_int_equal(pf_span_tree_create(&trace, 1, &tree, &error), PF_OK);
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	pf_span_tree_print(&tree, &pf_engine_stages, stream);
	fclose(stream);
	free(text);
	pf_span_tree_release(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_report_nests_and_sums_over_threads),
		cmocka_unit_test(test_what_is_lost_is_said),
		cmocka_unit_test(test_what_does_not_fit_is_an_error),
		cmocka_unit_test(test_times_of_a_hand_made_trace),
		cmocka_unit_test(test_a_corrupted_trace_does_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
