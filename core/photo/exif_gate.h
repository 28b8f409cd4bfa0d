/* The gate of EXIF: bounds what libexif will do with a TIFF structure before libexif sees it. */
#ifndef PHOTOFINISH_EXIF_GATE_H
#define PHOTOFINISH_EXIF_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libexif copies every value; entries may all point at the same bytes, so that 64 KiB could ask for gigabytes
 * without these. Cameras write about 60 entries in 4 directories. */
#define PF_EXIF_DEPTH_MAX 4
#define PF_EXIF_DIRECTORIES_MAX 8
#define PF_EXIF_ENTRIES_MAX 512            /* of one directory */
#define PF_EXIF_VALUE_BYTES_MAX 4096       /* of one value; what is wanted is shorter */
#define PF_EXIF_ALL_BYTES_MAX (128 * 1024) /* of all values together */

/* Walks all directories that libexif could reach in `tiff` (what follows "Exif\0\0") and takes out, in place,
 * what is odd or too much: pointers to a directory that was reached before, too deep or one too many, entries
 * behind the limit of a directory, values that are too long, maker notes. The rest stays. False where that
 * leaves nothing that is safe: do not parse it. */
bool pf_exif_gate(uint8_t *tiff, size_t bytes);

#endif
