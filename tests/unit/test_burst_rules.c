/* What makes photos neighbours of one burst: time, rhythm, pictures, exposures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/photo/miniature.h"
#include "tests/unit/burst_fixture.h"

/* Photos of one body with these times in ms and scenes. */
static void fill(pf_facts *f, size_t count, const int64_t *times, const unsigned *scenes)
{
	for (size_t i = 0; i < count; i++) {
		f[i] = photo(1, times[i]);
		f[i].miniature = scene(scenes[i], 0);
	}
}

static void test_scenes_of_this_test(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 8; a++) {
		for (unsigned b = 0; b < 8; b++) {
			pf_miniature one = scene(a, 0), other = scene(b, 8);
			assert_int_equal(pf_miniature_alike(&one, &other, 0.65), a == b);
		}
	}
}

/* In whole seconds time does not separate what lies in one: pictures decide. */
static void test_without_subseconds(void **state)
{
	(void)state;
	pf_facts f[8];
	static const int64_t times[] = {0, 0, 1000, 1000, 2000, 4000, 4000, 4000};
	static const unsigned same[8] = {0}, two[] = {1, 1, 1, 2, 2, 2, 2, 3};
	fill(f, 8, times, same);
	for (size_t i = 0; i < 8; i++) {
		f[i].has_subsecond = false;
	}
	expect(f, "AAAAABBB");
	fill(f, 8, times, two);
	for (size_t i = 0; i < 8; i++) {
		f[i].has_subsecond = false;
	}
	expect(f, "AAABBCCD");
	f[2].has_miniature = f[6].has_miniature = false; /* says nothing */
	expect(f, "AABCCDEF");
	/* One of two neighbours in whole seconds: 10.9 s and 11 s may be the same instant. */
	pf_facts mixed[] = {photo(1, 10900), photo(1, 11000), photo(1, 12999), photo(1, 13100)};
	mixed[1].has_subsecond = false;
	expect(mixed, "AAAA");
}

/* A clock that stands, to the second or to the millisecond, and one that is only coarse. */
static void test_stuck_clocks(void **state)
{
	(void)state;
	pf_facts f[6];
	static const int64_t stuck[6] = {0}, coarse[] = {0, 0, 100, 100, 200, 200};
	static const unsigned scenes[] = {1, 2, 3, 3, 4, 5};
	fill(f, 6, stuck, scenes);
	expect(f, "ABCCDE");
	for (size_t i = 0; i < 6; i++) {
		f[i].has_subsecond = false;
	}
	expect(f, "ABCCDE");
	fill(f, 6, coarse, scenes);
	expect(f, "AAAAAA"); /* 20 frames a second in tenths; time alone decides */
}

/* Within 250 ms time alone decides; above pictures do, unless the burst has a rhythm. */
static void test_similarity(void **state)
{
	(void)state;
	static const int64_t times[] = {0, 250, 651, 1251, 1501};
	static const unsigned scenes[] = {1, 2, 2, 3, 4};
	pf_facts f[5];
	fill(f, 5, times, scenes);
	expect(f, "AAABB");
	f[2].has_miniature = false;
	expect(f, "AABCC");
	f[2].has_miniature = true;
	f[2].miniature = scene(2, 8); /* the camera was moved by a quarter of the frame */
	expect(f, "AAABB");
}

static void test_rhythms(void **state)
{
	(void)state;
	static const unsigned pan[] = {1, 2, 3, 4, 5, 6}, still[6] = {0};
	pf_facts f[6];
	/* A pan that shows something else each time: the same whether its gaps are 250 ms, a little more or 3
	 * a second. */
	static const int64_t gaps[] = {240, 250, 251, 256, 300, 333, 500};
	for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
		int64_t times[6];
		for (size_t k = 0; k < 6; k++) {
			times[k] = (int64_t)k * gaps[i] + (k % 2 ? 9 : 0);
		}
		fill(f, 6, times, pan);
		expect(f, "AAAAAA");
		expect(f, "AAA");
	}
	static const int64_t singles[] = {0, 400, 1000, 1300, 2000, 2900};
	fill(f, 6, singles, pan);
	expect(f, "ABCDEF");
	/* A timer of one second, a little early and late; a burst that gets slower. */
	static const int64_t timer[] = {0, 1010, 1990, 3000, 4000, 5020};
	fill(f, 6, timer, still);
	expect(f, "AAAAAA");
	static const int64_t slow[] = {0, 1200, 2400, 3700, 4900, 6500};
	fill(f, 6, slow, still);
	expect(f, "AAAAAA");
	static const int64_t seldom[] = {0, 1800, 3600, 5400, 7200, 9000};
	fill(f, 6, seldom, still);
	expect(f, "ABCDEF");
}

/* Two bodies that do not say who they are, shooting at the same time: the pictures tell them apart. */
static void test_bodies_without_numbers(void **state)
{
	(void)state;
	static const int64_t times[] = {0, 50, 100, 150, 200, 250, 300, 350};
	static const unsigned turns[] = {1, 2, 1, 2, 1, 2, 1, 2}, uneven[] = {1, 1, 2, 1, 2, 1, 1, 2};
	static const unsigned pan[] = {1, 2, 3, 4, 5, 6, 7, 7};
	pf_facts f[8];
	fill(f, 8, times, turns);
	expect(f, "ABABABAB");
	fill(f, 8, times, uneven);
	expect(f, "AABABAAB");
	fill(f, 8, times, pan);
	expect(f, "AAAAAAAA");
	fill(f, 8, times, turns);
	for (size_t i = 0; i < 8; i++) {
		f[i].orientation = i % 2 ? 6 : 1;
	}
	expect(f, "ABABABAB");
}

static void test_exposures(void **state)
{
	(void)state;
	pf_facts f[6];
	static const double manual[] = {1000, 4000, 250, 250, 250, 320};
	static const double lit[] = {1000, 800, 640, 640, 320, 320}; /* a runner leaves the sun */
	static const double rising[] = {4000, 2000, 1000, 1000, 1000, 1000};
	for (unsigned by_hand = 0; by_hand < 2; by_hand++) {
		for (size_t i = 0; i < 6; i++) {
			f[i] = photo(1, (int64_t)i * 100);
			f[i].manual_exposure = by_hand;
			f[i].exposure = (pf_exposure){.time_s = 1.0 / manual[i], .f_number = 4, .iso = 400};
		}
		expect(f, "ABCCCC"); /* a third of a stop dialled in is no bracket */
		for (size_t i = 0; i < 6; i++) {
			f[i].exposure.time_s = 1.0 / lit[i];
		}
		expect(f, by_hand ? "AAAABB" : "AAAAAA");
		for (size_t i = 0; i < 6; i++) {
			f[i].exposure.time_s = 1.0 / rising[i];
		}
		expect(f, "ABCCCC");
	}
	/* Of ISO; of the aperture, with the time in turn, so that the light stays. */
	static const double iso[] = {400, 100, 1600, 400, 400, 400}, stop[] = {4, 2.8, 5.6, 4, 4, 4};
	for (size_t i = 0; i < 6; i++) {
		f[i] = photo(1, (int64_t)i * 100);
		f[i].exposure = (pf_exposure){.time_s = 0.001, .f_number = 4, .iso = iso[i]};
	}
	expect(f, "ABCDDD");
	for (size_t i = 0; i < 6; i++) {
		f[i].exposure = (pf_exposure){
			.time_s = stop[i] * stop[i] / 16000, .f_number = stop[i], .iso = 400};
	}
	expect(f, "ABCDDD");
}

static void test_without_times(void **state)
{
	(void)state;
	pf_facts f[6];
	for (size_t i = 0; i < 6; i++) {
		f[i] = photo(0, 0);
		f[i].has_time = f[i].has_subsecond = false;
	}
	f[2].miniature.samples[0][100] ^= 0x7F;
	f[3].miniature = scene(1, 0);
	f[4].has_miniature = f[5].has_miniature = false;
	expect(f, "AAABCD");
	f[1].has_time = true; /* a time that stands alone joins nothing */
	expect(f, "ABCDEF");
}

static pf_status look(void *context, uint32_t index, pf_facts *facts)
{
	unsigned *looks = context;
	looks[index]++;
	facts->has_miniature = index != 3; /* that one cannot be decoded */
	facts->miniature = scene(index < 2 ? 1 : 2, 0);
	return PF_OK;
}

/* Photos are looked at only where time leaves a question open, and once. */
static void test_looks(void **state)
{
	(void)state;
	unsigned looks[7] = {0};
	record r = {0};
	memset(r.burst_of, 0xFF, sizeof r.burst_of);
	pf_burst_detector *detector;
	assert_int_equal(pf_burst_detector_create(keep, &r, &detector, NULL), PF_OK);
	pf_burst_detector_look(detector, look, looks);
	static const int64_t times[] = {0, 700, 1350, 2100, 20000, 20100, 20200};
	for (uint32_t i = 0; i < 7; i++) {
		pf_facts facts = photo(1, times[i]);
		facts.has_miniature = false;
		assert_int_equal(pf_burst_push(detector, i, &facts), PF_OK);
	}
	assert_int_equal(pf_burst_flush(detector), PF_OK);
	pf_burst_detector_destroy(detector);
	static const uint32_t bursts[] = {0, 0, 2, 3, 4, 4, 4};
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(looks[i], i < 4);
		assert_int_equal(r.burst_of[i], bursts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenes_of_this_test),
		cmocka_unit_test(test_without_subseconds),
		cmocka_unit_test(test_stuck_clocks),
		cmocka_unit_test(test_similarity),
		cmocka_unit_test(test_rhythms),
		cmocka_unit_test(test_bodies_without_numbers),
		cmocka_unit_test(test_exposures),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_without_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
