/* Capture facts of a photo: what its EXIF and its thumbnail say, without decoding it. */
#ifndef PHOTOFINISH_PHOTO_H
#define PHOTOFINISH_PHOTO_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/image.h"
#include "photofinish/status.h"

/* A photo at 32x24 pixels, whatever its shape: Y, Cb, Cr. */
#define PF_MINIATURE_COLUMNS 32
#define PF_MINIATURE_ROWS 24
#define PF_MINIATURE_CHANNELS 3
typedef struct pf_miniature {
	uint8_t samples[PF_MINIATURE_CHANNELS][PF_MINIATURE_ROWS * PF_MINIATURE_COLUMNS]; /* row after row */
} pf_miniature;

typedef struct pf_facts {
	int64_t time_ms;      /* local capture time in ms since 1970-01-01 00:00 as the camera's clock says */
	uint64_t body;        /* hash of make, model and serial number; 0 where none is stated */
	uint64_t plane_bytes; /* what the decoded planes will take, by the head; 0 where it does not tell */
	float exposure_bias_ev;
	int32_t utc_offset_min; /* of time_ms, where has_utc_offset */
	pf_exposure exposure;
	pf_miniature miniature;
	uint32_t orientation;         /* EXIF 1..8, 1 where none is stated */
	uint32_t width_px, height_px; /* as stored; 0 where the head of the file does not tell */
	bool readable;                /* false: the file could not be read as a JPEG; nothing else holds */
	bool has_time;                /* the capture time is known */
	bool has_subsecond;           /* ... and finer than a second */
	bool has_miniature;           /* there is one, and it is not of one brightness */
	bool looked;                  /* pf_facts_look was called: there is no other picture to be had */
	bool auto_bracket;            /* EXIF ExposureMode says "auto bracket" */
	bool has_exposure_bias;
	bool manual_exposure; /* EXIF ExposureMode says so */
	bool has_utc_offset;
	bool hour_24; /* time_ms is of a day's hour 24: by some cameras' count it is a day late */
} pf_facts;

/* Working memory of facts reading; one for each thread. */
typedef struct pf_facts_reader pf_facts_reader;
PF_API pf_status pf_facts_reader_create(pf_facts_reader **out, pf_error *error);
PF_API void pf_facts_reader_destroy(pf_facts_reader *reader); /* NULL is fine */

/* Reads the first part of the file: as much as EXIF and the frame header need, 16 MiB at most. The picture is
 * the thumbnail's. A photo that cannot be read is no error here: facts->readable is false, and scoring it
 * will say why. Adds the bytes read to *read_bytes (may be NULL). Fails only with PF_ERR_NO_MEMORY. */
PF_API pf_status pf_facts_read(pf_facts_reader *reader, const pf_dataset *dataset, size_t index,
			       pf_facts *facts, uint64_t *read_bytes, pf_error *error);

/* For a photo without a useful thumbnail: reads the whole file and decodes its first scan at 1/8, if it
 * declares 64 MP at most. Sets facts->looked, and the picture where there is one. Counts and fails as above.
 */
PF_API pf_status pf_facts_look(pf_facts_reader *reader, const pf_dataset *dataset, size_t index,
			       pf_facts *facts, uint64_t *read_bytes, pf_error *error);

#endif
