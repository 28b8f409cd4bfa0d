#include "core/photo/exif_gate.h"

#include <string.h>

#define ENTRY_BYTES 12
#define TAG_EXIF_DIRECTORY 0x8769
#define TAG_GPS_DIRECTORY 0x8825
#define TAG_INTEROPERABILITY_DIRECTORY 0xA005
#define TAG_MAKER_NOTE 0x927C

#define PASSES_MAX 4 /* directories that overlap may be changed by what is taken out of one another */

typedef struct gate {
	uint8_t *tiff;
	size_t bytes;
	bool little_endian;
	unsigned directories;
	uint32_t reached[PF_EXIF_DIRECTORIES_MAX];
	uint64_t value_bytes;
	unsigned taken_out;
} gate;

static uint32_t read_16(const gate *g, size_t at)
{
	const uint8_t *b = g->tiff + at;
	return g->little_endian ? b[0] | (uint32_t)b[1] << 8 : b[1] | (uint32_t)b[0] << 8;
}

static uint32_t read_32(const gate *g, size_t at)
{
	return g->little_endian ? read_16(g, at) | read_16(g, at + 2) << 16
				: read_16(g, at + 2) | read_16(g, at) << 16;
}

/* Bytes of one component of a TIFF type; 0 where the type is none, which libexif skips. */
static uint32_t type_bytes(uint32_t type)
{
	static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
	return type < sizeof sizes ? sizes[type] : 0;
}

static bool is_pointer(uint32_t tag)
{
	return tag == TAG_EXIF_DIRECTORY || tag == TAG_GPS_DIRECTORY || tag == TAG_INTEROPERABILITY_DIRECTORY;
}

static void take_out(gate *g, size_t at, size_t bytes)
{
	memset(g->tiff + at, 0, bytes);
	g->taken_out++;
}

/* Notes that the directory is going to be walked. False where it must not be. */
static bool enter(gate *g, uint32_t at, unsigned depth)
{
	if (depth > PF_EXIF_DEPTH_MAX || g->directories >= PF_EXIF_DIRECTORIES_MAX) {
		return false;
	}
	for (unsigned i = 0; i < g->directories; i++) {
		if (g->reached[i] == at) {
			return false;
		}
	}
	g->reached[g->directories++] = at;
	return true;
}

static void walk_directory(gate *g, size_t at, unsigned depth);

static void check_entry(gate *g, size_t at, unsigned depth)
{
	uint32_t tag = read_16(g, at), to = read_32(g, at + 8);
	uint64_t bytes = (uint64_t)type_bytes(read_16(g, at + 2)) * read_32(g, at + 4);
	bool pointer = is_pointer(tag), refused = tag == TAG_MAKER_NOTE || bytes > PF_EXIF_VALUE_BYTES_MAX ||
						  bytes > PF_EXIF_ALL_BYTES_MAX - g->value_bytes;
	if (refused || (pointer && !enter(g, to, depth + 1))) {
		take_out(g, at, ENTRY_BYTES);
	} else if (pointer) {
		walk_directory(g, to, depth + 1);
	} else {
		g->value_bytes += bytes;
	}
}

static void write_count(gate *g, size_t at, uint32_t count)
{
	g->tiff[at + !g->little_endian] = (uint8_t)count;
	g->tiff[at + g->little_endian] = (uint8_t)(count >> 8);
	g->taken_out++;
}

/* A directory that does not fit into the segment is no offence: libexif stops there too. */
static void walk_directory(gate *g, size_t at, unsigned depth)
{
	if (at > g->bytes || g->bytes - at < 2) {
		return;
	}
	uint32_t count = read_16(g, at);
	bool too_many = count > PF_EXIF_ENTRIES_MAX;
	if (too_many) {
		count = PF_EXIF_ENTRIES_MAX;
		write_count(g, at, count);
	}
	at += 2;
	for (uint32_t i = 0; i < count && g->bytes - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
		check_entry(g, at, depth);
	}
	/* The next directory; libexif follows it from the first one only. */
	if (depth > 0 || g->bytes - at < 4) {
		return;
	}
	uint32_t next = read_32(g, at);
	if (next != 0 && (too_many || !enter(g, next, 1))) {
		take_out(g, at, 4);
	} else if (next != 0) {
		walk_directory(g, next, 1);
	}
}

bool pf_exif_gate(uint8_t *tiff, size_t bytes)
{
	if (bytes < 8 || (memcmp(tiff, "II", 2) != 0 && memcmp(tiff, "MM", 2) != 0)) {
		return false;
	}
	for (unsigned pass = 0; pass < PASSES_MAX; pass++) {
		gate g = {.tiff = tiff, .bytes = bytes, .little_endian = tiff[0] == 'I'};
		uint32_t first = read_32(&g, 4);
		if (enter(&g, first, 0)) {
			walk_directory(&g, first, 0);
		}
		if (g.taken_out == 0) {
			return true;
		}
	}
	return false;
}
