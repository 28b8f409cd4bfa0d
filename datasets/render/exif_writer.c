#include "datasets/render/exif_writer.h"

#include <stdio.h>
#include <string.h>

enum {
	ASCII = 2,
	SHORT = 3,
	LONG = 4,
	RATIONAL = 5,
	UNDEFINED = 7,
	SRATIONAL = 10,
	HEADER = 6,
	MAX_PAYLOAD = 65533
};

/* An IFD under construction: entries from `at`, larger values from `heap` on. Offsets count from the TIFF
 * header. */
typedef struct writer {
	uint8_t *tiff;
	size_t capacity, heap;
	size_t entry;
	int overflow;
} writer;

static void put16(writer *w, size_t at, unsigned v)
{
	if (at + 2 > w->capacity) {
		w->overflow = 1;
		return;
	}
	w->tiff[at] = (uint8_t)v;
	w->tiff[at + 1] = (uint8_t)(v >> 8);
}

static void put32(writer *w, size_t at, uint32_t v)
{
	put16(w, at, v & 0xFFFF);
	put16(w, at + 2, v >> 16);
}

static void put_bytes(writer *w, size_t at, const void *bytes, size_t size)
{
	if (at + size > w->capacity) {
		w->overflow = 1;
		return;
	}
	memcpy(w->tiff + at, bytes, size);
}

/* Opens an IFD of `count` entries at the heap's end; returns its offset. */
static size_t begin(writer *w, unsigned count)
{
	size_t at = w->heap;
	put16(w, at, count);
	w->entry = at + 2;
	w->heap = at + 2 + 12 * (size_t)count + 4;
	put32(w, w->heap - 4, 0);
	return at;
}

static void head(writer *w, unsigned tag, unsigned type, uint32_t count)
{
	put16(w, w->entry, tag);
	put16(w, w->entry + 2, type);
	put32(w, w->entry + 4, count);
	put32(w, w->entry + 8, 0);
	w->entry += 12;
}

static void add_number(writer *w, unsigned tag, unsigned type, uint32_t v)
{
	head(w, tag, type, 1);
	if (type == SHORT) {
		put16(w, w->entry - 4, v);
	} else {
		put32(w, w->entry - 4, v);
	}
}

static void add_bytes(writer *w, unsigned tag, unsigned type, const void *bytes, size_t size)
{
	head(w, tag, type, (uint32_t)size);
	if (size <= 4) {
		put_bytes(w, w->entry - 4, bytes, size);
		return;
	}
	put32(w, w->entry - 4, (uint32_t)w->heap);
	put_bytes(w, w->heap, bytes, size);
	w->heap += (size + 1) & ~(size_t)1;
}

static void add_text(writer *w, unsigned tag, const char *text)
{
	add_bytes(w, tag, ASCII, text, strlen(text) + 1);
}

static void add_ratio(writer *w, unsigned tag, unsigned type, int32_t over, int32_t under)
{
	head(w, tag, type, 1);
	put32(w, w->entry - 4, (uint32_t)w->heap);
	put32(w, w->heap, (uint32_t)over);
	put32(w, w->heap + 4, (uint32_t)under);
	w->heap += 8;
}

static void write_exif_ifd(writer *w, const pf_exif_facts *f, const char *when)
{
	char sub[8];
	int with_sub = f->millisecond >= 0;
	snprintf(sub, sizeof sub, "%02d", f->millisecond / 10 % 100);
	begin(w, 19u + (with_sub ? 1u : 0u));
	add_ratio(w, 0x829A, RATIONAL, 1, (int32_t)f->exposure_denominator);
	add_ratio(w, 0x829D, RATIONAL, (int32_t)f->f_number_tenths, 10);
	add_number(w, 0x8827, SHORT, f->iso);
	add_bytes(w, 0x9000, UNDEFINED, "0230", 4);
	add_text(w, 0x9003, when);
	add_text(w, 0x9004, when);
	add_bytes(w, 0x9101, UNDEFINED, "\1\2\3", 4);
	add_ratio(w, 0x9204, SRATIONAL, f->bias_thirds, 3);
	add_number(w, 0x9207, SHORT, 5);  /* pattern metering */
	add_number(w, 0x9209, SHORT, 16); /* no flash */
	add_ratio(w, 0x920A, RATIONAL, (int32_t)f->focal_mm, 1);
	if (with_sub) {
		add_text(w, 0x9291, sub);
	}
	add_bytes(w, 0xA000, UNDEFINED, "0100", 4);
	add_number(w, 0xA001, SHORT, 1); /* sRGB */
	add_number(w, 0xA002, LONG, f->width);
	add_number(w, 0xA003, LONG, f->height);
	add_number(w, 0xA402, SHORT, f->bracket ? 2 : 0);
	add_number(w, 0xA403, SHORT, 0);
	add_text(w, 0xA431, f->serial);
	add_text(w, 0xA434, f->lens);
}

static void write_thumbnail_ifd(writer *w, const pf_exif_facts *f)
{
	begin(w, 6);
	add_number(w, 0x0103, SHORT, 6); /* JPEG */
	add_ratio(w, 0x011A, RATIONAL, 72, 1);
	add_ratio(w, 0x011B, RATIONAL, 72, 1);
	add_number(w, 0x0128, SHORT, 2);
	head(w, 0x0201, LONG, 1);
	size_t offset_at = w->entry - 4;
	add_number(w, 0x0202, LONG, (uint32_t)f->thumbnail_size);
	put32(w, offset_at, (uint32_t)w->heap);
	put_bytes(w, w->heap, f->thumbnail, f->thumbnail_size);
	w->heap += f->thumbnail_size;
}

pf_status pf_exif_write(const pf_exif_facts *f, uint8_t *out, size_t capacity, size_t *size)
{
	if (capacity < HEADER + 8) {
		return PF_ERR_INVALID;
	}
	capacity = capacity > MAX_PAYLOAD ? MAX_PAYLOAD : capacity;
	writer w = {out + HEADER, capacity - HEADER, 8, 0, 0};
	char when[32];
	snprintf(when, sizeof when, "%04d:%02d:%02d %02d:%02d:%02d", f->year, f->month, f->day, f->hour,
		 f->minute, f->second);
	memset(out, 0, capacity); /* values of odd length leave a byte between them */
	memcpy(out, "Exif\0\0", HEADER);
	memcpy(w.tiff, "II*\0\10\0\0\0", 8);
	size_t ifd0 = begin(&w, 9);
	add_text(&w, 0x010F, f->make);
	add_text(&w, 0x0110, f->model);
	add_number(&w, 0x0112, SHORT, (uint32_t)f->orientation);
	add_ratio(&w, 0x011A, RATIONAL, 300, 1);
	add_ratio(&w, 0x011B, RATIONAL, 300, 1);
	add_number(&w, 0x0128, SHORT, 2);
	add_text(&w, 0x0132, when);
	add_number(&w, 0x0213, SHORT, 1); /* YCbCr centred, as JFIF */
	head(&w, 0x8769, LONG, 1);
	put32(&w, w.entry - 4, (uint32_t)w.heap);
	write_exif_ifd(&w, f, when);
	if (f->thumbnail_size > 0) {
		put32(&w, ifd0 + 2 + 9 * 12, (uint32_t)w.heap);
		write_thumbnail_ifd(&w, f);
	}
	*size = HEADER + w.heap;
	return w.overflow || w.heap > w.capacity ? PF_ERR_INVALID : PF_OK;
}
