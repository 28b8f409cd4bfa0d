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
#define PF_EXIF_ENTRIES_MAX 512              /* in all directories together */
#define PF_EXIF_VALUE_BYTES_MAX (128 * 1024) /* of all values together, the maker note not counted */

/* Walks all directories that libexif could reach in `tiff` (what follows "Exif\0\0") and blanks the maker
 * note's entry in place. False where a limit is passed or the header is none: do not parse it. */
bool pf_exif_gate(uint8_t *tiff, size_t bytes);

#endif
