/* Status codes, error details, stages and spans. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "photofinish/status.h"
#include "photofinish/trace.h"
#include "tests/unit/trace_fixture.h"

static void test_every_code_has_its_own_name(void **state)
{
	(void)state;
	for (int a = 0; a < PF_STATUS_COUNT; a++) {
		const char *name = pf_status_name((pf_status)a);
		assert_true(name[0] && pf_status_text((pf_status)a)[0]);
		assert_int_equal(pf_status_from_name(name), a);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		for (int b = 0; b < a; b++) {
			assert_string_not_equal(name, pf_status_name((pf_status)b));
		}
	}
	assert_int_equal(PF_OK, 0);
	assert_int_equal(pf_status_from_name("no-such"), PF_STATUS_COUNT);
	assert_int_equal(pf_status_from_name(""), PF_STATUS_COUNT);
}

static void test_unknown_codes_have_a_name(void **state)
{
	(void)state;
	assert_string_equal(pf_status_name(PF_STATUS_COUNT), "unknown");
	assert_string_equal(pf_status_name((pf_status)-1), "unknown");
	assert_string_equal(pf_status_text((pf_status)10000), "unknown error");
	assert_string_equal(pf_stage_name(PF_STAGE_COUNT), "none");
	assert_string_equal(pf_stage_text((pf_stage)-1), "outside of all stages");
}

static void test_fail_fills_every_field(void **state)
{
	(void)state;
	pf_error error;
	memset(&error, 0xA5, sizeof error);
	assert_int_equal(pf_fail(&error, PF_ERR_DAMAGED, "a.jpg", "%d warnings", 7), PF_ERR_DAMAGED);
	assert_int_equal(error.code, PF_ERR_DAMAGED);
	assert_int_equal(error.sys_errno, 0);
	assert_int_equal(error.offset, -1);
	assert_string_equal(error.file, "a.jpg");
	assert_string_equal(error.message, "7 warnings");
	pf_fail(&error, PF_ERR_INVALID, NULL, "no file");
	assert_string_equal(error.file, "");
	assert_int_equal(pf_fail(NULL, PF_ERR_IO, "x", "y"), PF_ERR_IO);
}

static void test_long_texts_are_cut_not_overrun(void **state)
{
	(void)state;
	struct {
		pf_error error;
		char behind[16];
	} guarded;
	char text[2000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	memset(&guarded, 0x5A, sizeof guarded);
	pf_fail(&guarded.error, PF_ERR_IO, text, "%s", text);
	assert_int_equal(strlen(guarded.error.file), sizeof guarded.error.file - 1);
	assert_int_equal(strlen(guarded.error.message), sizeof guarded.error.message - 1);
	errno = ENOENT;
	pf_fail_errno(&guarded.error, text, "%s", text);
	assert_int_equal(strlen(guarded.error.message), sizeof guarded.error.message - 1);
	for (size_t i = 0; i < sizeof guarded.behind; i++) {
		assert_int_equal(guarded.behind[i], 0x5A);
	}
}

static void test_errno_picks_the_code(void **state)
{
	(void)state;
	static const struct {
		int number;
		pf_status code;
	} cases[] = {
		{ENOENT, PF_ERR_NOT_FOUND}, {ENOMEM, PF_ERR_NO_MEMORY}, {ENOSPC, PF_ERR_NO_SPACE},
		{EDQUOT, PF_ERR_NO_SPACE},  {EEXIST, PF_ERR_EXISTS},    {EACCES, PF_ERR_IO},
		{EIO, PF_ERR_IO},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_error error;
		errno = cases[i].number;
		assert_int_equal(pf_fail_errno(&error, "f", "cannot open"), cases[i].code);
		assert_int_equal(error.code, cases[i].code);
		assert_int_equal(error.sys_errno, cases[i].number);
		assert_non_null(strstr(error.message, "cannot open: "));
		assert_non_null(strstr(error.message, strerror(cases[i].number)));
	}
}

static void test_spans_add_up(void **state)
{
	(void)state;
	pf_trace trace;
	memset(&trace, 0xFF, sizeof trace);
	pf_trace_reset(&trace);
	assert_int_equal(atomic_load(&trace.stage), PF_STAGE_COUNT);
	assert_int_equal(atomic_load(&trace.photo), PF_NO_PHOTO);
	assert_int_equal(pf_fixture_own_ns(&trace, PF_STAGE_DECODE), 0);
	uint64_t outer = pf_now_ns();
	for (int i = 0; i < 3; i++) {
		uint64_t begin = pf_span_begin(&trace, PF_STAGE_DECODE);
		assert_int_equal(atomic_load(&trace.stage), PF_STAGE_DECODE);
		while (pf_now_ns() - begin < 1000000) {
		}
		pf_span_end(&trace, PF_STAGE_DECODE, begin);
		assert_int_equal(atomic_load(&trace.stage), PF_STAGE_COUNT);
	}
	outer = pf_now_ns() - outer;
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_DECODE), 3);
	assert_true(pf_fixture_own_ns(&trace, PF_STAGE_DECODE) >= 3000000 &&
		    pf_fixture_own_ns(&trace, PF_STAGE_DECODE) <= outer);
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_READ), 0);
	pf_trace_photo(&trace, 12);
	assert_int_equal(atomic_load(&trace.photo), 12);
	/* Nobody listens. */
	pf_trace_photo(NULL, 1);
	pf_span_end(NULL, PF_STAGE_READ, pf_span_begin(NULL, PF_STAGE_READ));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_its_own_name),
		cmocka_unit_test(test_unknown_codes_have_a_name),
		cmocka_unit_test(test_fail_fills_every_field),
		cmocka_unit_test(test_long_texts_are_cut_not_overrun),
		cmocka_unit_test(test_errno_picks_the_code),
		cmocka_unit_test(test_spans_add_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
