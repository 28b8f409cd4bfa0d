#include "core/photo/jpeg_gate.h"

#include <assert.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define SIDE_MAX_PX 65500u  /* libjpeg's own limit */
#define COEFFICIENT_BYTES 2 /* of each sample of the component, in a file with several scans */
#define DECODER_BYTES (1024u * 1024u)
#define EXIF_LEAST_BYTES 16 /* its header and an empty directory; a shorter segment says nothing */
#define COEFFICIENTS 64
#define NOTHING_CAME 0xFF
#define STRAY_BYTES_MAX                                                                    \
	64 /* between segments: above, a segment was lost. Zeros are padding, however many \
	    */

enum {
	MARKER_TEM = 0x01,
	MARKER_SOF0 = 0xC0,
	MARKER_SOF1 = 0xC1,
	MARKER_SOF2 = 0xC2,
	MARKER_DHT = 0xC4,
	MARKER_DAC = 0xCC,
	MARKER_RST0 = 0xD0,
	MARKER_RST7 = 0xD7,
	MARKER_SOI = 0xD8,
	MARKER_EOI = 0xD9,
	MARKER_SOS = 0xDA,
	MARKER_DQT = 0xDB,
	MARKER_DNL = 0xDC,
	MARKER_DRI = 0xDD,
	MARKER_APP0 = 0xE0,
	MARKER_APP1 = 0xE1,
	MARKER_APP14 = 0xEE,
	MARKER_APP15 = 0xEF,
	MARKER_COM = 0xFE,
};

typedef struct walk {
	const pf_jpeg_source *source;
	const pf_jpeg_limits *limits;
	pf_jpeg_head *head;
	pf_error *error;
	size_t at;     /* next byte to look at */
	size_t marker; /* offset of the marker being looked at */
	size_t strays; /* bytes that belong to no segment, zeros not counted */
	bool saw_jfif, saw_adobe;
	uint8_t adobe_transform;
	/* Of each coefficient of each component, how many of its low bits have not come by any scan. */
	uint8_t missing_bits[PF_JPEG_COMPONENTS_MAX][COEFFICIENTS];
	bool done; /* the end of the image, or the end of the part, was met */
} walk;

/* As pf_fail, with the offset of the marker that decided. */
#define REFUSE(w, code, ...)                                                                      \
	do {                                                                                      \
		pf_status refused_ = pf_fail((w)->error, (code), (w)->source->file, __VA_ARGS__); \
		if ((w)->error) {                                                                 \
			(w)->error->offset = (int64_t)(w)->marker;                                \
		}                                                                                 \
		return refused_;                                                                  \
	} while (0)

static uint32_t big_endian_16(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint32_t divide_up(uint64_t value, uint64_t divisor)
{
	return (uint32_t)((value + divisor - 1) / divisor);
}

uint32_t pf_jpeg_stride_bytes(const pf_jpeg_component *component)
{
	return (component->blocks_wide * 8 + 63) / 64 * 64;
}

/* The list of accepted chroma sampling, as ratios of luma to chroma factors; luma must be the finest. */
static bool sampling_accepted(const pf_jpeg_head *head)
{
	const pf_jpeg_component *c = head->component;
	for (uint32_t i = 0; i < head->components; i++) {
		if (c[i].h < 1 || c[i].h > 4 || c[i].v < 1 || c[i].v > 4) {
			return false;
		}
	}
	if (head->components == 1) {
		return true;
	}
	if (c[1].h != c[2].h || c[1].v != c[2].v || c[0].h % c[1].h || c[0].v % c[1].v) {
		return false;
	}
	unsigned wide = c[0].h / c[1].h, high = c[0].v / c[1].v;
	unsigned blocks = c[0].h * c[0].v + 2u * c[1].h * c[1].v;
	return blocks <= 10 && ((wide <= 2 && high <= 2) || (wide == 4 && high == 1));
}

/* Sizes of the components' planes and the memory that decoding takes. A file with several scans makes libjpeg
 * keep all coefficients, two bytes a sample. */
static void measure_components(pf_jpeg_head *head)
{
	uint32_t h_max = 1, v_max = 1;
	for (uint32_t i = 0; i < head->components; i++) {
		h_max = head->component[i].h > h_max ? head->component[i].h : h_max;
		v_max = head->component[i].v > v_max ? head->component[i].v : v_max;
	}
	head->plane_bytes = 0;
	for (uint32_t i = 0; i < head->components; i++) {
		pf_jpeg_component *c = &head->component[i];
		c->width_px = divide_up((uint64_t)head->width_px * c->h, h_max);
		c->height_px = divide_up((uint64_t)head->height_px * c->v, v_max);
		c->blocks_wide = divide_up((uint64_t)head->width_px * c->h, h_max * 8u);
		c->blocks_high = divide_up((uint64_t)head->height_px * c->v, v_max * 8u);
		c->padded_rows = divide_up(head->height_px, v_max * 8u) * c->v * 8u;
		head->plane_bytes += (uint64_t)pf_jpeg_stride_bytes(c) * c->padded_rows;
	}
}

static pf_status check_memory(walk *w)
{
	pf_jpeg_head *head = w->head;
	uint64_t strips = 0, coefficients = 0;
	for (uint32_t i = 0; i < head->components; i++) {
		const pf_jpeg_component *c = &head->component[i];
		uint64_t wide = ((uint64_t)c->blocks_wide + c->h) * 8;
		strips += wide * c->v * 8 * 4;
		coefficients += wide * c->padded_rows * COEFFICIENT_BYTES;
	}
	head->decode_bytes = head->plane_bytes + DECODER_BYTES + strips +
			     (head->multi_scan ? coefficients : 0);
	if (head->decode_bytes > w->limits->max_decode_bytes) {
		REFUSE(w, PF_ERR_MEMORY_LIMIT, "decoding would take %llu bytes, the limit is %llu",
		       (unsigned long long)head->decode_bytes,
		       (unsigned long long)w->limits->max_decode_bytes);
	}
	return PF_OK;
}

static pf_status check_frame_sizes(walk *w)
{
	const pf_jpeg_head *head = w->head;
	if (head->width_px == 0) {
		REFUSE(w, PF_ERR_DAMAGED, "the image is declared 0 pixels wide");
	}
	if (head->height_px == 0) {
		REFUSE(w, PF_ERR_UNSUPPORTED, "the image does not declare its height before its data");
	}
	uint64_t pixels = (uint64_t)head->width_px * head->height_px;
	if (pixels > w->limits->max_pixels) {
		REFUSE(w, PF_ERR_TOO_LARGE, "%ux%u is %llu pixels, the limit is %llu", head->width_px,
		       head->height_px, (unsigned long long)pixels,
		       (unsigned long long)w->limits->max_pixels);
	}
	if (head->width_px > SIDE_MAX_PX || head->height_px > SIDE_MAX_PX) {
		REFUSE(w, PF_ERR_TOO_LARGE, "%ux%u has a side above %u pixels", head->width_px,
		       head->height_px, SIDE_MAX_PX);
	}
	return PF_OK;
}

static const char *process_name(uint8_t marker)
{
	switch (marker) {
	case 0xC3:
	case 0xC7:
	case 0xCB:
	case 0xCF:
		return "lossless";
	case 0xC5:
	case 0xC6:
	case 0xCD:
	case 0xCE:
		return "hierarchical";
	case 0xC9:
	case 0xCA:
		return "arithmetic";
	default:
		return "extension";
	}
}

/* SOF0 to SOF2: precision, height, width, components. `bytes` is the segment behind its length. */
static pf_status read_frame(walk *w, uint8_t marker, const uint8_t *bytes, size_t count)
{
	pf_jpeg_head *head = w->head;
	if (head->has_frame) {
		REFUSE(w, PF_ERR_DAMAGED, "a second frame header");
	}
	if (count < 6 || count != 6 + 3u * bytes[5]) {
		REFUSE(w, PF_ERR_DAMAGED, "the frame header has a wrong length");
	}
	head->progressive = marker == MARKER_SOF2;
	head->height_px = big_endian_16(bytes + 1);
	head->width_px = big_endian_16(bytes + 3);
	head->components = bytes[5];
	pf_status status = check_frame_sizes(w);
	if (status != PF_OK) {
		return status;
	}
	if (bytes[0] != 8) {
		REFUSE(w, PF_ERR_UNSUPPORTED, "%u bits a sample are not supported, only 8", bytes[0]);
	}
	if (head->components != 1 && head->components != 3) {
		REFUSE(w, PF_ERR_UNSUPPORTED, "%u components (%s) are not supported, only grey and YCbCr",
		       head->components, head->components == 4 ? "CMYK or YCCK" : "unknown colour space");
	}
	for (uint32_t i = 0; i < head->components; i++) {
		const uint8_t *from = bytes + 6 + 3 * (size_t)i;
		head->component[i] = (pf_jpeg_component){.id = from[0], .h = from[1] >> 4, .v = from[1] & 15};
	}
	if (!sampling_accepted(head)) {
		REFUSE(w, PF_ERR_UNSUPPORTED, "the chroma sampling is not supported");
	}
	measure_components(head);
	memset(w->missing_bits, NOTHING_CAME, sizeof w->missing_bits);
	head->has_frame = true;
	return PF_OK;
}

/* The rules by which libjpeg tells YCbCr from RGB. */
static pf_status check_colour_space(walk *w)
{
	const pf_jpeg_component *c = w->head->component;
	if (w->head->components == 1 || w->saw_jfif) {
		return PF_OK;
	}
	bool rgb = w->saw_adobe ? w->adobe_transform == 0
				: c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B';
	if (rgb) {
		REFUSE(w, PF_ERR_UNSUPPORTED, "the RGB colour space is not supported, only grey and YCbCr");
	}
	return PF_OK;
}

/* Notes what a scan brings. A sequential one brings all of its components, whatever its header says of
 * coefficients. What libjpeg would refuse is left to it. */
static void note_scan(walk *w, const uint8_t *bytes)
{
	const uint8_t *last = bytes + 1 + 2 * (size_t)bytes[0];
	bool progressive = w->head->progressive;
	unsigned from = progressive ? last[0] : 0, upto = progressive ? last[1] : COEFFICIENTS - 1;
	for (unsigned i = 0; i < bytes[0]; i++) {
		for (uint32_t c = 0; c < w->head->components; c++) {
			for (unsigned k = from;
			     w->head->component[c].id == bytes[1 + 2 * i] && k <= upto && k < COEFFICIENTS;
			     k++) {
				w->missing_bits[c][k] = progressive ? last[2] & 15 : 0;
			}
		}
	}
}

static pf_status read_scan_header(walk *w, const uint8_t *bytes, size_t count)
{
	pf_jpeg_head *head = w->head;
	if (!head->has_frame) {
		REFUSE(w, PF_ERR_DAMAGED, "a scan without a frame header");
	}
	if (count < 1 || count != 4 + 2u * bytes[0]) {
		REFUSE(w, PF_ERR_DAMAGED, "the scan header has a wrong length");
	}
	head->scans++;
	if (head->scans > w->limits->max_scans) {
		REFUSE(w, PF_ERR_TOO_MANY_SCANS, "more than %u scans", w->limits->max_scans);
	}
	note_scan(w, bytes);
	if (head->scans > 1) {
		return PF_OK;
	}
	head->multi_scan = head->progressive || bytes[0] < head->components;
	pf_status status = check_colour_space(w);
	return status == PF_OK ? check_memory(w) : status;
}

static void read_application_segment(walk *w, uint8_t marker, const uint8_t *bytes, size_t count)
{
	if (marker == MARKER_APP0 && count >= 14 && memcmp(bytes, "JFIF", 5) == 0) {
		w->saw_jfif = true;
	} else if (marker == MARKER_APP14 && count >= 12 && memcmp(bytes, "Adobe", 5) == 0) {
		w->saw_adobe = true;
		w->adobe_transform = bytes[11];
	} else if (marker == MARKER_APP1 && !w->head->exif && count >= EXIF_LEAST_BYTES &&
		   memcmp(bytes, "Exif\0", 6) == 0 &&
		   (memcmp(bytes + 6, "II", 2) == 0 || memcmp(bytes + 6, "MM", 2) == 0)) {
		w->head->exif = bytes;
		w->head->exif_bytes = count;
	}
}

/* On from `at` as far as every FF has a 0 behind it, 16 bytes at a time: to one that has not, or near the
 * end.
 */
static size_t skip_stuffed(const uint8_t *data, size_t at, size_t bytes)
{
#if defined(__SSE2__)
	const __m128i ones = _mm_set1_epi8(-1), none = _mm_setzero_si128();
	for (; bytes - at > 16; at += 16) {
		__m128i here = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
		__m128i next = _mm_loadu_si128((const __m128i *)(const void *)(data + at + 1));
		__m128i found = _mm_andnot_si128(_mm_cmpeq_epi8(next, none), _mm_cmpeq_epi8(here, ones));
		unsigned bits = (unsigned)_mm_movemask_epi8(found);
		if (bits) {
			return at + (size_t)__builtin_ctz(bits);
		}
	}
#else
	(void)data;
	(void)bytes;
#endif
	return at;
}

/* From behind a scan header to the next marker that is not part of the entropy-coded data. */
static void skip_coded_data(walk *w)
{
	const uint8_t *data = w->source->data;
	size_t bytes = w->source->bytes, begin = w->at;
	while (w->at < bytes) {
		w->at = skip_stuffed(data, w->at, bytes);
		const uint8_t *found = memchr(data + w->at, 0xFF, bytes - w->at);
		if (!found) {
			w->at = bytes;
			break;
		}
		w->at = (size_t)(found - data);
		if (w->at + 1 >= bytes) {
			w->at = bytes;
			break;
		}
		uint8_t next = data[w->at + 1];
		if (next == 0xFF) {
			w->at += 1;
		} else if (next == 0 || (next >= MARKER_RST0 && next <= MARKER_RST7)) {
			w->at += 2;
		} else {
			break;
		}
	}
	w->head->coded_bytes += w->at - begin;
}

static pf_status take_segment(walk *w, uint8_t marker, const uint8_t *bytes, size_t count)
{
	switch (marker) {
	case MARKER_SOF0:
	case MARKER_SOF1:
	case MARKER_SOF2:
		return read_frame(w, marker, bytes, count);
	case MARKER_SOS:
		return read_scan_header(w, bytes, count);
	default:
		read_application_segment(w, marker, bytes, count);
		return PF_OK;
	}
}

static bool has_segment(uint8_t marker)
{
	return (marker >= MARKER_SOF0 && marker <= MARKER_SOF2) || marker == MARKER_DHT ||
	       marker == MARKER_DAC || (marker >= MARKER_SOS && marker <= MARKER_DRI) ||
	       (marker >= MARKER_APP0 && marker <= MARKER_APP15) || marker == MARKER_COM;
}

static pf_status incomplete_status(const walk *w)
{
	return w->head->flaws & PF_FLAW_NO_END ? PF_ERR_TRUNCATED : PF_ERR_DAMAGED;
}

/* libjpeg takes what no scan brought for zeros, and says nothing. */
static pf_status check_coefficients(walk *w)
{
	unsigned incomplete = 0, all = w->head->components * COEFFICIENTS;
	for (unsigned i = 0; i < all; i++) {
		incomplete += w->missing_bits[i / COEFFICIENTS][i % COEFFICIENTS] != 0;
	}
	if (incomplete > 0) {
		REFUSE(w, incomplete_status(w),
		       "the scans end early: %u of %u coefficients are missing or incomplete", incomplete,
		       all);
	}
	return PF_OK;
}

/* Every block of every component costs at least one bit of DC code in whichever process is accepted, so that
 * the image cannot be much larger than its data. */
static pf_status check_end(walk *w)
{
	const pf_jpeg_head *head = w->head;
	if (head->scans == 0) {
		REFUSE(w, PF_ERR_DAMAGED, "the image ends before its first scan");
	}
	uint64_t blocks = 0;
	for (uint32_t i = 0; i < head->components; i++) {
		blocks += (uint64_t)head->component[i].blocks_wide * head->component[i].blocks_high;
	}
	if (head->coded_bytes < blocks / 8) {
		REFUSE(w, incomplete_status(w), "%llu bytes of image data cannot hold %ux%u pixels",
		       (unsigned long long)head->coded_bytes, head->width_px, head->height_px);
	}
	w->done = true;
	return check_coefficients(w);
}

/* The part ended inside a marker or a segment that would end at `wanted_bytes`. */
static pf_status part_ended(walk *w, size_t wanted_bytes)
{
	w->done = true;
	if (w->head->scans == 0) {
		w->head->wanted_bytes = wanted_bytes;
	}
	return PF_ERR_TRUNCATED;
}

/* To the byte behind the next FF that is followed by neither FF nor 0, as libjpeg does. */
static pf_status find_marker(walk *w)
{
	const uint8_t *data = w->source->data;
	size_t bytes = w->source->bytes;
	for (;; w->at++) {
		while (w->at < bytes && data[w->at] != 0xFF) {
			w->head->flaws |= PF_FLAW_STRAY_BYTES;
			w->strays += data[w->at++] != 0;
		}
		while (w->at < bytes && data[w->at] == 0xFF) {
			w->at++;
		}
		if (w->strays > STRAY_BYTES_MAX) {
			REFUSE(w, PF_ERR_DAMAGED, "more than %d bytes that belong to no segment",
			       STRAY_BYTES_MAX);
		}
		if (w->at >= bytes) {
			return part_ended(w, w->at + 4);
		}
		if (data[w->at] != 0) {
			return PF_OK;
		}
		w->head->flaws |= PF_FLAW_STRAY_BYTES;
		w->strays += 2;
	}
}

/* One marker with its segment, or PF_ERR_TRUNCATED where the bytes end in it. */
static pf_status step(walk *w)
{
	const uint8_t *data = w->source->data;
	size_t bytes = w->source->bytes;
	w->marker = w->at;
	if (w->at >= bytes) {
		return part_ended(w, w->at + 4);
	}
	pf_status found = find_marker(w);
	if (found != PF_OK) {
		return found;
	}
	uint8_t marker = data[w->at++];
	if (marker == MARKER_EOI) {
		return check_end(w);
	}
	if (marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_RST7)) {
		return PF_OK;
	}
	if (!has_segment(marker)) {
		bool process = marker > MARKER_SOF2 && marker <= 0xCF;
		REFUSE(w, process ? PF_ERR_UNSUPPORTED : PF_ERR_DAMAGED, "%s (marker 0x%02X)",
		       process ? process_name(marker) : "a marker that has no place here", marker);
	}
	if (bytes - w->at < 2) {
		return part_ended(w, w->at + 2);
	}
	size_t length = big_endian_16(data + w->at);
	if (length < 2) {
		REFUSE(w, PF_ERR_DAMAGED, "a segment with an impossible length");
	}
	if (bytes - w->at < length) {
		return part_ended(w, w->at + length + 4);
	}
	pf_status status = take_segment(w, marker, data + w->at + 2, length - 2);
	w->at += length;
	if (status == PF_OK && marker == MARKER_SOS) {
		skip_coded_data(w);
	}
	return status;
}

/* PF_ERR_TRUNCATED without a message where the bytes end before the image does. */
static pf_status walk_markers(walk *w)
{
	const pf_jpeg_source *source = w->source;
	*w->head = (pf_jpeg_head){0};
	if (source->bytes == 0) {
		REFUSE(w, PF_ERR_EMPTY, "the file is empty");
	}
	if (source->data[0] != 0xFF || (source->bytes > 1 && source->data[1] != MARKER_SOI)) {
		REFUSE(w, PF_ERR_NOT_JPEG, "the file does not start like a JPEG");
	}
	w->at = 2;
	while (!w->done) {
		pf_status status = step(w);
		if (status != PF_OK) {
			return status;
		}
	}
	return PF_OK;
}

pf_status pf_jpeg_gate(const pf_jpeg_source *source, const pf_jpeg_limits *limits, pf_jpeg_head *head,
		       pf_error *error)
{
	assert(source && limits && head);
	walk w = {.source = source, .limits = limits, .head = head, .error = error};
	pf_status status = walk_markers(&w);
	if (status == PF_ERR_TRUNCATED && head->scans > 0 && !(head->flaws & PF_FLAW_NO_END)) {
		head->flaws |= PF_FLAW_NO_END;
		w.marker = source->bytes;
		return check_end(&w);
	}
	if (status == PF_ERR_TRUNCATED && w.strays > 0) {
		REFUSE(&w, PF_ERR_DAMAGED, "bytes that belong to no segment, and no image behind them");
	}
	if (status == PF_ERR_TRUNCATED) {
		w.marker = source->bytes;
		REFUSE(&w, PF_ERR_TRUNCATED, "the file ends after %zu bytes, before the image does",
		       source->bytes);
	}
	return status;
}

pf_status pf_jpeg_peek(const pf_jpeg_source *source, const pf_jpeg_limits *limits, pf_jpeg_head *head,
		       pf_error *error)
{
	assert(source && limits && head);
	walk w = {.source = source, .limits = limits, .head = head, .error = error};
	pf_status status = walk_markers(&w);
	return status == PF_ERR_TRUNCATED ? PF_OK : status;
}
