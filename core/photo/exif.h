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
	int64_t time_ms;          /* local time since 1970-01-01 00:00; OffsetTime is ignored */
	float exposure_bias_ev;   /* -100..100 */
	uint64_t body;            /* hash of make, model and serial number; 0 where none is stated */
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
 * is left out of *exif; there is no other failure. */
void pf_exif_read(pf_exif_reader *reader, const uint8_t *segment, size_t bytes, pf_exif *exif);

/* "YYYY:MM:DD HH:MM:SS" to ms since 1970-01-01 00:00; the bytes need no NUL. False where it is no such date.
 */
bool pf_exif_parse_time(const uint8_t *text, size_t bytes, int64_t *time_ms);

/* The digits of a SubSecTime tag, a decimal fraction of a second, to ms. False where they are none. */
bool pf_exif_parse_subsecond(const uint8_t *text, size_t bytes, int64_t *ms);

#endif
