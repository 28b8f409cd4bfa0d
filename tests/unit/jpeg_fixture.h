/* Test photos: JPEG files, EXIF segments and hostile files made in memory, and folders to put them into. All
 * failures end the test through cmocka. */
#ifndef PHOTOFINISH_JPEG_FIXTURE_H
#define PHOTOFINISH_JPEG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/photo/jpeg.h"
#include "photofinish/dataset.h"

/* Freed by pf_fixture_free. */
typedef struct pf_fixture_bytes {
	uint8_t *data;
	size_t bytes;
} pf_fixture_bytes;
void pf_fixture_free(pf_fixture_bytes *bytes);

/* Fills ycc[0..2] for the pixel (x, y); grey photos use ycc[0]. */
typedef void (*pf_fixture_pixel_fn)(void *context, uint32_t x, uint32_t y, uint8_t ycc[3]);

typedef struct pf_fixture_spec {
	uint32_t width_px, height_px;
	unsigned components;         /* 1, 3 (default) or 4 (CMYK) */
	unsigned h, v;               /* luma sampling, default 2x2 */
	unsigned chroma_h, chroma_v; /* default 1x1 */
	int quality;                 /* default 92 */
	unsigned scans; /* 0: sequential; 1: libjpeg's progression; more: at least so many scans */
	bool arithmetic, rgb;
	unsigned restart_rows;
	pf_fixture_bytes exif;     /* APP1 payload; not freed */
	pf_fixture_pixel_fn pixel; /* default: gradients, edges and texture in all channels */
	void *context;
} pf_fixture_spec;
pf_fixture_bytes pf_fixture_jpeg(const pf_fixture_spec *spec);

/* Fields left 0 are not written. */
typedef struct pf_fixture_exif_spec {
	bool big_endian;
	const char *make, *model, *serial;
	const char *time_original, *time_digitized, *time_changed;
	const char *subsecond_original, *subsecond_digitized, *subsecond_changed;
	unsigned orientation;
	bool auto_bracket;
	int32_t bias_numerator, bias_denominator; /* written where the denominator is not 0 */
	pf_fixture_bytes thumbnail, maker_note;
} pf_fixture_exif_spec;
pf_fixture_bytes pf_fixture_exif(const pf_fixture_exif_spec *spec);

/* A progressive file of about 150 bytes that declares width x height pixels. */
pf_fixture_bytes pf_fixture_bomb(uint16_t width_px, uint16_t height_px);

/* Offset of the first marker FF `marker`, by walking the segments. */
size_t pf_fixture_find_marker(const pf_fixture_bytes *bytes, uint8_t marker);

/* A dataset in a new folder below $TMPDIR or /tmp. */
typedef struct pf_fixture_folder {
	char path[256];
	pf_dataset *dataset;
} pf_fixture_folder;
void pf_fixture_folder_open(pf_fixture_folder *folder);
size_t pf_fixture_folder_add(pf_fixture_folder *folder, const char *name, const pf_fixture_bytes *bytes);
void pf_fixture_folder_close(pf_fixture_folder *folder); /* removes it with its files */

/* Gate and decode with the default limits. */
pf_status pf_fixture_decode(const pf_fixture_bytes *bytes, pf_image *image, pf_error *error);
pf_jpeg_limits pf_fixture_limits(void);

/* Random numbers for tests: the next value of a 64-bit linear congruential generator. */
uint32_t pf_fixture_random(uint64_t *state);

#endif
