/* Writes the EXIF block of a made photo: a little-endian TIFF with IFD0, the Exif IFD and a thumbnail in
 * IFD1. */
#ifndef PF_EXIF_WRITER_H
#define PF_EXIF_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

typedef struct pf_exif_facts {
	const char *make, *model, *serial, *lens;
	int year, month, day, hour, minute, second;
	int millisecond;               /* SubSecTimeOriginal in hundredths; -1: the body writes none */
	unsigned width, height;        /* as stored */
	int orientation;               /* 1, 6 or 8 */
	unsigned exposure_denominator; /* 1/n s */
	unsigned f_number_tenths, iso, focal_mm;
	int bias_thirds; /* exposure bias in thirds of a stop */
	bool bracket;    /* ExposureMode auto bracket */
	const uint8_t *thumbnail;
	size_t thumbnail_size;
} pf_exif_facts;

/* Fills `out` with the payload of an APP1 segment ("Exif\0\0" and the TIFF); *size gets its length, at most
 * 65533. PF_ERR_INVALID if it would not fit. */
pf_status pf_exif_write(const pf_exif_facts *facts, uint8_t *out, size_t capacity, size_t *size);

#endif
