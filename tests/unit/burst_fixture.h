/* What tests of burst detection share: photos, scenes, and what the detector hands out. Include cmocka before
 * it. */
#ifndef PHOTOFINISH_BURST_FIXTURE_H
#define PHOTOFINISH_BURST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "photofinish/burst.h"
#include "tests/unit/jpeg_fixture.h"

#define PHOTOS_MAX 4096

/* What the detector handed out: the burst of each photo and the order of closing. */
typedef struct record {
	uint32_t burst_of[PHOTOS_MAX];
	uint32_t count_of[PHOTOS_MAX]; /* by burst id */
	unsigned bursts, photos;
	uint32_t newest; /* index of the last photo pushed */
} record;

static inline pf_status keep(void *context, const pf_burst *burst)
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
static inline pf_miniature scene(unsigned number, unsigned moved)
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

static inline pf_facts photo(uint64_t body, int64_t time_ms)
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

static inline record detect(const pf_facts *facts, size_t count)
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
static inline void expect(const pf_facts *facts, const char *letters)
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

#endif
