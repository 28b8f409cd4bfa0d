/* The status line, and how busy workers are said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "harness/progress/progress.h"
#include "harness/trial/occupancy.h"

static const pf_progress_state some = {.label = "round 2 of 5, parallel",
				       .done = 12,
				       .total = 24,
				       .unit = "photos",
				       .busy_share = 0.934,
				       .note = "best IMG_0311.jpg"};

static const char *line(const pf_progress_state *state, pf_eta left, double elapsed_s, int columns)
{
	static char out[1024];
	pf_progress_line(state, &left, elapsed_s, columns, out, sizeof out);
	return out;
}

static void test_what_it_says(void **state)
{
	(void)state;
	assert_string_equal(line(&some, (pf_eta){true, 130, 185}, 4, -1),
			    "round 2 of 5, parallel: 12 of 24 photos, 3.0 photos/s, "
			    "about 2 to 3 min left | workers 93 % busy | best IMG_0311.jpg");
	assert_string_equal(line(&some, (pf_eta){true, 40, 120}, 0.1, -1),
			    "round 2 of 5, parallel: 12 of 24 photos, "
			    "about 40 s to 2 min left | workers 93 % busy | best IMG_0311.jpg");
	pf_progress_state bare = {.label = "rendering x", .total = 9, .unit = "photos", .busy_share = -1};
	assert_string_equal(line(&bare, (pf_eta){0}, 4, -1), "rendering x: 0 of 9 photos");
	bare.note = "";
	assert_string_equal(line(&bare, (pf_eta){true, 0, 0.2}, 4, -1),
			    "rendering x: 0 of 9 photos, about 1 s left");
	assert_non_null(strstr(line(&bare, (pf_eta){true, 3, 5}, 4, -1), "about 3 to 5 s left"));
	assert_non_null(strstr(line(&bare, (pf_eta){true, 4000, 9000}, 4, -1),
			       "about 1 h 07 min to 2 h 30 min left"));
}

/* What was done before a run is done, and no part of its pace. */
static void test_going_on(void **state)
{
	(void)state;
	pf_progress_state more = some;
	more.known = 8;
	assert_non_null(strstr(line(&more, (pf_eta){0}, 4, -1), "12 of 24 photos, 1.0 photos/s"));
	more.known = 12;
	assert_null(strstr(line(&more, (pf_eta){0}, 4, -1), "photos/s"));
}

/* Whatever the width, it takes no more; and no character is cut in two. */
static void test_it_is_cut(void **state)
{
	(void)state;
	pf_progress_state wide = some;
	wide.note =
		"best \xC3\xA9t\xC3\xA9 \xE5\x86\x99\xE7\x9C\x9F \xF0\x9F\x93\xB7.jpg"; /* two columns each */
	pf_eta left = {true, 130, 185};
	size_t most = 0;
	for (int columns = 0; columns < 200; columns++) {
		const char *text = line(&wide, left, 4, columns);
		size_t width = 0;
		for (const char *at = text; *at; at++) {
			unsigned char byte = (unsigned char)*at;
			width += byte < 0x80 || (byte >= 0xC0 && byte < 0xE1) ? 1 : byte >= 0xE1 ? 2 : 0;
		}
		assert_true(width <= (size_t)columns);
		assert_true(width + 2 > (size_t)columns || strcmp(text, line(&wide, left, 4, -1)) == 0);
		json_t *valid = json_string(text); /* only if it is UTF-8 */
		assert_non_null(valid);
		json_decref(valid);
		most = width > most ? width : most;
	}
	assert_true(most > 100);
}

enum { WORKERS = 3 };

static void enter(pf_trace *trace, uint32_t stage, uint32_t photo)
{
	atomic_store(&trace->pid, 7);
	atomic_store(&trace->stage, stage);
	atomic_store(&trace->photo, photo);
}

static void test_occupancy(void **state)
{
	(void)state;
	pf_trace traces[WORKERS + 1];
	uint32_t of = 99;
	for (int i = 0; i <= WORKERS; i++) {
		pf_trace_reset(&traces[i]);
	}
	assert_int_equal(pf_occupancy(traces, WORKERS, PF_CAP_WORKERS, &of), 0);
	assert_int_equal(of, WORKERS);
	enter(&traces[0], PF_STAGE_DETECT, PF_NO_PHOTO); /* is no worker where there are others */
	enter(&traces[1], PF_STAGE_DECODE, 4);
	enter(&traces[2], PF_STAGE_WAIT, PF_NO_PHOTO);
	enter(&traces[3], PF_STAGE_COUNT, PF_NO_PHOTO);
	assert_int_equal(pf_occupancy(traces, WORKERS, PF_CAP_WORKERS, &of), 1);
	enter(&traces[3], PF_STAGE_COUNT, 0); /* between two stages of a photo */
	assert_int_equal(pf_occupancy(traces, WORKERS, PF_CAP_WORKERS, &of), 2);
	enter(&traces[2], PF_STAGE_WAIT, 5); /* waits with a photo in hand */
	assert_int_equal(pf_occupancy(traces, WORKERS, PF_CAP_WORKERS, &of), 2);
	enter(&traces[2], 0xFFFFFFFFu, PF_NO_PHOTO); /* whoever writes there may write anything */
	assert_int_equal(pf_occupancy(traces, WORKERS, PF_CAP_WORKERS, &of), 2);
	assert_int_equal(pf_occupancy(traces, 1, 0, &of), 1);
	assert_int_equal(of, 1);
	enter(&traces[0], PF_STAGE_WAIT, PF_NO_PHOTO);
	assert_int_equal(pf_occupancy(traces, 1, 0, &of), 0);
	assert_int_equal(pf_occupancy(traces, 1, PF_CAP_COMMAND, &of), 0);
	assert_int_equal(of, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_says),
		cmocka_unit_test(test_going_on),
		cmocka_unit_test(test_it_is_cut),
		cmocka_unit_test(test_occupancy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
