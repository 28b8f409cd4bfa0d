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
	/* As other programs and old cameras write it; hour 24 is the next day's hour 0. */
	static const char *const same[] = {"2024/02/29 12:34:56", "2024.02.29 12:34:56",
					   "2024-02-29 12:34:56+02:00", "2024: 2:29 12:34:56"};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_true(parse(same[i], &ms));
		assert_int_equal(ms, 1709210096000);
	}
	assert_true(parse("2024:02:28 24:00:10", &ms));
	assert_int_equal(ms, 1709164810000);
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
						"2024:01:01 25:00:00",
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
	} cases[] = {{"1", 100},          {"12", 120},        {"123", 123},  {"1239", 123}, {"123456", 123},
		     {"000001", 0},       {"999999999", 999}, {"5   ", 500}, {"", -1},      {"   ", -1},
		     {"1234567890", 123}, {"12a", 120},       {"-1", -1},    {" 12", -1}};
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

/* Bytes that libexif would copy of the first directory's values. */
static uint64_t copied_bytes(const uint8_t *tiff)
{
	uint64_t sum = 0;
	unsigned entries = tiff[8] | tiff[9] << 8;
	for (unsigned i = 0; i < entries; i++) {
		const uint8_t *entry = tiff + 10 + 12 * (size_t)i;
		sum += entry[2] ? entry[4] | (uint64_t)entry[5] << 8 : 0;
	}
	return sum;
}

/* 5,000 entries that all point at the same 60 KiB: 300 MB if every value were copied. The entry that is
 * wanted stands among them, and is read. */
static void test_amplification_is_taken_out(void **state)
{
	(void)state;
	size_t bytes = 65533;
	uint8_t *segment = calloc(1, bytes);
	static const uint8_t orientation[12] = {0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0};
	static const uint8_t head[14] = {'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 0x2a, 0, 8, 0, 0, 0},
			     text[12] = {0x0f, 1, 2, 0, 0, 0, 0, 0, 0x10, 0, 0, 0};
	static const unsigned lengths[] = {60000, 4000};
	for (unsigned k = 0; k < 2; k++) {
		unsigned length = lengths[k];
		memcpy(segment, head, sizeof head);
		segment[14] = 5000 & 255;
		segment[15] = 5000 >> 8;
		for (unsigned i = 0; i < 5000; i++) {
			uint8_t *entry = segment + 16 + 12 * (size_t)i;
			memcpy(entry, text, sizeof text);
			entry[4] = (uint8_t)length;
			entry[5] = (uint8_t)(length >> 8);
		}
		memcpy(segment + 16 + 12 * 20, orientation, sizeof orientation);
		pf_exif exif;
		pf_exif_read(reader, segment, bytes, &exif);
		assert_int_equal(exif.orientation, 6);
		assert_true(pf_exif_gate(segment + 6, bytes - 6));
		assert_true(copied_bytes(segment + 6) <= PF_EXIF_ALL_BYTES_MAX);
		assert_true((segment[14] | segment[15] << 8) <= PF_EXIF_ENTRIES_MAX);
	}
	free(segment);
}

/* Directories that libexif can still reach from one at `at`. */
static unsigned reachable(const uint8_t *tiff, size_t at, unsigned depth)
{
	assert_true(depth <= PF_EXIF_DEPTH_MAX);
	unsigned sum = 1;
	for (unsigned i = 0; i < tiff[at]; i++) {
		const uint8_t *entry = tiff + at + 2 + 12 * (size_t)i;
		sum += entry[1] ? reachable(tiff, entry[8] | entry[9] << 8, depth + 1) : 0;
	}
	return sum;
}

/* `count` directories, of one entry each that points at the next. */
static unsigned gate_chain(unsigned count, bool nested)
{
	uint8_t chain[1024] = "II\x2a\0\x08\0\0\0";
	for (unsigned i = 0; i < count; i++) {
		/* One after the other they stand in the first directory, nested each in the one before. */
		size_t at = nested ? 8 + 18 * (size_t)i : 10 + 12 * (size_t)i;
		size_t to = nested ? at + 18 : 500 + 2 * (size_t)i;
		uint8_t entry[12] = {0x69, 0x87, 4, 0, 1, 0, 0, 0, (uint8_t)to, (uint8_t)(to >> 8)};
		chain[nested ? at : 8] = nested ? 1 : (uint8_t)count;
		memcpy(chain + at + (nested ? 2 : 0), entry, sizeof entry);
	}
	assert_true(pf_exif_gate(chain, sizeof chain));
	return reachable(chain, 8, 0);
}

static void test_chains_of_directories(void **state)
{
	(void)state;
	assert_int_equal(gate_chain(PF_EXIF_DEPTH_MAX, true), PF_EXIF_DEPTH_MAX + 1);
	assert_int_equal(gate_chain(PF_EXIF_DEPTH_MAX + 9, true), PF_EXIF_DEPTH_MAX + 1);
	assert_int_equal(gate_chain(PF_EXIF_DIRECTORIES_MAX - 1, false), PF_EXIF_DIRECTORIES_MAX);
	assert_int_equal(gate_chain(PF_EXIF_DIRECTORIES_MAX + 9, false), PF_EXIF_DIRECTORIES_MAX);
}

static void test_loops_end(void **state)
{
	(void)state;
	/* Directories that point at themselves and at each other; what else they hold is read. */
	uint8_t loop[80] = "Exif\0\0II\x2a\0\x08\0\0\0"
			   "\3\0"
			   "\x69\x87\4\0\1\0\0\0\x08\0\0\0"
			   "\x12\x01\3\0\1\0\0\0\x06\0\0\0"
			   "\x25\x88\4\0\1\0\0\0\x08\0\0\0"
			   "\x08\0\0\0";
	pf_exif exif;
	pf_exif_read(reader, loop, sizeof loop, &exif);
	assert_int_equal(exif.orientation, 6);
}

/* Type and value of the one entry of a first directory. */
static pf_exif read_entry(uint16_t tag, uint8_t type, const char *value)
{
	uint8_t segment[64] = "Exif\0\0II\x2a\0\x08\0\0\0\1\0";
	uint8_t entry[12] = {(uint8_t)tag, (uint8_t)(tag >> 8), type, 0, 1};
	memcpy(entry + 8, value, 4);
	memcpy(segment + 16, entry, sizeof entry);
	pf_exif exif;
	pf_exif_read(reader, segment, sizeof segment, &exif);
	return exif;
}

/* The standard has orientation and ISO as SHORT. */
static void test_types_of_numbers(void **state)
{
	(void)state;
	static const uint8_t types[] = {1, 3, 4, 6, 8, 9}; /* BYTE, SHORT, LONG and the signed ones */
	for (size_t i = 0; i < sizeof types; i++) {
		assert_int_equal(read_entry(0x0112, types[i], "\x06\0\0\0").orientation, 6);
	}
	assert_int_equal(read_entry(0x0112, 2, "6\0\0\0").orientation, 1);
	assert_int_equal(read_entry(0x0112, 6, "\xFF\0\0\0").orientation, 1);
	assert_true(read_entry(0x8827, 3, "\x90\x01\0\0").exposure.iso == 400.0);
	assert_true(read_entry(0x8827, 3, "\xFF\xFF\0\0").exposure.iso == 0.0);
	assert_true(read_entry(0x8832, 4, "\0\x90\x01\0").exposure.iso == 102400.0);
}

/* A text in the first directory: tag, text, its bytes. */
static pf_exif read_text(uint16_t tag, const char *text)
{
	uint8_t segment[96] = "Exif\0\0II\x2a\0\x08\0\0\0\1\0";
	uint8_t entry[12] = {
		(uint8_t)tag, (uint8_t)(tag >> 8), 2, 0, (uint8_t)(strlen(text) + 1), 0, 0, 0, 40};
	memcpy(segment + 16, entry, sizeof entry);
	snprintf((char *)segment + 46, sizeof segment - 46, "%s", text);
	pf_exif exif;
	pf_exif_read(reader, segment, sizeof segment, &exif);
	return exif;
}

static void test_time_in_the_first_directory(void **state)
{
	(void)state;
	pf_exif exif = read_text(0x9003, "2024:06:01 10:00:00");
	assert_true(exif.has_time && !exif.hour_24);
	assert_int_equal(exif.time_ms, 1717236000000);
	assert_true(read_text(0x9003, "2024:06:01 24:00:00").hour_24);
}

static void test_utc_offsets(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int minutes;
	} cases[] = {{"+01:00", 60}, {"-03:30", -210}, {"Z", 0},        {"+14:00 ", 840}, {"+00:00", 0},
		     {"", 9999},     {"   :  ", 9999}, {"+1:00", 9999}, {"+16:00", 9999}, {"01:00", 9999}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int32_t minutes = 9999;
		bool ok = pf_exif_parse_utc_offset((const uint8_t *)cases[i].text, strlen(cases[i].text) + 1,
						   &minutes);
		assert_int_equal(minutes, cases[i].minutes);
		assert_int_equal(ok, minutes != 9999);
	}
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
		cmocka_unit_test(test_amplification_is_taken_out),
		cmocka_unit_test(test_types_of_numbers),
		cmocka_unit_test(test_time_in_the_first_directory),
		cmocka_unit_test(test_utc_offsets),
		cmocka_unit_test(test_loops_end),
		cmocka_unit_test(test_chains_of_directories),
		cmocka_unit_test(test_garbage),
	};
	return cmocka_run_group_tests(tests, open_reader, close_reader);
}
