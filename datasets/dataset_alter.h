/* Photos that nobody has seen: a JPEG's coefficients changed a little, without decoding it. Size, tables and
 * work stay what they were; every hash over bytes or pixels, and the scores, are others. */
#ifndef PF_DATASET_ALTER_H
#define PF_DATASET_ALTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* Bytes of a photo in memory; free with pf_altered_free. */
typedef struct pf_altered {
	uint8_t *bytes;
	size_t size, capacity;
} pf_altered;

/* Moves the mean of one luma block in sixteen, drawn by `seed`, by one to three steps of its quantisation
 * towards grey. With `half` only the top left quarter of the photo is kept, both sides halved (down to a
 * multiple of 32 pixels). Markers (EXIF, with its thumbnail) stay. Only for files that have passed the
 * engine's gates: nothing bounds what libjpeg takes here. PF_ERR_DAMAGED with libjpeg's message,
 * PF_ERR_NO_MEMORY, PF_ERR_IO. */
pf_status pf_photo_alter(const char *file, uint64_t seed, bool half, pf_altered *out, pf_error *error);

enum { PF_PAD_LEAST = 4 };

/* Makes it `bytes` longer, PF_PAD_LEAST at least, by comments of random letters behind the APPn segments. */
pf_status pf_photo_pad(pf_altered *photo, size_t bytes, uint64_t seed, pf_error *error);

void pf_altered_free(pf_altered *photo);

#endif
