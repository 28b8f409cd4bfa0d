/* The 64-bit difference hash of a picture: how the brightness of neighbouring boxes compares. */
#ifndef PHOTOFINISH_DHASH_H
#define PHOTOFINISH_DHASH_H

#include <stdbool.h>
#include <stdint.h>

#define PF_DHASH_COLUMNS 9
#define PF_DHASH_ROWS 8
/* Smaller pictures have no hash; small decodes are made at least four times that wide. */
#define PF_DHASH_LEAST_PX 9

/* Sums of the 9x8 boxes; zero it before the first row. The boundary of box i of n over a side of s pixels is
 * floor(i * s / n); all arithmetic is in integers. */
typedef struct pf_dhash {
	uint64_t sums[PF_DHASH_ROWS][PF_DHASH_COLUMNS];
	uint32_t counts[PF_DHASH_ROWS][PF_DHASH_COLUMNS];
} pf_dhash;

/* Adds row y of a grey picture; has the type of a pf_jpeg_row_fn, `context` is a pf_dhash. */
void pf_dhash_add_row(void *context, const uint8_t *row, uint32_t y, uint32_t width_px, uint32_t height_px);

/* Bit 8 * row + column is set where the box's mean is below that of its right neighbour. False where the
 * picture was too small. */
bool pf_dhash_finish(const pf_dhash *dhash, uint64_t *hash);

#endif
