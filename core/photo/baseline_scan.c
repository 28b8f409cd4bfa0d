#include "core/photo/baseline_scan.h"

#include <string.h>

enum {
	SEGMENT_SOF0 = 0xC0,
	SEGMENT_DHT = 0xC4,
	SEGMENT_SOS = 0xDA,
	SEGMENT_DQT = 0xDB,
	SEGMENT_DRI = 0xDD,
	SEGMENT_APP0 = 0xE0,
	SEGMENT_APP14 = 0xEE,
	SEGMENT_APP15 = 0xEF,
	SEGMENT_COM = 0xFE,
};

#define ADOBE_YCBCR 1

static bool read_quantisation(const uint8_t *bytes, size_t count, pf_baseline_scan *scan)
{
	for (; count >= 65; bytes += 65, count -= 65) {
		if (bytes[0] >= PF_BASELINE_TABLES) { /* 16-bit steps, too */
			return false;
		}
		scan->has_steps[bytes[0]] = true;
		for (unsigned i = 0; i < 64; i++) {
			scan->steps[bytes[0]][pf_zigzag[i]] = bytes[1 + i];
		}
	}
	return count == 0;
}

static bool read_huffman(const uint8_t *bytes, size_t count, pf_baseline_scan *scan)
{
	while (count >= 17) {
		unsigned symbols = 0, kind = bytes[0] >> 4, index = bytes[0] & 15;
		for (unsigned i = 1; i <= 16; i++) {
			symbols += bytes[i];
		}
		if (kind > 1 || index >= PF_BASELINE_TABLES || symbols == 0 || symbols > 256 ||
		    symbols > count - 17) {
			return false;
		}
		pf_huffman_spec *spec = kind ? &scan->ac[index] : &scan->dc[index];
		memset(spec, 0, sizeof *spec);
		memcpy(spec->counts + 1, bytes + 1, 16);
		memcpy(spec->symbols, bytes + 17, symbols);
		for (unsigned i = 0; i < symbols && kind == 0; i++) {
			if (spec->symbols[i] > 15) {
				return false;
			}
		}
		bytes += 17 + symbols;
		count -= 17 + symbols;
	}
	return count == 0;
}

/* The gate has read the sizes; here only what it leaves to libjpeg. */
static bool read_frame(const uint8_t *bytes, size_t count, const pf_jpeg_head *head, pf_baseline_scan *scan)
{
	if (count != 6 + 3 * (size_t)head->components) {
		return false;
	}
	for (uint32_t i = 0; i < head->components; i++) {
		scan->component[i].steps = bytes[8 + 3 * (size_t)i];
		for (uint32_t other = 0; other < i; other++) {
			if (head->component[i].id == head->component[other].id) {
				return false;
			}
		}
	}
	return true;
}

static bool read_scan(const uint8_t *bytes, size_t count, const pf_jpeg_head *head, pf_baseline_scan *scan)
{
	if (count != 4 + 2 * (size_t)head->components || bytes[0] != head->components) {
		return false;
	}
	for (uint32_t i = 0; i < head->components; i++) {
		uint8_t tables = bytes[2 + 2 * (size_t)i];
		scan->component[i].dc = tables >> 4;
		scan->component[i].ac = tables & 15;
		if (bytes[1 + 2 * (size_t)i] != head->component[i].id ||
		    scan->component[i].steps >= PF_BASELINE_TABLES || tables >> 4 >= PF_BASELINE_TABLES ||
		    (tables & 15) >= PF_BASELINE_TABLES || !scan->has_steps[scan->component[i].steps]) {
			return false;
		}
	}
	const uint8_t *last = bytes + count - 3;
	return last[0] == 0 && last[1] == 63 && last[2] == 0;
}

/* Application segments that make libjpeg warn, or think of other colours. */
static bool read_application(uint8_t marker, const uint8_t *bytes, size_t count, const pf_jpeg_head *head)
{
	if (marker == SEGMENT_APP0 && count >= 14 && memcmp(bytes, "JFIF", 5) == 0) {
		return bytes[5] == 1;
	}
	if (marker == SEGMENT_APP14 && count >= 12 && memcmp(bytes, "Adobe", 5) == 0) {
		return head->components == 1 || bytes[11] == ADOBE_YCBCR;
	}
	return true;
}

static bool read_segment(uint8_t marker, const uint8_t *bytes, size_t count, const pf_jpeg_head *head,
			 pf_baseline_scan *scan)
{
	switch (marker) {
	case SEGMENT_SOF0:
		return read_frame(bytes, count, head, scan);
	case SEGMENT_DHT:
		return read_huffman(bytes, count, scan);
	case SEGMENT_DQT:
		return read_quantisation(bytes, count, scan);
	case SEGMENT_DRI:
		return count == 2 && bytes[0] == 0 && bytes[1] == 0;
	case SEGMENT_SOS:
		return read_scan(bytes, count, head, scan);
	default:
		return (marker >= SEGMENT_APP0 && marker <= SEGMENT_APP15 &&
			read_application(marker, bytes, count, head)) ||
		       marker == SEGMENT_COM;
	}
}

bool pf_baseline_scan_read(const pf_jpeg_source *source, const pf_jpeg_head *head, pf_baseline_scan *scan)
{
	const uint8_t *data = source->data;
	memset(scan, 0, sizeof *scan);
	for (size_t at = 2; source->bytes - at >= 4;) {
		uint8_t marker = data[at + 1];
		size_t length = (size_t)data[at + 2] << 8 | data[at + 3];
		if (data[at] != 0xFF || length < 2 || length > source->bytes - at - 2 ||
		    !read_segment(marker, data + at + 4, length - 2, head, scan)) {
			return false;
		}
		at += 2 + length;
		if (marker == SEGMENT_SOS) {
			scan->data = at;
			return true;
		}
	}
	return false;
}
