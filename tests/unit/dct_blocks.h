/* Blocks of coefficients for tests of transforms to smaller sizes. */
#ifndef TESTS_DCT_BLOCKS_H
#define TESTS_DCT_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

enum { PF_DCT_BLOCKS = 41 };

typedef struct pf_dct_blocks {
	_Alignas(64) int16_t given[PF_DCT_BLOCKS * 64], work[PF_DCT_BLOCKS * 64];
	uint8_t ends[PF_DCT_BLOCKS];
	uint16_t steps[64];
	uint64_t drawn; /* of the random numbers; begin with any */
} pf_dct_blocks;

uint32_t pf_dct_draw(pf_dct_blocks *blocks, uint32_t low, uint32_t high); /* both may come */

/* Draws `given` as photos have them, or, with `wild`, also such that cannot be. */
void pf_dct_fill(pf_dct_blocks *blocks, bool wild);

/* Before a transform of `count` blocks of `work`; and after it: it wiped those and touched no other. */
void pf_dct_begin(pf_dct_blocks *blocks);
void pf_dct_check_wiped(const pf_dct_blocks *blocks, uint32_t count);

#endif
