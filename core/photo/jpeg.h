/* JPEG decoding with libjpeg-turbo, to native planes or to a small grey picture. The library's messages go to
 * the caller's pf_error and never to stderr. A warning of what loses or may lose picture data ends decoding,
 * so that a photo is either decoded whole or refused; the others are flaws (image.h). Each call makes and
 * frees its own libjpeg object: nothing (a Huffman table, say) can leak from one photo into the next. All
 * functions may run in several threads at once. */
#ifndef PHOTOFINISH_JPEG_H
#define PHOTOFINISH_JPEG_H

#include "core/photo/jpeg_gate.h"
#include "photofinish/image.h"

/* Decodes into image->y, cb and cr as they are stored: no upsampling, no colour conversion, not turned; sets
 * image->flaws and nothing else of the image. `head` comes from pf_jpeg_gate on the same bytes. Fails with
 * PF_ERR_DAMAGED, _TRUNCATED, _UNSUPPORTED, _MEMORY_LIMIT, _NO_MEMORY; then the planes are empty and the
 * buffer is kept. */
pf_status pf_jpeg_decode(const pf_jpeg_source *source, const pf_jpeg_head *head, const pf_jpeg_limits *limits,
			 pf_image *image, pf_error *error);

/* Makes room for the planes of a photo, reduced by 1, 2 or 4 (pf_jpeg_reduction, sides rounded up), and sets
 * their places and sizes. Fails as pf_image_reserve. */
pf_status pf_jpeg_lay_out(const pf_jpeg_head *head, uint32_t by, pf_image *image, pf_error *error);

/* Receives row `y` of a picture of width x height pixels, top to bottom: `channels` samples a pixel, 1 (Y) or
 * 3 (Y, Cb, Cr). */
typedef void (*pf_jpeg_row_fn)(void *context, const uint8_t *row, uint32_t y, uint32_t width_px,
			       uint32_t height_px, uint32_t channels);

/* Decodes at 1/8, 1/4, 1/2 or full size, the smallest whose sides are both at least `least_px` (full size
 * where none is). Of a file with several scans only the first one, which is coarse but all that it takes; its
 * work does not grow with the number of scans. Fails as pf_jpeg_decode; what comes behind is not looked at.
 */
pf_status pf_jpeg_decode_small(const pf_jpeg_source *source, const pf_jpeg_head *head,
			       const pf_jpeg_limits *limits, uint32_t least_px, pf_jpeg_row_fn fn,
			       void *context, pf_error *error);

#endif
