/* Two lanes in one loop. A step looks up one entry of one lane: 26 instructions without a branch that depends
 * on the data, but for codes that have to be taken alone. */
#if defined(__x86_64__)
#include <assert.h>
#include <string.h>

#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels.h"

#define RARE(condition) __builtin_expect(!!(condition), 0)
#define TARGET __attribute__((target("avx2,bmi,bmi2,lzcnt,movbe")))

static_assert(offsetof(pf_lane_block, ac) == 8 && offsetof(pf_lane_block, next) == 16 &&
		      offsetof(pf_lane_block, end) == 24 && sizeof(pf_lane_block) == 32,
	      "the loop knows them");

/* Of lane L: the next table is the block's own, the next place follows this one; where the place overflows
 * its byte, the block is full or at its end: then they are the next block's. A place that neither lies in the
 * block nor is one of its ends (bit 6 of what is before it is 0) is found out. Compilers make branches of it
 * where they are not told. */
#define STEP(L)                                                                                           \
	{                                                                                                 \
		uint64_t e = table##L[bits##L >> (64 - PF_LOOKUP_BITS)], advance = e >> 56, before, next; \
		int16_t *to = block##L->coefficients;                                                     \
		to[place##L[(uint8_t)(e >> 8)]] = (int16_t)(e >> 16);                                     \
		to[place##L[(uint8_t)(e >> 48)]] = (int16_t)(e >> 32);                                    \
		__asm__("addb %b[advance], %b[place]\n\t"                                                 \
			"lea -1(%[place]), %[before]\n\t"                                                 \
			"movb %b[place], 24(%[block])\n\t"                                                \
			"mov 8(%[block]), %[table]\n\t"                                                   \
			"cmovc %[start], %[place]\n\t"                                                    \
			"cmovc 16(%[block]), %[table]\n\t"                                                \
			"lea 32(%[block]), %[next]\n\t"                                                   \
			"cmovc %[next], %[block]"                                                         \
			: [place] "+q"(place##L), [before] "=&r"(before), [table] "=&r"(table##L),        \
			  [block] "+r"(block##L), [next] "=&r"(next)                                      \
			: [advance] "r"(advance), [start] "m"(start)                                      \
			: "memory", "cc");                                                                \
		if (RARE(!(before & 64))) {                                                               \
			entry = e;                                                                        \
			after = (uint8_t)(before + 1);                                                    \
			goto slow##L;                                                                     \
		}                                                                                         \
		bits##L <<= e & 63;                                                                       \
	}

#define REFILL(L)                                                           \
	{                                                                   \
		uint64_t used = (uint64_t)__builtin_ctzll(bits##L), loaded; \
		at##L += used >> 3;                                         \
		memcpy(&loaded, at##L, sizeof loaded);                      \
		bits##L = (__builtin_bswap64(loaded) | 1) << (used & 7);    \
	}

#define LOAD(L)               \
	at##L = (L).at;       \
	bits##L = (L).bits;   \
	table##L = (L).table; \
	block##L = (L).block; \
	place##L = (L).place;

#define SAVE(L)               \
	(L).at = at##L;       \
	(L).bits = bits##L;   \
	(L).table = table##L; \
	(L).block = block##L; \
	(L).place = place##L;

/* The entry was no use: the step is undone, and the code taken alone. */
static __attribute__((noinline)) pf_lane_state take_alone(pf_lane *lane, uint64_t entry, uint8_t after)
{
	uint8_t advance = (uint8_t)(entry >> 56);
	if (after < advance) {
		lane->block--;
	}
	lane->place = pf_lane_places + (uint8_t)(after - advance);
	pf_lane_take(lane);
	return lane->state;
}

#define SLOW(L)                                               \
	SAVE(a)                                               \
	SAVE(b)                                               \
	if (take_alone(&(L), entry, after) != PF_LANE_GOES) { \
		break;                                        \
	}                                                     \
	LOAD(a)                                               \
	LOAD(b)                                               \
	continue;

TARGET void pf_decode_pair_avx2(pf_lane *first, pf_lane *second)
{
	pf_lane a = *first, b = *second;
	const uint8_t *ata, *atb, *placea, *placeb, *start = pf_lane_places + PF_LANE_START;
	uint64_t bitsa, bitsb, entry;
	const uint64_t *tablea, *tableb;
	pf_lane_block *blocka, *blockb;
	uint8_t after;
	LOAD(a)
	LOAD(b)
	for (;;) {
		REFILL(a)
		REFILL(b)
		if (RARE(ata >= a.limit || atb >= b.limit)) {
			SAVE(a)
			SAVE(b)
			a.state = ata >= a.limit ? PF_LANE_EMPTY : a.state;
			b.state = atb >= b.limit ? PF_LANE_EMPTY : b.state;
			break;
		}
		STEP(a)
		STEP(b)
		STEP(a)
		STEP(b)
		STEP(a)
		STEP(b)
		STEP(a)
		STEP(b)
		continue;
	slowa:
		SLOW(a)
	slowb:
		SLOW(b)
	}
	*first = a;
	*second = b;
}
#endif
