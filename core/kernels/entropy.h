/* The Huffman-coded data of a baseline JPEG scan, decoded to blocks of coefficients. What decodes is what any
 * decoder makes of it; whatever is odd in the data ends decoding, and another decoder has to judge it. */
#ifndef PHOTOFINISH_ENTROPY_H
#define PHOTOFINISH_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PF_LOOKUP_BITS 11 /* that one look-up in a table of AC codes sees */
#define PF_DC_LOOKUP_BITS 10
#define PF_MCU_BLOCKS_MAX 6
/* A coefficient costs at most 16 bits of code and 15 of value; so many bytes hold any MCU, and what is read
 * ahead of it. */
#define PF_MCU_BYTES_MAX (PF_MCU_BLOCKS_MAX * 64 * 4 + 64)
/* Of a coefficient times its quantisation step. Four times what an 8-bit picture gives; below it nothing in
 * any way of computing the inverse DCT overflows before pf_kernels.inverse_dct notices. */
#define PF_DEQUANTISED_MAX 8191

/* Codes of one table, as the file defines them: `limits[n]` is the least 16-bit prefix that is above all
 * codes of up to n bits, symbols[first[n] + (prefix >> (16 - n))] what a code of n bits stands for. */
typedef struct pf_huffman_codes {
	uint32_t limits[17];
	int32_t first[17];
	uint8_t symbols[256];
} pf_huffman_codes;

/* For each PF_LOOKUP_BITS bits of AC data up to two coefficients, from bit 0 on: the bits used up (6), 0, the
 * flag PF_AC_LONG; how far they bring the position in the block, 128 more at the end of the block (8); the
 * distances from there to where the values go (8 each); the values (16 each). With PF_AC_LONG a single code
 * whose value does not fit: the bits of the code, 0 where that does not fit either, the step, the value's
 * size. */
#define PF_AC_LONG 128
typedef struct pf_ac_table {
	uint64_t entries[1 << PF_LOOKUP_BITS];
	pf_huffman_codes codes;
} pf_ac_table;

/* For each PF_DC_LOOKUP_BITS bits of DC data: bits used up (8), the difference (in the upper 16); or 0. */
typedef struct pf_dc_table {
	uint32_t entries[1 << PF_DC_LOOKUP_BITS];
	pf_huffman_codes codes;
} pf_dc_table;

/* Where the blocks of an MCU go. */
typedef struct pf_mcu_block {
	uint32_t component;
	uint32_t step;         /* blocks from this one to that of the next MCU */
	int16_t *coefficients; /* 64 a block in rows, all 0 before; not multiplied */
	uint8_t *ends; /* of each block: position in zigzag order behind its last coefficient, 1..64 */
} pf_mcu_block;

typedef struct pf_entropy {
	/* The data, without stuffed zeros. At least PF_MCU_BYTES_MAX bytes can be read from `limit` on. */
	const uint8_t *at;
	const uint8_t *limit; /* an MCU begins before it */
	uint64_t bits;        /* the next ones, from the highest bit on */
	uint64_t count;       /* of them that hold: the lowest 6 bits */
	uint32_t blocks;      /* in an MCU */
	bool odd;             /* something was odd: what was decoded holds no longer */
	pf_mcu_block block[PF_MCU_BLOCKS_MAX];
	struct {
		const pf_dc_table *dc;
		const pf_ac_table *ac;
		const uint16_t *steps; /* quantisation, in rows */
		int32_t predicted, dc_most;
	} component[3];
} pf_entropy;

/* Two scans may be decoded side by side, as lanes: while one waits for a look-up the other works. Then
 * no branch may be mispredicted, so that the end of a block and DC codes are no branches: the next block,
 * the next table and the place in the block follow from what is looked up. Entries, from bit 0 on: the bits
 * used up (8); the distances from the place in the block to where the values go (8, and from bit 48 on 8);
 * the values (16 each, from bit 16 on); from bit 56 on how far they bring the place, PF_LANE_END more at the
 * end of the block, PF_LANE_SLOW where the code has to be taken alone. */
enum { PF_LANE_AC, PF_LANE_DC = 2, PF_LANE_STOP = 4, PF_LANE_TABLES, PF_LANE_SETS = 2 };
#define PF_LANE_END 129
#define PF_LANE_SLOW 193
#define PF_LANE_START 192 /* the place of a block's first coefficient: a block is full at 256 */

typedef struct pf_lane_tables {
	/* AC of each set, DC of each set, and one of zeros, which ends a lane. */
	uint64_t entries[PF_LANE_TABLES][1 << PF_LOOKUP_BITS];
} pf_lane_tables;

/* One block of a batch, in the order of the data; 32 bytes, whose offsets the loop knows. */
typedef struct pf_lane_block {
	int16_t *coefficients;     /* 65: what lies behind the block goes to the last */
	const uint64_t *ac, *next; /* tables: of its AC codes, of the DC code that follows */
	uint64_t end;              /* lowest byte: the place that it ended at; the next one: its component */
} pf_lane_block;

typedef enum pf_lane_state {
	PF_LANE_GOES,
	PF_LANE_DONE,  /* the batch is */
	PF_LANE_EMPTY, /* `limit` was reached */
	PF_LANE_ODD,   /* what was decoded holds no longer */
} pf_lane_state;

typedef struct pf_lane {
	const uint8_t *at, *limit;
	uint64_t bits; /* those from `at` on, less those used up, which are as many as the zeros below */
	const uint64_t *table;       /* that is looked up next */
	pf_lane_block *block, *last; /* at hand; behind the batch: one more may be written to */
	const uint8_t *place;        /* in pf_lane_places */
	pf_lane_state state;
	struct {
		const pf_dc_table *dc;
		const pf_ac_table *ac;
		const uint16_t *steps; /* quantisation, in rows */
	} component[3];
} pf_lane;

/* Place in the block, from PF_LANE_START on, -> index in rows; 64 behind the block. */
extern const uint8_t pf_lane_places[512];

/* One of the tables from those that single scans are decoded by. */
void pf_lane_ac_make(const pf_ac_table *table, uint64_t entries[1 << PF_LOOKUP_BITS]);
void pf_lane_dc_make(const pf_dc_table *table, uint64_t entries[1 << PF_LOOKUP_BITS]);

/* The bit in which the data go on: `skip` (0..7) of the byte at the result. */
const uint8_t *pf_lane_tell(const pf_lane *lane, uint32_t *skip);
void pf_lane_seek(pf_lane *lane, const uint8_t *at, uint32_t skip);

/* Takes one code, slowly; of a lane that goes. */
void pf_lane_take(pf_lane *lane);

/* Position in zigzag order -> index in rows; what lies behind the block goes to index 0. */
extern const uint8_t pf_zigzag[64 + 64];

#endif
