#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/photo/exif.h"
#include "core/photo/exif_gate.h"
#include "jpeg_fixture.h"

static pf_exif_reader *reader;

static int open_reader(void **state)
{
	(void)state;
	return pf_exif_reader_create(&reader, NULL) == PF_OK ? 0 : -1;
}

static int close_reader(void **state)
{
	(void)state;
	pf_exif_reader_destroy(reader);
	return 0;
}

static pf_exif read_spec(const pf_fixture_exif_spec *spec)
{
	pf_fixture_bytes bytes = pf_fixture_exif(spec);
	pf_exif exif;
	pf_exif_read(reader, bytes.data, bytes.bytes, &exif);
	pf_fixture_free(&bytes);
	return exif;
}

static bool parse(const char *text, int64_t *ms)
{
	return pf_exif_parse_time((const uint8_t *)text, strlen(text), ms);
}

static void test_times(void **state)
{
	(void)state;
	int64_t ms = -1;
	assert_true(parse("1970:01:01 00:00:00", &ms));
	assert_int_equal(ms, 0);
	assert_true(parse("2024:02:29 12:34:56", &ms));
	assert_int_equal(ms, 1709210096000);
	assert_true(parse("1999-12-31T23:59:60", &ms));
	assert_int_equal(ms, 946684800000);
	/* Every day of 400 years follows the one before. */
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t expected = 0;
	for (int year = 1970; year < 2370; year++) {
		for (int month = 1; month <= 12; month++) {
			bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
			for (int day = 1; day <= days[month - 1] + (month == 2 && leap); day++) {
				char text[32];
				snprintf(text, sizeof text, "%04d:%02d:%02d 00:00:01", year, month, day);
				assert_true(parse(text, &ms));
				assert_int_equal(ms, expected * 86400000 + 1000);
				expected++;
			}
		}
	}
	static const char *const malformed[] = {"",
						"2024:02:29",
						"0000:00:00 00:00:00",
						"    :  :     :  :  ",
						"2023:02:29 12:34:56",
						"2024:13:01 00:00:00",
						"2024:00:01 00:00:00",
						"2024:01:32 00:00:00",
						"2024:01:00 00:00:00",
						"2024:01:01 24:00:00",
						"2024:01:01 00:60:00",
						"2024:01:01 00:00:61",
						"2024:1 :01 00:00:00",
						"2024/01-01 00:00:00",
						"1899:12:31 00:00:00",
						"-024:01:01 00:00:00",
						"2024:01:01 00:00:0"};
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		assert_false(parse(malformed[i], &ms));
	}
}

static void test_subseconds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {{"1", 100},         {"12", 120},        {"123", 123},  {"1239", 123}, {"123456", 123},
		     {"000001", 0},      {"999999999", 999}, {"5   ", 500}, {"", -1},      {"   ", -1},
		     {"1234567890", -1}, {"12a", -1},        {"-1", -1},    {" 12", -1}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t ms = -1;
		bool ok = pf_exif_parse_subsecond((const uint8_t *)cases[i].text, strlen(cases[i].text) + 1,
						  &ms);
		assert_int_equal(ok, cases[i].ms >= 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void test_all_fields(void **state)
{
	(void)state;
	uint8_t picture[] = {0xFF, 0xD8, 1, 2, 3, 0xFF, 0xD9};
	uint64_t body = 0;
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		pf_exif exif = read_spec(&(pf_fixture_exif_spec){.big_endian = big_endian,
								 .make = "Maker",
								 .model = "Model 1",
								 .serial = "0042",
								 .time_original = "2024:06:01 10:00:00",
								 .subsecond_original = "25",
								 .time_digitized = "2025:06:01 10:00:00",
								 .subsecond_digitized = "75",
								 .time_changed = "2026:06:01 10:00:00",
								 .orientation = 6,
								 .auto_bracket = true,
								 .bias_numerator = -2,
								 .bias_denominator = 3,
								 .thumbnail = {picture, sizeof picture}});
		assert_true(exif.has_time && exif.has_subsecond);
		assert_int_equal(exif.time_ms, 1717236000250);
		assert_true(exif.auto_bracket && exif.has_exposure_bias);
		assert_true(exif.exposure_bias_ev == (float)(-2.0 / 3.0));
		assert_int_equal(exif.orientation, 6);
		assert_int_equal(exif.thumbnail_bytes, sizeof picture);
		assert_memory_equal(exif.thumbnail, picture, sizeof picture);
		assert_true(exif.body != 0 && (body == 0 || body == exif.body));
		body = exif.body;
	}
}

static void test_missing_fields(void **state)
{
	(void)state;
	pf_exif exif = read_spec(&(pf_fixture_exif_spec){0});
	assert_false(exif.has_time || exif.has_subsecond || exif.auto_bracket || exif.has_exposure_bias);
	assert_int_equal(exif.body, 0);
	assert_int_equal(exif.orientation, 1);
	assert_null(exif.thumbnail);
	pf_exif_read(reader, NULL, 0, &exif);
	assert_int_equal(exif.orientation, 1);
	assert_int_equal(read_spec(&(pf_fixture_exif_spec){.orientation = 9}).orientation, 1);
	assert_false(read_spec(&(pf_fixture_exif_spec){.bias_numerator = 500, .bias_denominator = 1})
			     .has_exposure_bias);
	/* A rational without denominator, written over a good one. */
	pf_fixture_bytes bytes = pf_fixture_exif(
		&(pf_fixture_exif_spec){.bias_numerator = 0x51525354, .bias_denominator = 1});
	uint8_t *number = memmem(bytes.data, bytes.bytes, "TSRQ", 4);
	for (int numerator = 0; numerator < 2; numerator++) {
		memset(number, 0, 8);
		number[0] = (uint8_t)numerator;
		pf_exif_read(reader, bytes.data, bytes.bytes, &exif);
		assert_false(exif.has_exposure_bias);
	}
	pf_fixture_free(&bytes);
}

static void test_time_falls_back(void **state)
{
	(void)state;
	pf_exif exif = read_spec(&(pf_fixture_exif_spec){.time_original = "    :  :     :  :  ",
							 .subsecond_original = "99",
							 .time_digitized = "2024:06:01 10:00:00",
							 .subsecond_digitized = "7"});
	assert_int_equal(exif.time_ms, 1717236000700);
	exif = read_spec(&(pf_fixture_exif_spec){.time_changed = "2024:06:01 10:00:00"});
	assert_true(exif.has_time && !exif.has_subsecond);
	assert_int_equal(exif.time_ms, 1717236000000);
	/* The sub-seconds of another time are not this one's. */
	exif = read_spec(
		&(pf_fixture_exif_spec){.time_original = "2024:06:01 10:00:00", .subsecond_digitized = "7"});
	assert_true(exif.has_time && !exif.has_subsecond);
}

static void test_bodies_differ(void **state)
{
	(void)state;
	uint64_t a = read_spec(&(pf_fixture_exif_spec){.make = "M", .model = "X", .serial = "1"}).body;
	uint64_t b = read_spec(&(pf_fixture_exif_spec){.make = "M", .model = "X", .serial = "2"}).body;
	uint64_t c = read_spec(&(pf_fixture_exif_spec){.make = "MX", .serial = "1"}).body;
	uint64_t padded =
		read_spec(&(pf_fixture_exif_spec){.make = "M  ", .model = "X ", .serial = "1 "}).body;
	assert_true(a != b && a != c && b != c && a != 0);
	assert_true(a == padded);
	assert_int_equal(read_spec(&(pf_fixture_exif_spec){.make = "   "}).body, 0);
}

/* A note that libexif would parse as Olympus' with directories of its own. */
static void test_maker_notes_are_blanked(void **state)
{
	(void)state;
	uint8_t note[64] = "OLYMP\0\1\0";
	pf_fixture_bytes bytes = pf_fixture_exif(&(pf_fixture_exif_spec){
		.make = "OLYMPUS", .maker_note = {note, sizeof note}, .serial = "77"});
	assert_true(pf_exif_gate(bytes.data + 6, bytes.bytes - 6));
	for (size_t i = 0; i + 1 < bytes.bytes; i++) {
		assert_false(bytes.data[i] == 0x7C && bytes.data[i + 1] == 0x92);
	}
	pf_exif exif;
	pf_exif_read(reader, bytes.data, bytes.bytes, &exif);
	assert_true(exif.body != 0);
	pf_fixture_free(&bytes);
}

static double cpu_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* 5,000 entries that all point at the same 60 KiB: 300 MB if every value were copied. */
static void test_amplification_is_refused(void **state)
{
	(void)state;
	size_t bytes = 65533;
	uint8_t *segment = calloc(1, bytes);
	memcpy(segment, "Exif\0\0II\x2a\0\x08\0\0\0", 14);
	unsigned entries = 5000;
	segment[14] = entries & 255;
	segment[15] = (uint8_t)(entries >> 8);
	for (unsigned i = 0; i < entries; i++) {
		memcpy(segment + 16 + 12 * (size_t)i, "\x0F\x01\x02\0\x60\xEA\0\0\x10\0\0\0", 12);
	}
	assert_false(pf_exif_gate(segment + 6, bytes - 6));
	/* 100 such entries keep to the number allowed, but not to the bytes. */
	segment[14] = 100;
	segment[15] = 0;
	assert_false(pf_exif_gate(segment + 6, bytes - 6));
	segment[14] = 2;
	assert_true(pf_exif_gate(segment + 6, bytes - 6));
	/* Many entries whose values are small: the number alone is too much. */
	for (unsigned i = 0; i < 1000; i++) {
		memcpy(segment + 16 + 12 * (size_t)i, "\x12\x01\x03\0\1\0\0\0\1\0\0\0", 12);
	}
	segment[14] = PF_EXIF_ENTRIES_MAX & 255;
	segment[15] = PF_EXIF_ENTRIES_MAX >> 8;
	assert_true(pf_exif_gate(segment + 6, bytes - 6));
	segment[14]++;
	assert_false(pf_exif_gate(segment + 6, bytes - 6));
	free(segment);
}

/* `count` directories, of one entry each that points at the next. */
static bool gate_chain(unsigned count, bool nested)
{
	uint8_t chain[512] = "II\x2a\0\x08\0\0\0";
	for (unsigned i = 0; i < count; i++) {
		/* One after the other they stand in the first directory, nested each in the one before. */
		size_t at = nested ? 8 + 18 * (size_t)i : 10 + 12 * (size_t)i;
		size_t to = nested ? at + 18 : 500;
		uint8_t entry[12] = {0x69, 0x87, 4, 0, 1, 0, 0, 0, (uint8_t)to, (uint8_t)(to >> 8)};
		chain[nested ? at : 8] = nested ? 1 : (uint8_t)count;
		memcpy(chain + at + (nested ? 2 : 0), entry, sizeof entry);
	}
	return pf_exif_gate(chain, sizeof chain);
}

static void test_chains_of_directories(void **state)
{
	(void)state;
	assert_true(gate_chain(PF_EXIF_DEPTH_MAX, true));
	assert_false(gate_chain(PF_EXIF_DEPTH_MAX + 1, true));
	assert_true(gate_chain(PF_EXIF_DIRECTORIES_MAX - 1, false));
	assert_false(gate_chain(PF_EXIF_DIRECTORIES_MAX, false));
}

static void test_loops_end(void **state)
{
	(void)state;
	/* Directories that point at themselves and at each other. */
	uint8_t loop[64] = "Exif\0\0II\x2a\0\x08\0\0\0"
			   "\2\0"
			   "\x69\x87\4\0\1\0\0\0\x08\0\0\0"
			   "\x25\x88\4\0\1\0\0\0\x08\0\0\0"
			   "\x08\0\0\0";
	assert_false(pf_exif_gate(loop + 6, sizeof loop - 6));
	pf_exif exif;
	pf_exif_read(reader, loop, sizeof loop, &exif);
	assert_int_equal(exif.orientation, 1);
}

static void test_garbage(void **state)
{
	(void)state;
	uint64_t random = 7;
	uint8_t picture[100] = {0xFF, 0xD8};
	pf_fixture_bytes good = pf_fixture_exif(
		&(pf_fixture_exif_spec){.make = "Maker",
					.model = "Model",
					.serial = "1",
					.time_original = "2024:06:01 10:00:00",
					.subsecond_original = "25",
					.orientation = 3,
					.bias_numerator = 1,
					.bias_denominator = 3,
					.maker_note = {picture, 100},
					.thumbnail = {picture, 100}});
	uint8_t *copy = malloc(65536);
	unsigned orientations = 0;
	double begin = cpu_ms();
	for (unsigned i = 0; i < 20000; i++) {
		size_t bytes = i % 3 == 0 ? pf_fixture_random(&random) % good.bytes : good.bytes;
		memcpy(copy, good.data, bytes);
		for (unsigned flips = 0; bytes > 6 && flips <= i % 7; flips++) {
			copy[6 + pf_fixture_random(&random) % (bytes - 6)] = (uint8_t)pf_fixture_random(
				&random);
		}
		pf_exif exif;
		pf_exif_read(reader, copy, bytes, &exif);
		assert_true(exif.orientation >= 1 && exif.orientation <= 8);
		assert_true(!exif.has_subsecond || exif.has_time);
		orientations += exif.orientation == 3;
	}
	assert_true(orientations > 5000); /* what is not hit stays readable */
	assert_true(cpu_ms() - begin < 20000.0 * 2.0);
	static const uint8_t headers[2][14] = {"Exif\0\0II*\0\x08\0\0\0", "Exif\0\0MM\0*\0\0\0\x08"};
	for (unsigned i = 0; i < 2000; i++) {
		for (size_t at = 0; at < 400; at++) {
			copy[at] = (uint8_t)pf_fixture_random(&random);
		}
		memcpy(copy, headers[i % 2], 14);
		pf_exif exif;
		pf_exif_read(reader, copy, 400, &exif);
	}
	free(copy);
	pf_fixture_free(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_subseconds),
		cmocka_unit_test(test_all_fields),
		cmocka_unit_test(test_missing_fields),
		cmocka_unit_test(test_time_falls_back),
		cmocka_unit_test(test_bodies_differ),
		cmocka_unit_test(test_maker_notes_are_blanked),
		cmocka_unit_test(test_amplification_is_refused),
		cmocka_unit_test(test_loops_end),
		cmocka_unit_test(test_chains_of_directories),
		cmocka_unit_test(test_garbage),
	};
	return cmocka_run_group_tests(tests, open_reader, close_reader);
}
