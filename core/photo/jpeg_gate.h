/* The gates of JPEG decoding: a walk over the markers of a file that refuses hostile or unsupported files
 * before a pixel is allocated. It reads bytes, allocates nothing and takes about a millisecond for 10 MB.
 *
 * Accepted: baseline, extended sequential (8 bit) and progressive Huffman coding, in grey or YCbCr with
 * 4:4:4, 4:2:2, 4:2:0, 4:4:0 or 4:1:1 sampling, however the factors are written. Refused as
 * PF_ERR_UNSUPPORTED: lossless and hierarchical processes, 12 bit, RGB, CMYK and YCCK, and arithmetic coding
 * (whether a libjpeg can decode it depends on how it was built, cameras never write it, and it would let a
 * hundred bytes stand for an unlimited number of pixels). */
#ifndef PHOTOFINISH_JPEG_GATE_H
#define PHOTOFINISH_JPEG_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/image.h"
#include "photofinish/status.h"

#define PF_JPEG_COMPONENTS_MAX 3

typedef struct pf_jpeg_limits {
	uint64_t max_pixels;       /* declared width times height */
	uint64_t max_decode_bytes; /* planes and the decoder's own memory together */
	uint32_t max_scans;        /* SOS markers */
} pf_jpeg_limits;

/* The bytes of a JPEG file, or of a thumbnail inside one. */
typedef struct pf_jpeg_source {
	const uint8_t *data;
	size_t bytes;
	const char *file; /* names it in errors; may be NULL */
} pf_jpeg_source;

typedef struct pf_jpeg_component {
	uint8_t id, h, v;                  /* sampling factors as declared */
	uint32_t width_px, height_px;      /* without padding */
	uint32_t blocks_wide, blocks_high; /* 8x8 blocks that hold them */
	uint32_t padded_rows;              /* rows that the decoder writes or may be given */
} pf_jpeg_component;

typedef struct pf_jpeg_head {
	bool has_frame; /* the SOF marker was seen: the fields up to `component` hold */
	bool progressive;
	bool multi_scan;              /* the decoder has to keep all coefficients */
	uint32_t width_px, height_px; /* as stored */
	uint32_t components;          /* 1 or 3 */
	pf_jpeg_component component[PF_JPEG_COMPONENTS_MAX];
	uint32_t scans;        /* SOS markers */
	uint64_t coded_bytes;  /* of entropy-coded data */
	uint64_t plane_bytes;  /* planes of the decoded image, padding included */
	uint64_t decode_bytes; /* estimate of all memory that decoding takes, planes included */
	const uint8_t *exif;   /* first APP1 segment with Exif and more than its header, from "Exif\0\0" on */
	size_t exif_bytes;
	uint32_t flaws;      /* PF_FLAW_NO_END and _STRAY_BYTES; the decoder sees the others */
	size_t wanted_bytes; /* of a part only: so many bytes are needed to see more; 0 if no more */
} pf_jpeg_head;

/* Walks the whole file. On success everything in *head holds, and points into source->data. Fails with
 * PF_ERR_EMPTY, _NOT_JPEG, _TRUNCATED, _DAMAGED, _UNSUPPORTED, _TOO_LARGE, _TOO_MANY_SCANS or _MEMORY_LIMIT,
 * error->offset at the marker that decided. What follows the end of the image is ignored. A file that ends
 * without its end marker behind the last scan that it needs passes (PF_FLAW_NO_END): whether the data are all
 * there is for the decoder to see. One whose scans leave coefficients out (a progressive file that was cut
 * between scans) does not pass, because libjpeg takes what is missing for zeros. */
pf_status pf_jpeg_gate(const pf_jpeg_source *source, const pf_jpeg_limits *limits, pf_jpeg_head *head,
		       pf_error *error);

/* Walks the first part of a file and fails only with what holds whatever follows. Where the part ends before
 * the first scan starts, head->wanted_bytes says how far the file should be read to go on. */
pf_status pf_jpeg_peek(const pf_jpeg_source *source, const pf_jpeg_limits *limits, pf_jpeg_head *head,
		       pf_error *error);

/* Bytes from one row of a component's plane to the next: whole blocks, rounded up to 64. */
uint32_t pf_jpeg_stride_bytes(const pf_jpeg_component *component);

/* Where luma comes reduced by `by`, chroma does by 4, whatever its sampling: nothing looks at it closely. */
static inline uint32_t pf_jpeg_reduction(uint32_t by, uint32_t component)
{
	if (by <= 1) {
		return 1;
	}
	return component == 0 ? by : 4;
}

/* A side of a plane whose samples are means of `by` x `by`: the last one maybe of fewer. */
static inline uint32_t pf_jpeg_reduced(uint32_t side_px, uint32_t by)
{
	return by <= 1 ? side_px : (side_px + by - 1) / by;
}

#endif
