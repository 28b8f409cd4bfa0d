#include "dct_blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/kernels/inverse_dct.h"
#include "jpeg_fixture.h"

uint32_t pf_dct_draw(pf_dct_blocks *blocks, uint32_t low, uint32_t high)
{
	return low + pf_fixture_random(&blocks->drawn) % (high - low + 1);
}

void pf_dct_fill(pf_dct_blocks *blocks, bool wild)
{
	memset(blocks->given, 0, sizeof blocks->given);
	for (unsigned i = 0; i < 64; i++) {
		blocks->steps[i] = (uint16_t)pf_dct_draw(blocks, 1, 12);
	}
	for (unsigned b = 0; b < PF_DCT_BLOCKS; b++) {
		static const uint32_t most[] = {1, 10, 64};
		blocks->ends[b] = (uint8_t)pf_dct_draw(blocks, 1, most[pf_dct_draw(blocks, 0, 2)]);
		for (unsigned k = 0; k < blocks->ends[b]; k++) {
			uint32_t size = wild ? 2000 : k ? 30 / (1 + k / 2) : 800u / blocks->steps[0];
			int32_t value = (int32_t)pf_dct_draw(blocks, 0, 2 * size) - (int32_t)size;
			blocks->given[b * 64 + pf_zigzag[k]] = (int16_t)value;
		}
	}
}

void pf_dct_begin(pf_dct_blocks *blocks)
{
	memcpy(blocks->work, blocks->given, sizeof blocks->work);
}

void pf_dct_check_wiped(const pf_dct_blocks *blocks, uint32_t count)
{
	for (size_t i = 0; i < 64 * (size_t)count; i++) {
		assert_int_equal(blocks->work[i], 0);
	}
	assert_memory_equal(blocks->work + 64 * (size_t)count, blocks->given + 64 * (size_t)count,
			    (PF_DCT_BLOCKS - count) * 64 * sizeof *blocks->work);
}
