/* Answers of HTTP as their bytes come: the same byte by byte as at once, and nothing that is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/load/http_parse.h"

static const struct {
	const char *bytes; /* the connection ends behind them where `closed` */
	bool closed;
	pf_http_state state;
	unsigned code;
	const char *body;
	bool keep;
	size_t left; /* bytes behind the answer */
} answers[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, PF_HTTP_DONE, 200, "abc", true, 0},
	{"HTTP/1.1 200\r\ncontent-length:3 \r\n\r\nabcHTTP", false, PF_HTTP_DONE, 200, "abc", true, 4},
	{"HTTP/1.1 503 No\nContent-Length: 0\nConnection: Close\n\n", false, PF_HTTP_DONE, 503, "", false, 0},
	{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", false, PF_HTTP_DONE, 200, "a", false, 0},
	{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na", false, PF_HTTP_DONE, 200,
	 "a", true, 0},
	{"HTTP/1.1 204 No\r\n\r\n", false, PF_HTTP_DONE, 204, "", true, 0},
	{"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", false,
	 PF_HTTP_DONE, 200, "a", true, 0},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: r\r\n\r\n",
	 false, PF_HTTP_DONE, 200, "abc0123456789", true, 0},
	{"HTTP/1.1 200 OK\r\n\r\nto the end", true, PF_HTTP_DONE, 200, "to the end", false, 0},
	{"HTTP/1.1 200 OK\r\n\r\nto the end", false, PF_HTTP_MORE, 200, NULL, false, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", true, PF_HTTP_MORE, 200, NULL, true, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: 4", true, PF_HTTP_MORE, 0, NULL, false, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", false, PF_HTTP_MALFORMED, 0, NULL, false, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551619\r\n\r\nabc", false, PF_HTTP_MALFORMED, 0,
	 NULL, false, 0},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false, PF_HTTP_MALFORMED, 0, NULL, false, 0},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", false, PF_HTTP_MALFORMED, 200, NULL,
	 true, 0},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", false, PF_HTTP_MALFORMED, 200,
	 NULL, true, 0},
	{"HTTP/2 200 OK\r\n\r\n", false, PF_HTTP_MALFORMED, 0, NULL, false, 0},
	{"HTTP/1.1 2x0 OK\r\n\r\n", false, PF_HTTP_MALFORMED, 0, NULL, false, 0},
	{"SSH-2.0-OpenSSH\r\n\r\n", false, PF_HTTP_MALFORMED, 0, NULL, false, 0},
};

/* `step` bytes more a call. */
static void check_answer(size_t number, size_t step)
{
	const char *text = answers[number].bytes;
	size_t size = strlen(text), there = 0;
	char *bytes = calloc(1, size + 1);
	pf_http_parse parse = {.code = 0};
	pf_http_state state = PF_HTTP_MORE;
	assert_non_null(bytes);
	while (state == PF_HTTP_MORE && there < size) {
		size_t more = step < size - there ? step : size - there;
		memcpy(bytes + there, text + there, more);
		there += more;
		state = pf_http_parse_on(&parse, bytes, there, false);
	}
	if (state == PF_HTTP_MORE && answers[number].closed) {
		state = pf_http_parse_on(&parse, bytes, there, true);
	}
	bool right = state == answers[number].state;
	if (right && state == PF_HTTP_DONE) {
		right = parse.code == answers[number].code && parse.keep == answers[number].keep &&
			parse.body_bytes == strlen(answers[number].body) &&
			memcmp(bytes + parse.body, answers[number].body, parse.body_bytes) == 0 &&
			(step < size || parse.end + answers[number].left == size);
	}
	if (!right) {
		fail_msg("answer %zu by %zu bytes: state %d, code %u, body %zu", number, step, (int)state,
			 parse.code, parse.body_bytes);
	}
	free(bytes);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		for (size_t step = 1; step < 8; step++) {
			check_answer(i, step);
		}
		check_answer(i, SIZE_MAX);
	}
}

static void test_endless_head(void **state)
{
	(void)state;
	enum { SIZE = 80 << 10 };
	char *bytes = malloc(SIZE);
	pf_http_parse parse = {.code = 0};
	assert_non_null(bytes);
	memset(bytes, 'x', SIZE);
	assert_int_equal(pf_http_parse_on(&parse, bytes, 1000, false), PF_HTTP_MORE);
	assert_int_equal(pf_http_parse_on(&parse, bytes, SIZE, false), PF_HTTP_MALFORMED);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers),
					   cmocka_unit_test(test_endless_head)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
