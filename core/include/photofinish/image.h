/* A decoded photo: the native planes of its JPEG, as stored (not turned upright). */
#ifndef PHOTOFINISH_IMAGE_H
#define PHOTOFINISH_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* One plane of 8-bit samples. Rows start at data + row * stride_bytes. */
typedef struct pf_plane {
	uint8_t *data;
	uint32_t width_px, height_px;
	uint32_t stride_bytes; /* >= width_px, rounded up so that whole JPEG blocks fit */
} pf_plane;

/* X(constant, bit, what it is): flaws of a file that take nothing from its picture. Such a photo is scored,
 * and its record names them; what loses or may lose picture data is damaged. */
#define PF_FLAW_LIST(X)                                                                  \
	X(PF_FLAW_NO_END, 1, "no end-of-image marker")                                   \
	X(PF_FLAW_STRAY_BYTES, 2, "stray bytes between segments")                        \
	X(PF_FLAW_PADDING, 4, "padding behind the image data")                           \
	X(PF_FLAW_SCAN_HEADER, 8, "a scan header with parameters of a progressive file") \
	X(PF_FLAW_JFIF_REVISION, 16, "an unknown JFIF revision")                         \
	X(PF_FLAW_ADOBE_TRANSFORM, 32, "an unknown Adobe colour transform")

#define PF_FLAW_ENUM(constant, bit, text) constant = (bit),
typedef enum pf_flaw { PF_FLAW_LIST(PF_FLAW_ENUM) } pf_flaw;
#undef PF_FLAW_ENUM

/* The flaws whose bits are set, with ", " between them; "" for none. */
#define PF_FLAWS_TEXT 256
PF_API const char *pf_flaws_text(uint32_t flaws, char out[PF_FLAWS_TEXT]);

/* How a photo was exposed, by its EXIF; 0 where that does not tell. */
typedef struct pf_exposure {
	double time_s;
	double f_number;
	double iso;
} pf_exposure;

/* Of planes that are smaller than the photo's own (presets, preset.h). */
typedef struct pf_reduction {
	uint32_t by; /* each sample is the mean of by x by; 0 or 1: they are the photo's own */
	uint32_t width_px, height_px; /* of the photo, as stored, where `by` is above 1 */
} pf_reduction;

/* Planes lie in one buffer that grows and is reused; the owner frees it with pf_image_release. Not for use by
 * several threads at once unless all of them only read. */
typedef struct pf_image {
	pf_plane y, cb, cr;   /* cb and cr are empty (data NULL) in a grey photo */
	uint32_t orientation; /* EXIF 1..8; how the planes must be turned to stand upright */
	uint32_t flaws;       /* bits of pf_flaw */
	uint64_t file_bytes;  /* size of the file that it came from */
	pf_exposure exposure;
	pf_reduction reduction;
	uint8_t *buffer;
	size_t capacity_bytes;
	bool lent; /* the buffer is somebody else's: it is neither grown nor freed */
} pf_image;

/* Makes room for the planes, keeping a buffer that is large enough. Samples are not initialised.
 * PF_ERR_MEMORY_LIMIT where a lent buffer is too small. */
PF_API pf_status pf_image_reserve(pf_image *image, size_t bytes, pf_error *error);
PF_API void pf_image_release(pf_image *image); /* frees the buffer (not a lent one) and zeroes the struct */

#endif
