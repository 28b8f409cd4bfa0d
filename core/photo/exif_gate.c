#include "core/photo/exif_gate.h"

#include <string.h>

#define ENTRY_BYTES 12
#define TAG_EXIF_DIRECTORY 0x8769
#define TAG_GPS_DIRECTORY 0x8825
#define TAG_INTEROPERABILITY_DIRECTORY 0xA005
#define TAG_MAKER_NOTE 0x927C

typedef struct gate {
	uint8_t *tiff;
	size_t bytes;
	bool little_endian;
	unsigned directories, entries;
	uint64_t value_bytes;
	unsigned blanked; /* maker notes */
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

static bool walk_directory(gate *g, size_t at, unsigned depth);

static bool check_entry(gate *g, size_t at, unsigned depth)
{
	uint32_t tag = read_16(g, at);
	if (tag == TAG_MAKER_NOTE) {
		memset(g->tiff + at, 0, ENTRY_BYTES);
		g->blanked++;
		return true;
	}
	if (tag == TAG_EXIF_DIRECTORY || tag == TAG_GPS_DIRECTORY || tag == TAG_INTEROPERABILITY_DIRECTORY) {
		return walk_directory(g, read_32(g, at + 8), depth + 1);
	}
	uint64_t bytes = (uint64_t)type_bytes(read_16(g, at + 2)) * read_32(g, at + 4);
	g->value_bytes += bytes <= g->bytes ? bytes : 0; /* libexif leaves out what does not fit */
	return g->value_bytes <= PF_EXIF_VALUE_BYTES_MAX;
}

/* A directory that does not fit into the segment is no offence: libexif stops there too. */
static bool walk_directory(gate *g, size_t at, unsigned depth)
{
	if (depth > PF_EXIF_DEPTH_MAX || ++g->directories > PF_EXIF_DIRECTORIES_MAX) {
		return false;
	}
	if (at > g->bytes || g->bytes - at < 2) {
		return true;
	}
	uint32_t count = read_16(g, at);
	g->entries += count;
	if (g->entries > PF_EXIF_ENTRIES_MAX) {
		return false;
	}
	at += 2;
	for (uint32_t i = 0; i < count && g->bytes - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
		if (!check_entry(g, at, depth)) {
			return false;
		}
	}
	if (depth == 0 && g->bytes - at >= 4 && read_32(g, at) != 0) {
		return walk_directory(g, read_32(g, at), depth + 1);
	}
	return true;
}

/* Blanking may change a directory that overlaps the maker note's entry and was walked before. Then another
 * walk finds something new to blank, which no camera gives cause for. */
bool pf_exif_gate(uint8_t *tiff, size_t bytes)
{
	if (bytes < 8 || (memcmp(tiff, "II", 2) != 0 && memcmp(tiff, "MM", 2) != 0)) {
		return false;
	}
	gate first = {.tiff = tiff, .bytes = bytes, .little_endian = tiff[0] == 'I'};
	gate again = first;
	return walk_directory(&first, read_32(&first, 4), 0) &&
	       (first.blanked == 0 || (walk_directory(&again, read_32(&again, 4), 0) && again.blanked == 0));
}
