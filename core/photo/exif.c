#include "core/photo/exif.h"

#include <libexif/exif-data.h>
#include <stdlib.h>
#include <string.h>

#include "core/photo/exif_gate.h"

#define HEADER_BYTES 6
#define SEGMENT_BYTES_MAX 65536
#define EXPOSURE_MODE_AUTO_BRACKET 2
#define EXPOSURE_BIAS_MAX_EV 100.0f

struct pf_exif_reader {
	ExifData *data; /* of the last segment; the thumbnail lies in it */
	uint8_t segment[SEGMENT_BYTES_MAX];
};

pf_status pf_exif_reader_create(pf_exif_reader **out, pf_error *error)
{
	*out = calloc(1, sizeof **out);
	return *out ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate an EXIF reader");
}

void pf_exif_reader_destroy(pf_exif_reader *reader)
{
	if (reader) {
		exif_data_unref(reader->data);
		free(reader);
	}
}

/* Value of the `count` digits at `text`, or -1. */
static int digits(const uint8_t *text, unsigned count)
{
	int value = 0;
	for (unsigned i = 0; i < count; i++) {
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
	if (bytes < 19 || (text[4] != ':' && text[4] != '-') || text[7] != text[4] ||
	    (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') {
		return false;
	}
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
	int hour = digits(text + 11, 2), minute = digits(text + 14, 2), second = digits(text + 17, 2);
	if (year < 1900 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
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
	bytes = trimmed(text, bytes);
	if (bytes == 0 || bytes > 9 || digits(text, (unsigned)bytes) < 0) {
		return false;
	}
	int64_t value = 0;
	for (size_t i = 0; i < 3; i++) {
		value = value * 10 + (i < bytes ? text[i] - '0' : 0);
	}
	*ms = value;
	return true;
}

static const ExifEntry *find(const ExifData *data, ExifIfd ifd, unsigned tag)
{
	const ExifEntry *entry = exif_content_get_entry(data->ifd[ifd], (ExifTag)tag);
	return entry && entry->data && entry->size > 0 ? entry : NULL;
}

/* The first of the three pairs of time and sub-second tags whose time is well formed. */
static void read_time(const ExifData *data, pf_exif *exif)
{
	static const struct {
		ExifIfd ifd;
		unsigned time, subsecond;
	} tags[] = {
		{EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL, EXIF_TAG_SUB_SEC_TIME_ORIGINAL},
		{EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_DIGITIZED, EXIF_TAG_SUB_SEC_TIME_DIGITIZED},
		{EXIF_IFD_0, EXIF_TAG_DATE_TIME, EXIF_TAG_SUB_SEC_TIME},
	};
	for (size_t i = 0; i < sizeof tags / sizeof *tags && !exif->has_time; i++) {
		const ExifEntry *time = find(data, tags[i].ifd, tags[i].time);
		const ExifEntry *subsecond = find(data, EXIF_IFD_EXIF, tags[i].subsecond);
		exif->has_time = time && pf_exif_parse_time(time->data, time->size, &exif->time_ms);
		int64_t ms = 0;
		if (exif->has_time && subsecond &&
		    pf_exif_parse_subsecond(subsecond->data, subsecond->size, &ms)) {
			exif->has_subsecond = true;
			exif->time_ms += ms;
		}
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

static bool read_short(const ExifData *data, ExifIfd ifd, unsigned tag, uint32_t *value)
{
	const ExifEntry *entry = find(data, ifd, tag);
	if (!entry || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) {
		return false;
	}
	*value = exif_get_short(entry->data, exif_data_get_byte_order((ExifData *)data));
	return true;
}

static void read_exposure(const ExifData *data, pf_exif *exif)
{
	uint32_t mode;
	exif->auto_bracket = read_short(data, EXIF_IFD_EXIF, EXIF_TAG_EXPOSURE_MODE, &mode) &&
			     mode == EXPOSURE_MODE_AUTO_BRACKET;
	const ExifEntry *bias = find(data, EXIF_IFD_EXIF, EXIF_TAG_EXPOSURE_BIAS_VALUE);
	if (!bias || bias->format != EXIF_FORMAT_SRATIONAL || bias->size < 8) {
		return;
	}
	ExifSRational value = exif_get_srational(bias->data, exif_data_get_byte_order((ExifData *)data));
	/* A denominator of 0 gives no number in the range. */
	float ev = (float)((double)value.numerator / (double)value.denominator);
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
	reader->data = exif_data_new();
	if (!reader->data) {
		return false;
	}
	exif_data_unset_option(reader->data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
	exif_data_set_option(reader->data, EXIF_DATA_OPTION_IGNORE_UNKNOWN_TAGS);
	exif_data_load_data(reader->data, reader->segment, (unsigned)bytes);
	return true;
}

void pf_exif_read(pf_exif_reader *reader, const uint8_t *segment, size_t bytes, pf_exif *exif)
{
	*exif = (pf_exif){.orientation = 1};
	if (!load(reader, segment, bytes)) {
		return;
	}
	const ExifData *data = reader->data;
	read_time(data, exif);
	read_exposure(data, exif);
	exif->body = read_body(data);
	uint32_t orientation;
	if (read_short(data, EXIF_IFD_0, EXIF_TAG_ORIENTATION, &orientation) && orientation >= 1 &&
	    orientation <= 8) {
		exif->orientation = orientation;
	}
	if (data->data && data->size > 0) {
		exif->thumbnail = data->data;
		exif->thumbnail_bytes = data->size;
	}
}
