/* Capture facts from EXIF, through libexif. The segment is untrusted: a walk over its directories checks
 * depth, number and sizes before libexif sees it, and blanks the maker note, so that the work is bounded and
 * no maker note is ever parsed. */
#ifndef PHOTOFINISH_EXIF_H
#define PHOTOFINISH_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/image.h"
#include "photofinish/status.h"

typedef struct pf_exif {
	bool has_time, has_subsecond;
	bool auto_bracket;
	bool has_exposure_bias;
	bool manual_exposure; /* ExposureMode says so */
	bool hour_24;         /* the time is given as hour 24: time_ms may be a day late */
	bool has_utc_offset;
	int64_t time_ms;        /* local time since 1970-01-01 00:00 */
	int32_t utc_offset_min; /* of the local time, by OffsetTime and its kin */
	float exposure_bias_ev; /* -100..100 */
	uint64_t body;          /* hash of make, model and serial number; 0 where none is stated */
	pf_exposure exposure;
	uint32_t orientation;     /* 1..8, 1 where none or an impossible one is stated */
	const uint8_t *thumbnail; /* belongs to the reader, valid until its next use; NULL if none */
	size_t thumbnail_bytes;
} pf_exif;

/* Working memory; one for each thread. */
typedef struct pf_exif_reader pf_exif_reader;
pf_status pf_exif_reader_create(pf_exif_reader **out, pf_error *error);
void pf_exif_reader_destroy(pf_exif_reader *reader); /* NULL is fine */

/* Reads the segment that starts with "Exif\0\0" (NULL: none). What is missing, malformed or over the limits
 * is left out of *exif. False where there was not enough memory: *exif is then not the photo's. */
bool pf_exif_read(pf_exif_reader *reader, const uint8_t *segment, size_t bytes, pf_exif *exif);

/* "YYYY:MM:DD HH:MM:SS" to ms since 1970-01-01 00:00; the bytes need no NUL. The date may have - / or . for
 * its colons, the time a T before it, numbers a space for a leading zero. Hour 24 is the next day's hour 0.
 * False where it is no such date. */
bool pf_exif_parse_time(const uint8_t *text, size_t bytes, int64_t *time_ms);

/* "+HH:MM", "-HH:MM" or "Z" to minutes. */
bool pf_exif_parse_utc_offset(const uint8_t *text, size_t bytes, int32_t *minutes);

/* The leading digits of a SubSecTime tag, a decimal fraction of a second, to ms. False where there are none.
 */
bool pf_exif_parse_subsecond(const uint8_t *text, size_t bytes, int64_t *ms);

#endif
