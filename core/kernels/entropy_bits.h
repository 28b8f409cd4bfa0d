/* Bits of Huffman-coded data, and the slow way to a symbol, compiled once for each set of instructions:
 * whoever includes this may define ENTROPY first. */
#ifndef PHOTOFINISH_ENTROPY_BITS_H
#define PHOTOFINISH_ENTROPY_BITS_H

#include <string.h>

#include "core/kernels/entropy.h"

#ifndef ENTROPY
#define ENTROPY static inline
#endif

typedef struct bit_reader {
	const uint8_t *at;
	uint64_t bits;
	uint64_t count;
} bit_reader;

/* At least 56 bits hold afterwards; those below are the right ones, too, and come again (Giesen 2018). Of
 * `count` the lowest 6 bits hold. */
ENTROPY void refill(bit_reader *r)
{
	uint64_t next;
	memcpy(&next, r->at, sizeof next);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	next = __builtin_bswap64(next);
#endif
	r->bits |= next >> (r->count & 63);
	r->at += ~r->count >> 3 & 7;
	r->count |= 56;
}

/* What `count` has above its 6 bits does not matter. */
ENTROPY void drop(bit_reader *r, uint64_t count)
{
	r->bits <<= count & 63;
	r->count -= count;
}

/* The value of `size` (1..15) bits: those that begin with 0 stand for negative numbers. */
ENTROPY int32_t take_value(bit_reader *r, uint32_t size)
{
	int32_t value = (int32_t)(r->bits >> (64 - size));
	int32_t negative = r->bits >> 63 ? 0 : (1 << size) - 1;
	drop(r, size);
	return value - negative;
}

/* The next symbol, bit length by bit length; -1 where there is no such code. Fills up before and after. */
ENTROPY int32_t take_symbol(bit_reader *r, const pf_huffman_codes *codes)
{
	refill(r);
	uint32_t prefix = (uint32_t)(r->bits >> 48), length = 1;
	while (length <= 16 && prefix >= codes->limits[length]) {
		length++;
	}
	if (length > 16) {
		return -1;
	}
	drop(r, length);
	refill(r);
	return codes->symbols[(codes->first[length] + (int32_t)(prefix >> (16 - length))) & 255];
}

#endif
