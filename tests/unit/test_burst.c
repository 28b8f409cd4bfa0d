#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/photo/miniature.h"
#include "jpeg_fixture.h"
#include "photofinish/burst.h"
#include "tests/unit/trace_fixture.h"

#define PHOTOS_MAX 4096

/* What the detector handed out: the burst of each photo and the order of closing. */
typedef struct record {
	uint32_t burst_of[PHOTOS_MAX];
	uint32_t count_of[PHOTOS_MAX]; /* by burst id */
	unsigned bursts, photos;
	uint32_t newest; /* index of the last photo pushed */
} record;

static pf_status keep(void *context, const pf_burst *burst)
{
	record *r = context;
	assert_true(burst->count > 0 && burst->id == burst->photos[0]);
	for (uint32_t i = 0; i < burst->count; i++) {
		assert_true(burst->photos[i] < PHOTOS_MAX);
		assert_int_equal(r->burst_of[burst->photos[i]], UINT32_MAX);
		r->burst_of[burst->photos[i]] = burst->id;
	}
	r->count_of[burst->id] = burst->count;
	r->bursts++;
	r->photos += burst->count;
	return PF_OK;
}

/* Scenes of one number are alike, moved by some columns; others are not. */
static pf_miniature scene(unsigned number, unsigned moved)
{
	pf_miniature picture;
	for (unsigned i = 0; i < PF_MINIATURE_ROWS * PF_MINIATURE_COLUMNS; i++) {
		unsigned x = i % PF_MINIATURE_COLUMNS + moved, y = i / PF_MINIATURE_COLUMNS;
		uint64_t random = (((uint64_t)number * 64 + x / 3) * 64 + y / 3) * 0x9E3779B97F4A7C15u;
		random ^= random >> 29;
		pf_fixture_random(&random);
		random ^= random >> 31;
		picture.samples[0][i] = (uint8_t)(40 + pf_fixture_random(&random) % 160);
		picture.samples[1][i] = (uint8_t)(60 + number * 37 % 150);
		picture.samples[2][i] = (uint8_t)(60 + number * 73 % 150);
	}
	return picture;
}

static pf_facts photo(uint64_t body, int64_t time_ms)
{
	return (pf_facts){.readable = true,
			  .has_time = true,
			  .has_subsecond = true,
			  .has_miniature = true,
			  .miniature = scene(0, 0),
			  .time_ms = time_ms,
			  .body = body,
			  .orientation = 1,
			  .width_px = 6000,
			  .height_px = 4000};
}

static record detect(const pf_facts *facts, size_t count)
{
	record r = {0};
	memset(r.burst_of, 0xFF, sizeof r.burst_of);
	pf_burst_detector *detector;
	assert_int_equal(pf_burst_detector_create(keep, &r, &detector, NULL), PF_OK);
	for (size_t i = 0; i < count; i++) {
		r.newest = (uint32_t)i;
		assert_int_equal(pf_burst_push(detector, (uint32_t)i, &facts[i]), PF_OK);
	}
	assert_int_equal(pf_burst_flush(detector), PF_OK);
	pf_burst_detector_destroy(detector);
	assert_int_equal(r.photos, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(r.burst_of[i] != UINT32_MAX);
	}
	return r;
}

/* The burst of each photo as letters: "AAB" is two photos together and one alone. */
static void expect(const pf_facts *facts, const char *letters)
{
	record r = detect(facts, strlen(letters));
	char got[64] = "";
	for (size_t i = 0; letters[i]; i++) {
		got[i] = r.burst_of[i] == i ? letters[i] : got[r.burst_of[i]];
	}
	assert_string_equal(got, letters);
	for (size_t i = 0; letters[i]; i++) {
		assert_int_equal(r.burst_of[i], strchr(letters, letters[i]) - letters);
	}
}

static void test_gaps(void **state)
{
	(void)state;
	pf_facts f[6];
	static const int64_t times[] = {0, 100, 350, 1600, 2851, 2900};
	for (size_t i = 0; i < 6; i++) {
		f[i] = photo(1, times[i]);
	}
	expect(f, "AAAABB"); /* gaps of 100, 250, 1,250, 1,251 and 49 ms */
	f[2].time_ms = 100;
	expect(f, "AAABCC"); /* no gap at all, then 1,500 ms */
}

static void test_interleaved_bodies(void **state)
{
	(void)state;
	pf_facts f[8];
	for (unsigned i = 0; i < 8; i++) {
		f[i] = photo(1 + i % 2, i * 60);
		f[i].width_px = i % 2 ? 4000 : 6000;
	}
	expect(f, "ABABABAB");
}

static void test_time_going_backwards(void **state)
{
	(void)state;
	pf_facts f[] = {photo(1, 1000), photo(1, 1100), photo(1, 1099), photo(1, 1200)};
	expect(f, "AABB");
}

static void test_size_and_orientation(void **state)
{
	(void)state;
	pf_facts f[] = {photo(1, 0), photo(1, 100), photo(1, 200), photo(1, 300), photo(1, 400)};
	f[2].orientation = f[3].orientation = f[4].orientation = 6;
	f[4].height_px = 3999;
	expect(f, "AABBC");
}

static void test_brackets(void **state)
{
	(void)state;
	pf_facts f[8];
	static const float bias[] = {0.0f, -0.7f, 0.7f, 0.0f, 0.0f, 0.0f, -1.0f / 3.0f, 1.0f / 3.0f};
	for (unsigned i = 0; i < 8; i++) {
		f[i] = photo(1, i * 150);
		f[i].has_exposure_bias = true;
		f[i].exposure_bias_ev = bias[i];
	}
	expect(f, "ABCDDDEF");
	/* A burst with a correction dialled in is a burst. */
	for (unsigned i = 0; i < 8; i++) {
		f[i].exposure_bias_ev = 0.7f;
	}
	expect(f, "AAAAAAAA");
	/* The camera says so itself, from the first frame on. */
	f[2].auto_bracket = f[3].auto_bracket = f[4].auto_bracket = true;
	expect(f, "AABCDEEE");
	for (unsigned i = 0; i < 8; i++) {
		f[i].has_exposure_bias = i % 2;
		f[i].exposure_bias_ev = (float)i;
		f[i].auto_bracket = false;
	}
	expect(f, "AAAAAAAA"); /* nothing is known about neighbours */
}

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
	/* A pan that shows something else each time: the same whether its gaps are 250 ms, a little more or 3 a
	 * second. */
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

static void test_unreadable_photos(void **state)
{
	(void)state;
	pf_facts f[] = {photo(1, 0), photo(1, 100), photo(1, 200), {.readable = false}, photo(1, 300)};
	f[1] = (pf_facts){.readable = false};
	expect(f, "ABACA");
}

static void test_bursts_close(void **state)
{
	(void)state;
	/* Of length: 512 at most. */
	pf_facts *f = calloc(PHOTOS_MAX, sizeof *f);
	for (unsigned i = 0; i < 1100; i++) {
		f[i] = photo(1, i * 50);
	}
	record r = detect(f, 1100);
	assert_int_equal(r.bursts, 3);
	assert_true(r.count_of[0] == 512 && r.count_of[512] == 512 && r.count_of[1024] == 76);
	/* Of neglect: 1,023 other photos do not close a burst, 1,024 do. */
	for (unsigned others = 1023; others <= 1024; others++) {
		f[0] = photo(1, 0);
		for (unsigned i = 1; i <= others; i++) {
			f[i] = photo(2, i);
		}
		f[others + 1] = photo(1, 400);
		r = detect(f, others + 2);
		assert_int_equal(r.burst_of[others + 1], others == 1023 ? 0 : others + 1);
	}
	/* Of more bodies than are watched: the one that has waited longest gives way. */
	for (unsigned i = 0; i < 65; i++) {
		f[i] = photo(100 + i, i);
	}
	f[65] = photo(164, 70);
	f[66] = photo(101, 71);
	f[67] = photo(100, 72);
	r = detect(f, 68);
	assert_int_equal(r.burst_of[65], 64);
	assert_int_equal(r.burst_of[66], 1);
	assert_int_equal(r.burst_of[67], 67);
	/* 20 bodies beside each other, one of them slow. */
	for (unsigned i = 0; i < 800; i++) {
		f[i] = photo(i % 20 == 19 && i % 400 != 399 ? 1 : 1 + i % 20, i * 3);
	}
	r = detect(f, 800);
	assert_int_equal(r.bursts, 20);
	assert_int_equal(r.burst_of[799], 399);
	free(f);
}

/* Nothing that can be pushed loses a photo or hands one out twice (keep and detect check). */
static void test_random_streams(void **state)
{
	(void)state;
	uint64_t random = 3;
	pf_facts *f = calloc(PHOTOS_MAX, sizeof *f);
	for (unsigned round = 0; round < 200; round++) {
		size_t count = pf_fixture_random(&random) % 400;
		int64_t now = 0;
		for (size_t i = 0; i < count; i++) {
			uint32_t dice = pf_fixture_random(&random);
			now += (int64_t)(dice % 700) - (dice % 13 == 0 ? 500 : 0);
			f[i] = photo(dice / 7 % (1 + round % 40), now);
			f[i].readable = dice % 17 != 0;
			f[i].has_time = dice % 11 != 0;
			f[i].has_subsecond = dice % 5 != 0;
			f[i].has_miniature = dice % 19 != 0;
			f[i].auto_bracket = dice % 23 == 0;
			f[i].has_exposure_bias = dice % 2;
			f[i].exposure_bias_ev = (float)(dice % 3) / 3.0f;
			f[i].miniature = scene(dice % 3 ? 0 : dice % 50, 0);
			f[i].exposure.time_s = dice % 31 ? 0.001 : 0.008;
			f[i].orientation = 1 + dice % 29 / 28;
		}
		detect(f, count);
	}
	free(f);
}

static pf_status count_only(void *context, const pf_burst *burst)
{
	*(uint64_t *)context += burst->count;
	return PF_OK;
}

static size_t heap_bytes(void);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static size_t heap_bytes(void)
{
	return 0; /* the sanitizers' heap keeps no such statistics */
}
#else
#include <malloc.h>
static size_t heap_bytes(void)
{
	return mallinfo2().uordblks;
}
#endif

static void test_memory_is_bounded(void **state)
{
	(void)state;
	uint64_t handed_out = 0, random = 5;
	pf_burst_detector *detector;
	assert_int_equal(pf_burst_detector_create(count_only, &handed_out, &detector, NULL), PF_OK);
	size_t before = heap_bytes();
	const uint32_t pushes = 200000;
	pf_facts facts = photo(0, 0);
	for (uint32_t i = 0; i < pushes; i++) {
		facts.body = pf_fixture_random(&random) % 90;
		facts.time_ms = i * 10;
		assert_int_equal(pf_burst_push(detector, i, &facts), PF_OK);
		/* At most 1,024 photos old, of at most 64 bodies. */
		assert_true((uint64_t)i + 1 - handed_out <= 64 * 3 * 512);
	}
	assert_int_equal(heap_bytes(), before);
	assert_int_equal(pf_burst_flush(detector), PF_OK);
	assert_int_equal(handed_out, pushes);
	pf_burst_detector_destroy(detector);
}

static pf_status refuse(void *context, const pf_burst *burst)
{
	(void)burst;
	++*(unsigned *)context;
	return PF_ERR_CANCELLED;
}

static void test_receiver_stops_the_push(void **state)
{
	(void)state;
	unsigned calls = 0;
	pf_burst_detector *detector;
	assert_int_equal(pf_burst_detector_create(refuse, &calls, &detector, NULL), PF_OK);
	pf_facts first = photo(1, 0), second = photo(1, 5000), bad = {.readable = false};
	assert_int_equal(pf_burst_push(detector, 0, &first), PF_OK);
	assert_int_equal(pf_burst_push(detector, 1, &second), PF_ERR_CANCELLED);
	assert_int_equal(pf_burst_push(detector, 2, &bad), PF_ERR_CANCELLED);
	assert_int_equal(pf_burst_flush(detector), PF_ERR_CANCELLED);
	assert_int_equal(calls, 3);
	pf_burst_detector_destroy(detector);
}

static void add_photo(pf_fixture_folder *folder, const char *name, const char *serial, const char *subsecond)
{
	pf_fixture_bytes exif = pf_fixture_exif(
		&(pf_fixture_exif_spec){.make = "Maker",
					.serial = serial,
					.time_original = "2024:06:01 10:00:00",
					.subsecond_original = subsecond});
	pf_fixture_bytes jpeg = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 96, .height_px = 64, .exif = exif});
	pf_fixture_folder_add(folder, name, &jpeg);
	pf_fixture_free(&jpeg);
	pf_fixture_free(&exif);
}

static void test_list_of_a_dataset(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	add_photo(&folder, "a1.jpg", "1", "10");
	add_photo(&folder, "b1.jpg", "2", "10");
	add_photo(&folder, "c1.jpg", "1", "20");
	pf_fixture_folder_add(&folder, "d.jpg", &(pf_fixture_bytes){.data = (uint8_t *)"text", .bytes = 4});
	add_photo(&folder, "e1.jpg", "2", "30");
	pf_trace trace;
	pf_trace_reset(&trace);
	pf_burst_list list;
	uint64_t told = 0;
	assert_int_equal(pf_burst_list_detect(folder.dataset, NULL, &trace, count_only, &told, &list, NULL),
			 PF_OK);
	assert_int_equal(told, 5);
	assert_int_equal(list.count, 3);
	assert_true(list.bursts[0].id == 0 && list.bursts[0].count == 2 && list.bursts[0].photos[1] == 2);
	assert_true(list.bursts[1].id == 1 && list.bursts[1].count == 2 && list.bursts[1].photos[1] == 4);
	assert_true(list.bursts[2].id == 3 && list.bursts[2].count == 1);
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_DETECT), 5);
	assert_true(trace.read_bytes > 1000);
	assert_int_equal(atomic_load(&trace.photo), PF_NO_PHOTO);
	pf_burst_list_free(&list);
	atomic_int cancel = 1;
	assert_int_equal(pf_burst_list_detect(folder.dataset, &cancel, NULL, NULL, NULL, &list, NULL),
			 PF_ERR_CANCELLED);
	assert_null(list.bursts);
	pf_fixture_folder_close(&folder);
}

static void test_list_of_nothing(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	pf_burst_list list;
	assert_int_equal(pf_burst_list_detect(folder.dataset, NULL, NULL, NULL, NULL, &list, NULL), PF_OK);
	assert_int_equal(list.count, 0);
	pf_burst_list_free(&list);
	pf_fixture_folder_close(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_interleaved_bodies),
		cmocka_unit_test(test_time_going_backwards),
		cmocka_unit_test(test_size_and_orientation),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_without_subseconds),
		cmocka_unit_test(test_scenes_of_this_test),
		cmocka_unit_test(test_stuck_clocks),
		cmocka_unit_test(test_similarity),
		cmocka_unit_test(test_rhythms),
		cmocka_unit_test(test_bodies_without_numbers),
		cmocka_unit_test(test_exposures),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_without_times),
		cmocka_unit_test(test_unreadable_photos),
		cmocka_unit_test(test_bursts_close),
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_receiver_stops_the_push),
		cmocka_unit_test(test_list_of_a_dataset),
		cmocka_unit_test(test_list_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
