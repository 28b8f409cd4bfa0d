#include "core/photo/exif.h"

#include <libexif/exif-data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/photo/exif_gate.h"

#define HEADER_BYTES 6
#define SEGMENT_BYTES_MAX 65536
#define EXPOSURE_MODE_MANUAL 1
#define EXPOSURE_MODE_AUTO_BRACKET 2
#define UTC_OFFSET_MAX_H 15
#define ISO_SEE_ELSEWHERE 65535 /* more than 16 bits: another tag has it */
#define EXPOSURE_BIAS_MAX_EV 100.0f
#define TIME_MAX_S 1e6
#define F_NUMBER_MAX 1e4
#define ISO_MAX 100000000

/* Not in every libexif. */
#define TAG_STANDARD_OUTPUT_SENSITIVITY 0x8831
#define TAG_RECOMMENDED_EXPOSURE_INDEX 0x8832
#define TAG_ISO_SPEED 0x8833
#define TAG_OFFSET_TIME 0x9010
#define TAG_OFFSET_TIME_ORIGINAL 0x9011
#define TAG_OFFSET_TIME_DIGITIZED 0x9012

struct pf_exif_reader {
	ExifMem *memory;
	ExifData *data; /* of the last segment; the thumbnail lies in it */
	uint8_t segment[SEGMENT_BYTES_MAX];
};

/* libexif leaves out what it has no memory for, and does not say so. Its callbacks have no context. */
static _Thread_local bool starved;

static void *counted(void *block)
{
	starved = starved || !block;
	return block;
}

static void *allocate(ExifLong bytes)
{
	return counted(calloc(bytes ? bytes : 1, 1));
}

static void *enlarge(void *block, ExifLong bytes)
{
	return counted(realloc(block, bytes ? bytes : 1));
}

pf_status pf_exif_reader_create(pf_exif_reader **out, pf_error *error)
{
	pf_exif_reader *reader = calloc(1, sizeof *reader);
	if (reader) {
		reader->memory = exif_mem_new(allocate, enlarge, free);
	}
	if (!reader || !reader->memory) {
		free(reader);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate an EXIF reader");
	}
	*out = reader;
	return PF_OK;
}

void pf_exif_reader_destroy(pf_exif_reader *reader)
{
	if (reader) {
		exif_data_unref(reader->data);
		exif_mem_unref(reader->memory);
		free(reader);
	}
}

/* Value of the `count` digits at `text`, or -1. Old cameras have spaces for leading zeros. */
static int digits(const uint8_t *text, unsigned count)
{
	int value = 0;
	for (unsigned i = 0; i < count; i++) {
		if (text[i] == ' ' && value == 0 && i + 1 < count) {
			continue;
		}
		if (text[i] < '0' || text[i] > '9') {
			return -1;
		}
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the Gregorian calendar; years are counted from March, so that leap days end them.
 */
static int64_t days_since_1970(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t from_march = (month + 9) % 12;
	int64_t day_of_year = (153 * from_march + 2) / 5 + day - 1;
	return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

bool pf_exif_parse_time(const uint8_t *text, size_t bytes, int64_t *time_ms)
{
	if (bytes < 19 || !text[4] || !strchr(":-/.", text[4]) || text[7] != text[4] ||
	    (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') {
		return false;
	}
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
	int hour = digits(text + 11, 2), minute = digits(text + 14, 2), second = digits(text + 17, 2);
	if (year < 1900 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
	    hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60) {
		return false;
	}
	int64_t minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute;
	*time_ms = (minutes * 60 + second) * 1000;
	return true;
}

/* Trailing NULs and spaces are padding. */
static size_t trimmed(const uint8_t *text, size_t bytes)
{
	while (bytes > 0 && (text[bytes - 1] == 0 || text[bytes - 1] == ' ')) {
		bytes--;
	}
	return bytes;
}

bool pf_exif_parse_subsecond(const uint8_t *text, size_t bytes, int64_t *ms)
{
	int64_t value = 0;
	size_t count = 0;
	for (; count < bytes && text[count] >= '0' && text[count] <= '9'; count++) {
		value = count < 3 ? value * 10 + (text[count] - '0') : value;
	}
	if (count == 0) {
		return false;
	}
	for (; count < 3; count++) {
		value *= 10;
	}
	*ms = value;
	return true;
}

bool pf_exif_parse_utc_offset(const uint8_t *text, size_t bytes, int32_t *minutes)
{
	bytes = trimmed(text, bytes);
	if (bytes == 1 && text[0] == 'Z') {
		*minutes = 0;
		return true;
	}
	if (bytes != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
		return false;
	}
	int hours = digits(text + 1, 2), rest = digits(text + 4, 2);
	if (hours < 0 || hours > UTC_OFFSET_MAX_H || rest < 0 || rest > 59) {
		return false;
	}
	*minutes = (text[0] == '-' ? -1 : 1) * (60 * hours + rest);
	return true;
}

static const ExifEntry *find(const ExifData *data, ExifIfd ifd, unsigned tag)
{
	const ExifEntry *entry = exif_content_get_entry(data->ifd[ifd], (ExifTag)tag);
	return entry && entry->data && entry->size > 0 ? entry : NULL;
}

/* Tags of the EXIF directory are found in the first one, too, where some programs put them. */
static const ExifEntry *find_capture(const ExifData *data, unsigned tag)
{
	const ExifEntry *entry = find(data, EXIF_IFD_EXIF, tag);
	return entry ? entry : find(data, EXIF_IFD_0, tag);
}

/* The first of the three times that is well formed, with the sub-seconds and the offset that belong to it. */
static void read_time(const ExifData *data, pf_exif *exif)
{
	static const struct {
		unsigned time, subsecond, utc_offset;
	} tags[] = {
		{EXIF_TAG_DATE_TIME_ORIGINAL, EXIF_TAG_SUB_SEC_TIME_ORIGINAL, TAG_OFFSET_TIME_ORIGINAL},
		{EXIF_TAG_DATE_TIME_DIGITIZED, EXIF_TAG_SUB_SEC_TIME_DIGITIZED, TAG_OFFSET_TIME_DIGITIZED},
		{EXIF_TAG_DATE_TIME, EXIF_TAG_SUB_SEC_TIME, TAG_OFFSET_TIME},
	};
	for (size_t i = 0; i < sizeof tags / sizeof *tags && !exif->has_time; i++) {
		const ExifEntry *time = find_capture(data, tags[i].time);
		const ExifEntry *subsecond = find_capture(data, tags[i].subsecond);
		const ExifEntry *utc_offset = find_capture(data, tags[i].utc_offset);
		int64_t ms = 0;
		if (!time || !pf_exif_parse_time(time->data, time->size, &exif->time_ms)) {
			continue;
		}
		exif->has_time = true;
		exif->hour_24 = memcmp(time->data + 11, "24", 2) == 0;
		if (subsecond && pf_exif_parse_subsecond(subsecond->data, subsecond->size, &ms)) {
			exif->has_subsecond = true;
			exif->time_ms += ms;
		}
		exif->has_utc_offset = utc_offset &&
				       pf_exif_parse_utc_offset(utc_offset->data, utc_offset->size,
								&exif->utc_offset_min);
	}
}

/* FNV-1a, 64 bit (Fowler, Noll, Vo), over the three trimmed strings, each ended by a NUL. */
static uint64_t read_body(const ExifData *data)
{
	static const struct {
		ExifIfd ifd;
		unsigned tag;
	} tags[] = {{EXIF_IFD_0, EXIF_TAG_MAKE},
		    {EXIF_IFD_0, EXIF_TAG_MODEL},
		    {EXIF_IFD_EXIF, EXIF_TAG_BODY_SERIAL_NUMBER}};
	uint64_t hash = 0xCBF29CE484222325u;
	size_t stated = 0;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		const ExifEntry *entry = find(data, tags[i].ifd, tags[i].tag);
		size_t bytes = entry ? trimmed(entry->data, entry->size) : 0;
		stated += bytes;
		for (size_t at = 0; at <= bytes; at++) {
			hash = (hash ^ (at < bytes ? entry->data[at] : 0)) * 0x100000001B3u;
		}
	}
	return stated == 0 ? 0 : hash != 0 ? hash : 1;
}

/* A whole number of any type: what the standard has as SHORT comes as LONG or BYTE as well. */
static bool read_number(const ExifData *data, const ExifEntry *entry, int64_t *value)
{
	ExifByteOrder order = exif_data_get_byte_order((ExifData *)data);
	unsigned bytes = entry ? exif_format_get_size(entry->format) : 0;
	if (bytes == 0 || entry->size < bytes) {
		return false;
	}
	switch (entry->format) {
	case EXIF_FORMAT_BYTE:
		*value = entry->data[0];
		return true;
	case EXIF_FORMAT_SBYTE:
		*value = entry->data[0] < 128 ? entry->data[0] : entry->data[0] - 256;
		return true;
	case EXIF_FORMAT_SHORT:
		*value = exif_get_short(entry->data, order);
		return true;
	case EXIF_FORMAT_SSHORT:
		*value = exif_get_sshort(entry->data, order);
		return true;
	case EXIF_FORMAT_LONG:
		*value = exif_get_long(entry->data, order);
		return true;
	case EXIF_FORMAT_SLONG:
		*value = exif_get_slong(entry->data, order);
		return true;
	default:
		return false;
	}
}

/* NAN where there is none, or one over 0. */
static double read_ratio(const ExifData *data, unsigned tag)
{
	const ExifEntry *entry = find_capture(data, tag);
	ExifByteOrder order = exif_data_get_byte_order((ExifData *)data);
	double numerator = 0.0, denominator = 0.0;
	if (entry && entry->size >= 8 && entry->format == EXIF_FORMAT_RATIONAL) {
		ExifRational value = exif_get_rational(entry->data, order);
		numerator = value.numerator;
		denominator = value.denominator;
	} else if (entry && entry->size >= 8 && entry->format == EXIF_FORMAT_SRATIONAL) {
		ExifSRational value = exif_get_srational(entry->data, order);
		numerator = value.numerator;
		denominator = value.denominator;
	}
	return denominator != 0.0 ? numerator / denominator : (double)NAN;
}

/* 0 where it is none that a camera has. */
static double read_positive(const ExifData *data, unsigned tag, double most)
{
	double value = read_ratio(data, tag);
	return value > 0.0 && value <= most ? value : 0.0;
}

static double read_iso(const ExifData *data)
{
	static const unsigned tags[] = {EXIF_TAG_ISO_SPEED_RATINGS, TAG_RECOMMENDED_EXPOSURE_INDEX,
					TAG_STANDARD_OUTPUT_SENSITIVITY, TAG_ISO_SPEED};
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		int64_t value;
		if (read_number(data, find_capture(data, tags[i]), &value) && value > 0 && value <= ISO_MAX &&
		    value != ISO_SEE_ELSEWHERE) {
			return (double)value;
		}
	}
	return 0.0;
}

static void read_exposure(const ExifData *data, pf_exif *exif)
{
	int64_t mode = -1;
	read_number(data, find_capture(data, EXIF_TAG_EXPOSURE_MODE), &mode);
	exif->auto_bracket = mode == EXPOSURE_MODE_AUTO_BRACKET;
	exif->manual_exposure = mode == EXPOSURE_MODE_MANUAL;
	exif->exposure = (pf_exposure){.time_s = read_positive(data, EXIF_TAG_EXPOSURE_TIME, TIME_MAX_S),
				       .f_number = read_positive(data, EXIF_TAG_FNUMBER, F_NUMBER_MAX),
				       .iso = read_iso(data)};
	float ev = (float)read_ratio(data, EXIF_TAG_EXPOSURE_BIAS_VALUE);
	if (ev >= -EXPOSURE_BIAS_MAX_EV && ev <= EXPOSURE_BIAS_MAX_EV) {
		exif->has_exposure_bias = true;
		exif->exposure_bias_ev = ev;
	}
}

/* libexif prints nothing as long as it is given no log. */
static bool load(pf_exif_reader *reader, const uint8_t *segment, size_t bytes)
{
	exif_data_unref(reader->data);
	reader->data = NULL;
	if (!segment || bytes <= HEADER_BYTES || bytes > SEGMENT_BYTES_MAX) {
		return false;
	}
	memcpy(reader->segment, segment, bytes);
	if (!pf_exif_gate(reader->segment + HEADER_BYTES, bytes - HEADER_BYTES)) {
		return false;
	}
	reader->data = exif_data_new_mem(reader->memory);
	if (!reader->data) {
		return false;
	}
	exif_data_unset_option(reader->data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
	/* What libexif does not know in a directory may be known in another one. */
	exif_data_unset_option(reader->data, EXIF_DATA_OPTION_IGNORE_UNKNOWN_TAGS);
	exif_data_load_data(reader->data, reader->segment, (unsigned)bytes);
	return true;
}

bool pf_exif_read(pf_exif_reader *reader, const uint8_t *segment, size_t bytes, pf_exif *exif)
{
	*exif = (pf_exif){.orientation = 1};
	starved = false;
	if (!load(reader, segment, bytes) || starved) {
		return !starved;
	}
	const ExifData *data = reader->data;
	read_time(data, exif);
	read_exposure(data, exif);
	exif->body = read_body(data);
	int64_t orientation;
	if (read_number(data, find(data, EXIF_IFD_0, EXIF_TAG_ORIENTATION), &orientation) &&
	    orientation >= 1 && orientation <= 8) {
		exif->orientation = (uint32_t)orientation;
	}
	if (data->data && data->size > 0) {
		exif->thumbnail = data->data;
		exif->thumbnail_bytes = data->size;
	}
	return true;
}
