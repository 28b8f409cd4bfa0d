/* What threads say of themselves, read as a profiler from outside reads it: the record that a thread-local
 * points to, and the process's mapping with the names of its keys. */
#include <assert.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/thread_context.h"

/* The value of that key, "" where there is none. */
static const char *value_of(const pf_thread_context *context, uint8_t key)
{
	static char text[256];
	text[0] = '\0';
	for (size_t at = 0; at + 2 <= context->attrs_data_size;) {
		size_t length = context->attrs_data[at + 1];
		if (context->attrs_data[at] == key) {
			memcpy(text, context->attrs_data + at + 2, length);
			text[length] = '\0';
		}
		at += 2 + length;
	}
	return text;
}

static void check_spans(pf_trace *trace)
{
	assert_null(otel_thread_ctx_v1);
	pf_trace_photo(trace, 77);
	uint64_t pose = pf_span_begin(trace, PF_STAGE_POSE);
	const pf_thread_context *context = otel_thread_ctx_v1;
	assert_non_null(context);
	assert_int_equal(context->valid, 1);
	assert_string_equal(value_of(context, PF_CONTEXT_STAGE), "pose");
	assert_string_equal(value_of(context, PF_CONTEXT_VARIANT), "parallel");
	assert_string_equal(value_of(context, PF_CONTEXT_WORKER), "1");
	assert_string_equal(value_of(context, PF_CONTEXT_PHOTO), "77");
	uint64_t input = pf_span_begin(trace, PF_STAGE_POSE_INPUT);
	assert_string_equal(value_of(context, PF_CONTEXT_STAGE), "pose.input");
	pf_span_end(trace, PF_STAGE_POSE_INPUT, input);
	assert_string_equal(value_of(context, PF_CONTEXT_STAGE), "pose");
	pf_trace_photo(trace, PF_NO_PHOTO);
	uint64_t again = pf_span_begin(trace, PF_STAGE_POSE_INPUT);
	assert_string_equal(value_of(context, PF_CONTEXT_PHOTO), "");
	pf_span_end(trace, PF_STAGE_POSE_INPUT, again);
	pf_span_end(trace, PF_STAGE_POSE, pose);
	assert_null(otel_thread_ctx_v1);
}

/* The process's mapping by its name in /proc/self/maps; NULL: there is none. */
static const unsigned char *find_mapping(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	uintptr_t found = 0, begin;
	while (fgets(line, sizeof line, maps)) {
		if ((strstr(line, "/memfd:OTEL_CTX") || strstr(line, "[anon_shmem:OTEL_CTX]")) &&
		    sscanf(line, "%" SCNxPTR, &begin) == 1) {
			found = begin;
		}
	}
	fclose(maps);
	const unsigned char *mapping;
	memcpy(&mapping, &found, sizeof mapping);
	return mapping;
}

/* The next field of a protobuf message, which has to be of bytes and of that number: its content in *at, its
 * length. */
static size_t take_field(const unsigned char **at, unsigned field)
{
	assert_int_equal(*(*at)++, field << 3 | 2);
	size_t length = *(*at)++;
	if (length > 127) {
		length = (length & 127) | (size_t) * (*at)++ << 7;
	}
	return length;
}

static void take_text(const unsigned char **at, unsigned field, const char *text)
{
	assert_int_equal(take_field(at, field), strlen(text));
	assert_memory_equal(*at, text, strlen(text));
	*at += strlen(text);
}

static void check_process(void)
{
	const unsigned char *mapping = find_mapping(), *payload;
	uint32_t numbers[2];
	assert_non_null(mapping);
	assert_memory_equal(mapping, "OTEL_CTX", 8);
	memcpy(numbers, mapping + 8, sizeof numbers);
	assert_int_equal(numbers[0], 2);
	memcpy(&payload, mapping + 24, sizeof payload);
	const unsigned char *at = payload;
	static const char *const texts[][2] = {{"service.name", "photofinish"},
					       {"threadlocal.schema_version", "tlsdesc_v1_dev"}};
	for (size_t i = 0; i < 2; i++) {
		take_field(&at, 1);
		take_text(&at, 1, texts[i][0]);
		take_field(&at, 2);
		take_text(&at, 1, texts[i][1]);
	}
	static const char *const keys[] = {"photofinish.stage", "photofinish.variant", "photofinish.worker",
					   "photofinish.photo"};
	take_field(&at, 1);
	take_text(&at, 1, "threadlocal.attribute_key_map");
	take_field(&at, 2);
	take_field(&at, 5);
	for (size_t i = 0; i < 4; i++) {
		take_field(&at, 1);
		take_text(&at, 1, keys[i]);
	}
	assert_int_equal(at - payload, numbers[1]);
}

static void test_context(void **state)
{
	(void)state;
	static pf_trace traces[2], others;
	int ending;
	pf_trace_reset(&traces[1]);
	pf_trace_reset(&others);
	uint64_t silent = pf_span_begin(&traces[1], PF_STAGE_READ);
	assert_null(otel_thread_ctx_v1); /* nobody asked for it */
	pf_span_end(&traces[1], PF_STAGE_READ, silent);
	pf_thread_context_publish("parallel", traces, 2);
	check_spans(&traces[1]);
	check_process();
	uint64_t other = pf_span_begin(&others, PF_STAGE_READ);
	assert_null(otel_thread_ctx_v1);
	pf_span_end(&others, PF_STAGE_READ, other);
	uint64_t open = pf_span_begin(&traces[1], PF_STAGE_READ);
	pid_t child = fork();
	if (child == 0) { /* a worker: what it inherits is not its own */
		bool clean = !otel_thread_ctx_v1 && !find_mapping();
		pf_trace_enter(&traces[1]);
		check_spans(&traces[1]);
		check_process();
		_exit(clean ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &ending, 0), child);
	assert_int_equal(ending, 0);
	pf_span_end(&traces[1], PF_STAGE_READ, open);
}

int main(void)
{
	static_assert(offsetof(pf_thread_context, attrs_data) == 28, "no padding");
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_context)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
