/* A photo made in memory, with an EXIF segment and a thumbnail as cameras write them: texture, edges, colours
 * and some faces whose places the seed decides. The same size and seed give the same bytes, as long as
 * libjpeg does.
 */
#ifndef PHOTOFINISH_MADE_PHOTO_H
#define PHOTOFINISH_MADE_PHOTO_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

typedef struct pf_made_photo {
	uint8_t *jpeg; /* the whole file */
	size_t jpeg_bytes;
	uint8_t *exif; /* the payload of its APP1 segment, from "Exif\0\0" on */
	size_t exif_bytes;
} pf_made_photo;

/* About `pixels` of them (at least 10,000), three wide and two high. Fails with PF_ERR_NO_MEMORY or
 * PF_ERR_INTERNAL where libjpeg does; the caller frees in any case. */
pf_status pf_made_photo_create(uint64_t pixels, uint32_t seed, pf_made_photo *photo, pf_error *error);
void pf_made_photo_free(pf_made_photo *photo); /* zeroes it, too */

#endif
