/* Names made fit to be shown, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "photofinish/file.h"

static void check(const char *bytes, const char *expected)
{
	char shown[4096], back[4096];
	assert_string_equal(pf_escape(bytes, shown, sizeof shown), expected);
	memcpy(back, shown, strlen(shown) + 1);
	assert_true(pf_unescape(back));
	assert_string_equal(back, bytes);
}

static void test_plain_names_stay(void **state)
{
	(void)state;
	check("", "");
	check("IMG_0311.jpg", "IMG_0311.jpg");
	check("a b/\"q\"'$.jpg", "a b/\"q\"'$.jpg");
	check("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
	      "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
	check("\xC2\xA0\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF"
	      "\xBF",
	      "\xC2\xA0\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF"
	      "\xBF");
}

static void test_controls_are_escaped(void **state)
{
	(void)state;
	check("\x1b[31mred", "\\x1b[31mred");
	check("a\nb\rc\td\x01\x1f\x7f", "a\\x0ab\\x0dc\\x09d\\x01\\x1f\\x7f");
	check("back\\slash", "back\\x5cslash");
	check("\\x41", "\\x5cx41");
	check("\xC2\x80\xC2\x9B\xC2\x9F", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f"); /* C1, with CSI */
}

static void test_bidirectional_controls_are_escaped(void **state)
{
	(void)state;
	check("a\xE2\x80\xAEgpj.exe", "a\\xe2\\x80\\xaegpj.exe");
	check("\xE2\x80\xAA\xE2\x80\xAB\xE2\x80\xAC\xE2\x80\xAD",
	      "\\xe2\\x80\\xaa\\xe2\\x80\\xab\\xe2\\x80\\xac\\xe2\\x80\\xad");
	check("\xE2\x81\xA6\xE2\x81\xA9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
	check("\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f\\xd8\\x9c");
	check("\xE2\x80\xA8\xE2\x80\xA9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"); /* line, paragraph separator */
}

static void test_what_nobody_sees_is_escaped(void **state)
{
	(void)state;
	check("a\xEF\xBB\xBF.jpg", "a\\xef\\xbb\\xbf.jpg"); /* byte order mark */
	check("a\xE2\x80\x8B\xE2\x80\x8D\xE2\x81\xA0.jpg",
	      "a\\xe2\\x80\\x8b\\xe2\\x80\\x8d\\xe2\\x81\\xa0.jpg");
	check("a\xF3\xA0\x81\x81.jpg", "a\\xf3\\xa0\\x81\\x81.jpg"); /* a tag */
}

static void test_invalid_utf8_is_escaped_byte_by_byte(void **state)
{
	(void)state;
	check("\x80", "\\x80");
	check("\xFF\xFE", "\\xff\\xfe");
	check("\xC3", "\\xc3");
	check("\xC3(", "\\xc3(");
	check("\xC0\xAF", "\\xc0\\xaf"); /* overlong slash */
	check("\xC1\xBF", "\\xc1\\xbf");
	check("\xE0\x80\xAF", "\\xe0\\x80\\xaf");
	check("\xE0\x9F\xBF", "\\xe0\\x9f\\xbf");
	check("\xF0\x8F\xBF\xBF", "\\xf0\\x8f\\xbf\\xbf");
	check("\xED\xA0\x80", "\\xed\\xa0\\x80");          /* surrogate */
	check("\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	check("\xE2\x82", "\\xe2\\x82");                   /* cut */
	check("\xE2\x82z", "\\xe2\\x82z");
	check("\xF0\x9F\x98", "\\xf0\\x9f\\x98");
}

/* Every byte string comes back, and what is shown is printable. */
static void test_random_bytes_round_trip(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (int round = 0; round < 20000; round++) {
		char bytes[32], shown[160];
		size_t length = 0;
		for (; length < 31; length++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			bytes[length] = (char)(random >> 56);
			if (!bytes[length]) {
				break;
			}
		}
		bytes[length] = '\0';
		pf_escape(bytes, shown, sizeof shown);
		for (const char *at = shown; *at; at++) {
			assert_true((unsigned char)*at >= 0x20 && *at != 0x7F);
		}
		assert_true(pf_unescape(shown));
		assert_string_equal(shown, bytes);
	}
}

/* Whatever the capacity: it ends in a NUL, nothing behind it is touched, and "..." says that it was cut. */
static void test_long_names_are_cut(void **state)
{
	(void)state;
	static const char *const names[] = {"abcdefghijklmnop", "ab\x1b\x1b\x1b\x1b",
					    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", "\xE2\x80\xAE\xE2\x80\xAE",
					    "p\xC3\xBCq\xC3\xBCr\xC3\xBC"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char whole[64];
		pf_escape(names[i], whole, sizeof whole);
		size_t full = strlen(whole);
		for (size_t capacity = 4; capacity < 40; capacity++) {
			char shown[64];
			memset(shown, '#', sizeof shown);
			assert_ptr_equal(pf_escape(names[i], shown, capacity), shown);
			size_t length = strlen(shown);
			assert_true(length < capacity);
			assert_int_equal(shown[capacity], '#');
			if (full < capacity) {
				assert_string_equal(shown, whole);
				continue;
			}
			assert_true(length >= 3 && strcmp(shown + length - 3, "...") == 0);
			assert_memory_equal(shown, whole, length - 3);
			/* Cut between characters: what is left is still valid text. */
			char again[64];
			shown[length - 3] = '\0';
			memcpy(again, shown, sizeof again);
			assert_true(pf_unescape(again));
			assert_memory_equal(again, names[i], strlen(again));
			assert_true((names[i][strlen(again)] & 0xC0) != 0x80 || strchr(shown, '\\'));
		}
	}
}

static void test_malformed_escapes_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"\\",  "a\\",  "\\x",   "\\x4",  "\\xg0", "\\x0g",
					    "\\n", "\\\\", "\\x00", "\\X41", "\\x4G", "\\xAB"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char copy[16];
		snprintf(copy, sizeof copy, "%s", texts[i]);
		assert_false(pf_unescape(copy));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_names_stay),
		cmocka_unit_test(test_controls_are_escaped),
		cmocka_unit_test(test_bidirectional_controls_are_escaped),
		cmocka_unit_test(test_what_nobody_sees_is_escaped),
		cmocka_unit_test(test_invalid_utf8_is_escaped_byte_by_byte),
		cmocka_unit_test(test_random_bytes_round_trip),
		cmocka_unit_test(test_long_names_are_cut),
		cmocka_unit_test(test_malformed_escapes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
