/* What lanes are made from, and one code at a time: the loop is in entropy_pair.c. */
#include "core/kernels/entropy_body.h"

#define ZIGZAG                                                                                              \
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, \
		6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,   \
		52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63

/* Places before PF_LANE_START are none. */
_Alignas(256) const uint8_t pf_lane_places[512] = {[PF_LANE_START] = ZIGZAG, [256 ... 511] = 64};

static uint64_t lane_entry(uint32_t used, uint32_t step, uint32_t first, uint32_t second, uint64_t value,
			   uint64_t second_value)
{
	return (uint64_t)step << 56 | (uint64_t)second << 48 | (second_value & 0xFFFF) << 32 |
	       (value & 0xFFFF) << 16 | (uint64_t)first << 8 | used;
}

void pf_lane_ac_make(const pf_ac_table *table, uint64_t entries[1 << PF_LOOKUP_BITS])
{
	const uint32_t end = END_OF_BLOCK;
	for (uint32_t i = 0; i < 1 << PF_LOOKUP_BITS; i++) {
		uint64_t e = table->entries[i];
		uint32_t step = e >> 8 & 255;
		step = step >= end ? step - end + PF_LANE_END : step;
		entries[i] = e & PF_AC_LONG ? lane_entry(0, PF_LANE_SLOW, 0, 0, 0, 0)
					    : lane_entry(e & 63, step, e >> 16 & 255, e >> 24 & 255, e >> 32,
							 e >> 48);
	}
}

/* The second value of an entry, 0, goes to the next coefficient, which is still 0. */
void pf_lane_dc_make(const pf_dc_table *table, uint64_t entries[1 << PF_LOOKUP_BITS])
{
	for (uint32_t i = 0; i < 1 << PF_LOOKUP_BITS; i++) {
		uint32_t e = table->entries[i >> (PF_LOOKUP_BITS - PF_DC_LOOKUP_BITS)];
		entries[i] = e ? lane_entry(e & 255, 1, 0, 1, e >> 16, 0)
			       : lane_entry(0, PF_LANE_SLOW, 0, 0, 0, 0);
	}
}

const uint8_t *pf_lane_tell(const pf_lane *lane, uint32_t *skip)
{
	uint32_t used = (uint32_t)__builtin_ctzll(lane->bits);
	*skip = used & 7;
	return lane->at + (used >> 3);
}

void pf_lane_seek(pf_lane *lane, const uint8_t *at, uint32_t skip)
{
	bit_reader r = {.at = at};
	refill(&r);
	lane->at = at;
	lane->bits = (r.bits | 1) << skip;
}

/* The code at place `k` of the block at hand; false where something is odd. */
static bool take_code(pf_lane *lane, bit_reader *r, uint32_t *k, bool *ends)
{
	const pf_lane_block *block = lane->block;
	uint32_t component = block->end >> 8 & 3;
	if (*k > 0) {
		int more = take_ac(r, &lane->component[component].ac->codes, lane->component[component].steps,
				   block->coefficients, k);
		*ends = more == AC_END || *k == 64;
		return more != AC_ODD;
	}
	int32_t size = take_symbol(r, &lane->component[component].dc->codes);
	if (size < 0 || size > 11) {
		return false;
	}
	block->coefficients[0] = (int16_t)(size ? take_value(r, (uint32_t)size) : 0);
	*k = 1;
	*ends = false;
	return true;
}

void pf_lane_take(pf_lane *lane)
{
	uint32_t skip, k = (uint32_t)(lane->place - pf_lane_places) - PF_LANE_START;
	bit_reader r = {.at = pf_lane_tell(lane, &skip)};
	bool ends;
	if (lane->block == lane->last) {
		lane->state = PF_LANE_DONE;
		return;
	}
	if (lane->at >= lane->limit) {
		lane->state = PF_LANE_EMPTY;
		return;
	}
	refill(&r);
	drop(&r, skip);
	if (!take_code(lane, &r, &k, &ends)) {
		lane->state = PF_LANE_ODD;
		return;
	}
	uint32_t held = r.count & 63, bytes = (held + 7) / 8;
	pf_lane_seek(lane, r.at - bytes, bytes * 8 - held);
	if (ends) {
		uint64_t end = k == 64 ? 0 : k + PF_LANE_START + PF_LANE_END - 256;
		lane->block->end = (lane->block->end & ~(uint64_t)255) | end;
		lane->table = lane->block->next;
		lane->block++;
		k = 0;
	} else {
		lane->table = lane->block->ac;
	}
	lane->place = pf_lane_places + PF_LANE_START + k;
}
