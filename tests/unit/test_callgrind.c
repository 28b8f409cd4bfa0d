/* Profiles of callgrind: functions' own and inclusive instructions, and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/record/callgrind_json.h"
#include "harness/run/callgrind.h"
#include "harness/run/callgrind_file.h"

/* As callgrind 3.19 writes it: names stand once, positions may be relative, a call's line has what it took.
 */
static const char written[] = "# callgrind format\n"
			      "version: 1\n"
			      "creator: callgrind-3.19.0\n"
			      "desc: Trigger: --dump-after=pf_scorer_photo\n"
			      "positions: line\n"
			      "events: Ir\n"
			      "summary: 1000\n"
			      "\n"
			      "ob=(1) /usr/lib/libphotofinish.so.0\n"
			      "fl=(1) ./core/scoring/scorer.c\n"
			      "fn=(1) pf_scorer_photo\n"
			      "440 10\n"
			      "cfn=(2) pf_scorer_load\n"
			      "calls=1 200\n"
			      "+1 300\n"
			      "cfi=(2) ./core/scoring/other.c\n"
			      "cfn=(3) pf_scorer_detect_pose\n"
			      "calls=1 50\n"
			      "* 690\n"
			      "fn=(2)\n"
			      "200 20\n"
			      "cfn=(4) pf_jpeg_gate\n"
			      "calls=1 9\n"
			      "205 30\n"
			      "cfn=(5) pf_exif_read\n"
			      "calls=2 9\n"
			      "-2 50\n"
			      "cob=(2) /usr/lib/libjpeg.so.62\n"
			      "cfn=(6) pf_jpeg_decode\n"
			      "calls=1 9\n"
			      "211 200\n"
			      "jump=3 205\n"
			      "fn=(4)\n"
			      "9 30\n"
			      "fn=(5)\n"
			      "9 40\n"
			      "9\n"
			      "9 10\n"
			      "ob=(2)\n"
			      "fn=(6)\n"
			      "9 60\n"
			      "cfn=(7) 0x0000000000001234\n"
			      "calls=1 0\n"
			      "9 140\n"
			      "fn=(7)\n"
			      "0 140\n"
			      "ob=(1)\n"
			      "fn=(3)\n"
			      "50 90\n"
			      "ob=(3) ???\n"
			      "fn=(8) 0x000000000aa2e000\n"
			      "0 400\n"
			      "fn=(9) 0x000000000aa2f000\n"
			      "0 200\n"
			      "\n"
			      "totals: 1000\n";

static pf_status read_text(const char *text, pf_callgrind_profile *profile, pf_error *error)
{
	FILE *stream = fmemopen((void *)text, strlen(text), "re");
	assert_non_null(stream);
	pf_status status = pf_callgrind_profile_read(stream, "out.1", profile, error);
	fclose(stream);
	return status;
}

static void functions_are_summed(void **state)
{
	(void)state;
	pf_callgrind_profile profile;
	pf_error error;
	assert_int_equal(read_text(written, &profile, &error), PF_OK);
	assert_int_equal(profile.total, 1000);
	const pf_callgrind_profile_function *photo = pf_callgrind_profile_find(&profile, "pf_scorer_photo");
	assert_non_null(photo);
	assert_int_equal(photo->self, 10);
	assert_int_equal(photo->inclusive, 1000);
	const pf_callgrind_profile_function *load = pf_callgrind_profile_find(&profile, "pf_scorer_load");
	assert_int_equal(load->self, 20);
	assert_int_equal(load->inclusive, 300);
	assert_int_equal(pf_callgrind_profile_find(&profile, "pf_exif_read")->inclusive, 50);
	assert_null(pf_callgrind_profile_find(&profile, "pf_scorer"));
	pf_callgrind_profile_release(&profile);
}

static void parts_add_up(void **state)
{
	(void)state;
	pf_callgrind_profile profile;
	pf_error error;
	pf_callgrind made = {.count = 0};
	assert_int_equal(read_text(written, &profile, &error), PF_OK);
	pf_callgrind_add(&made, &profile, 7);
	pf_callgrind_add(&made, &profile, 9);
	pf_callgrind_profile_release(&profile);
	assert_int_equal(made.count, 2);
	assert_int_equal(made.photos[1].index, 9);
	const uint64_t *parts = made.photos[0].parts;
	assert_int_equal(parts[PF_KERNEL_GATE], 80);
	assert_int_equal(parts[PF_KERNEL_DECODE], 200);
	assert_int_equal(parts[PF_KERNEL_READ], 20); /* 300 without the two */
	assert_true(made.known[PF_KERNEL_READ] && made.known[PF_KERNEL_GATE]);
	assert_false(made.known[PF_KERNEL_FACES]); /* it is not in the profile: unknown, not 0 */
	assert_true(made.known[PF_KERNEL_POSE]);
	assert_int_equal(parts[PF_KERNEL_POSE], 90); /* what it called stands nowhere: it is not invented */
	/* Generated code is one; what has no symbol is its file's. */
	assert_string_equal(made.top[0].name, "generated code");
	assert_int_equal(made.top[0].self, 1200);
	assert_string_equal(made.top[1].name, "libjpeg.so.62");
	assert_int_equal(made.top[1].self, 280);

	json_t *record = pf_callgrind_json(&made);
	json_t *stages = json_object_get(json_array_get(json_object_get(record, "photos"), 0), "stages");
	assert_int_equal(json_integer_value(json_object_get(stages, "decode")), 200);
	assert_true(json_is_null(json_object_get(stages, "faces")));
	assert_true(json_is_null(json_object_get(record, "unavailable")));
	json_decref(record);
}

static void damaged_profiles_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"",
					    "events: Ir\nfn=(1) a\n3 5\n", /* cut off */
					    "summary: 5\n3 5\n",           /* cost of no function */
					    "summary: 5\nfn=name\n3 5\n",
					    "summary: 5\nfn=(1 a\n3 5\n",
					    "summary: 5\nfn=(4000000000) a\n3 5\n",
					    "summary: 5\nob=(x) a\n3 5\n",
					    "summary: 5\nfn=(1) a\n3 5x\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		pf_callgrind_profile profile;
		pf_error error;
		if (texts[i][0]) {
			assert_int_not_equal(read_text(texts[i], &profile, &error), PF_OK);
			assert_null(profile.functions);
			assert_null(profile.objects);
		}
	}
	pf_callgrind_profile profile;
	pf_error error;
	assert_int_equal(read_text("summary: 5\n3 5\n", &profile, &error), PF_ERR_INVALID);
	assert_string_equal(error.file, "out.1");
	assert_non_null(strstr(error.message, "line 2 "));
}

/* Without a photo there is nothing to count; a reason stands in the record. */
static void what_cannot_be_measured_is_said(void **state)
{
	(void)state;
	pf_session session = {.manifest_fd = -1};
	pf_outcomes outcomes = {.count = 0};
	pf_callgrind made;
	pf_callgrind_measure(&session, &outcomes, &made);
	assert_int_equal(made.count, 0);
	assert_int_not_equal(strlen(made.why), 0);
	json_t *record = pf_callgrind_json(&made);
	assert_string_equal(json_string_value(json_object_get(record, "unavailable")), made.why);
	assert_int_equal(json_array_size(json_object_get(record, "photos")), 0);
	json_decref(record);
	record = pf_callgrind_json(NULL);
	assert_true(json_is_null(record));
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_summed),
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(damaged_profiles_are_refused),
		cmocka_unit_test(what_cannot_be_measured_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
