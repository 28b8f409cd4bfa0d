/* Huffman decoding, compiled once for each set of instructions. */
#ifndef PHOTOFINISH_ENTROPY_BODY_H
#define PHOTOFINISH_ENTROPY_BODY_H

#include "core/kernels/entropy_bits.h"

#define END_OF_BLOCK 128 /* added to the position */
#define LOOKUPS 4        /* that are there after a refill and a DC code: 56 - 10 bits */
#define RARE(condition) __builtin_expect(!!(condition), 0)

enum { AC_ODD, AC_MORE, AC_END };

ENTROPY int store_value(int32_t value, const uint16_t *steps, int16_t *block, uint32_t k)
{
	uint32_t to = pf_zigzag[k];
	int32_t product = value * (int32_t)steps[to];
	block[to] = (int16_t)value;
	return product <= PF_DEQUANTISED_MAX && product >= -PF_DEQUANTISED_MAX ? AC_MORE : AC_ODD;
}

/* One AC code with its value. */
ENTROPY int take_ac(bit_reader *r, const pf_huffman_codes *codes, const uint16_t *steps, int16_t *block,
		    uint32_t *k)
{
	int32_t symbol = take_symbol(r, codes);
	uint32_t run = (uint32_t)symbol >> 4 & 15, size = (uint32_t)symbol & 15;
	if (symbol <= 0) {
		return symbol < 0 ? AC_ODD : AC_END;
	}
	if ((size == 0 && run != 15) || *k + run > 63) {
		return AC_ODD;
	}
	*k += run + 1;
	return size ? store_value(take_value(r, size), steps, block, *k - 1) : AC_MORE;
}

/* To the end of the block, code by code. */
ENTROPY uint32_t finish_block(bit_reader *r, const pf_ac_table *table, const uint16_t *steps, int16_t *block,
			      uint32_t k)
{
	int more = AC_MORE;
	while (k < 64 && more == AC_MORE) {
		more = take_ac(r, &table->codes, steps, block, &k);
	}
	return more == AC_ODD ? 0 : k;
}

/* One code whose value does not fit the look-up: `entry` has the code's length, the run, and the size of the
 * value. */
ENTROPY int take_long(bit_reader *r, uint64_t entry, const uint16_t *steps, int16_t *block, uint32_t *k)
{
	uint32_t size = entry >> 32 & 15;
	drop(r, entry);
	refill(r);
	*k += entry >> 8 & 255;
	if (*k > 64) {
		return AC_ODD;
	}
	return store_value(take_value(r, size), steps, block, *k - 1);
}

/* The position behind the last coefficient, 1..64, or 0 where something is odd. At least 46 bits hold. A
 * look-up may have taken the second code of its entry from behind the end of a block that is full: then its
 * step is done again. */
ENTROPY uint32_t take_block(bit_reader *r, const pf_ac_table *table, const uint16_t *steps, int16_t *block)
{
	bit_reader now = *r;
	uint64_t entry, bits;
	uint32_t k = 1, begin;
	for (;;) {
#pragma GCC unroll 4
		for (unsigned i = 0; i < LOOKUPS; i++) {
			entry = table->entries[now.bits >> (64 - PF_LOOKUP_BITS)];
			bits = now.bits;
			begin = k;
			if (RARE(entry & PF_AC_LONG)) {
				break;
			}
			block[pf_zigzag[k + (entry >> 16 & 255)]] = (int16_t)(entry >> 32);
			block[pf_zigzag[k + (entry >> 24 & 255)]] = (int16_t)(entry >> 48);
			k += entry >> 8 & 255;
			drop(&now, entry);
			if (k >= 64) {
				goto full;
			}
		}
		if (RARE(entry & PF_AC_LONG)) {
			int more = (entry & 63) ? take_long(&now, entry, steps, block, &k)
						: take_ac(&now, &table->codes, steps, block, &k);
			if (more != AC_MORE || k == 64) {
				*r = now;
				return more == AC_ODD ? 0 : k;
			}
		}
		refill(&now);
	}
full:
	*r = now;
	k = k < 64 + END_OF_BLOCK && k >= END_OF_BLOCK ? k - END_OF_BLOCK : k;
	if (RARE(k > 64)) {
		r->bits = bits;
		r->count += entry & 63;
		return finish_block(r, table, steps, block, begin);
	}
	return k;
}

/* False where something is odd. */
ENTROPY bool take_dc(bit_reader *r, const pf_dc_table *table, int32_t *predicted, int32_t most)
{
	refill(r);
	uint32_t entry = table->entries[r->bits >> (64 - PF_DC_LOOKUP_BITS)];
	int32_t difference = (int32_t)entry >> 16;
	if (RARE(entry == 0)) {
		int32_t size = take_symbol(r, &table->codes);
		if (size < 0 || size > 11) {
			return false;
		}
		difference = size ? take_value(r, (uint32_t)size) : 0;
	} else {
		drop(r, entry);
	}
	*predicted += difference;
	return *predicted <= most && *predicted >= -most;
}

/* Up to `count` MCUs, the first of them number `first` of those that `block` points at; how many. Fewer than
 * that where `limit` was reached or something is odd. */
ENTROPY uint32_t decode_mcus(pf_entropy *e, uint32_t first, uint32_t count)
{
	bit_reader r = {e->at, e->bits, e->count};
	uint32_t mcu = 0;
	for (; mcu < count && r.at < e->limit; mcu++) {
		for (uint32_t i = 0; i < e->blocks; i++) {
			const pf_mcu_block *to = &e->block[i];
			size_t at = (size_t)(first + mcu) * to->step;
			int16_t *block = to->coefficients + at * 64;
			const pf_ac_table *ac = e->component[to->component].ac;
			const uint16_t *steps = e->component[to->component].steps;
			int32_t *predicted = &e->component[to->component].predicted;
			bool good = take_dc(&r, e->component[to->component].dc, predicted,
					    e->component[to->component].dc_most);
			uint32_t end = good ? take_block(&r, ac, steps, block) : 0;
			to->ends[at] = (uint8_t)end;
			block[0] = (int16_t)*predicted;
			if (RARE(end == 0)) {
				e->odd = true;
				return mcu;
			}
		}
	}
	e->at = r.at;
	e->bits = r.bits;
	e->count = r.count;
	return mcu;
}

#endif
