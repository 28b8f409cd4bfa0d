/* Planes to a baseline 4:2:0 JPEG in memory, with EXIF and its thumbnail. */
#ifndef PF_PHOTO_JPEG_H
#define PF_PHOTO_JPEG_H

#include "datasets/render/exif_writer.h"
#include "datasets/render/render_photo.h"

/* Grows as needed and is reused; free with pf_jpeg_buffer_free. */
typedef struct pf_jpeg_buffer {
	uint8_t *bytes;
	size_t size, capacity;
} pf_jpeg_buffer;

void pf_jpeg_buffer_free(pf_jpeg_buffer *buffer);

/* `facts` without its thumbnail and sizes, which are filled in here. `quality` 1 .. 100. */
pf_status pf_photo_encode(const pf_photo_planes *planes, const pf_exif_facts *facts, int quality,
			  pf_jpeg_buffer *out, pf_error *error);

#endif
