/* From the Huffman tables of a file to tables that are looked up by many bits at once. */
#include <string.h>

#include "core/photo/baseline_scan.h"

bool pf_huffman_codes_make(const pf_huffman_spec *spec, pf_huffman_codes *codes)
{
	uint32_t code = 0, symbol = 0;
	for (uint32_t length = 1; length <= 16; length++) {
		codes->first[length] = (int32_t)symbol - (int32_t)code;
		code += spec->counts[length];
		symbol += spec->counts[length];
		if (code >= 1u << length) { /* a code of ones alone is none */
			return false;
		}
		codes->limits[length] = code << (16 - length);
		code <<= 1;
	}
	memcpy(codes->symbols, spec->symbols, sizeof codes->symbols);
	return symbol > 0;
}

/* Of `bits` bits, the next one in bit bits - 1: a symbol with its length; 0 where it does not fit. */
static uint32_t find_symbol(const pf_huffman_codes *codes, uint32_t prefix, uint32_t bits, uint8_t *symbol)
{
	for (uint32_t length = 1; length <= bits; length++) {
		if (prefix << (16 - bits) < codes->limits[length]) {
			uint32_t at = (uint32_t)(codes->first[length] + (int32_t)(prefix >> (bits - length)));
			*symbol = codes->symbols[at & 255];
			return length;
		}
	}
	return 0;
}

/* A number of `size` bits as the file's code has it. */
static int32_t value_of(uint32_t bits, uint32_t size)
{
	return size == 0 ? 0 : bits >> (size - 1) ? (int32_t)bits : (int32_t)bits - (int32_t)(1u << size) + 1;
}

void pf_dc_table_make(pf_dc_table *table)
{
	for (uint32_t i = 0; i < 1 << PF_DC_LOOKUP_BITS; i++) {
		uint8_t size;
		uint32_t length = find_symbol(&table->codes, i, PF_DC_LOOKUP_BITS, &size);
		table->entries[i] = 0;
		if (length > 0 && size <= 11 && length + size <= PF_DC_LOOKUP_BITS) {
			uint32_t bits = i >> (PF_DC_LOOKUP_BITS - length - size) & ((1u << size) - 1);
			uint32_t value = (uint32_t)value_of(bits, size);
			table->entries[i] = value << 16 | (length + size);
		}
	}
}

typedef struct ac_code {
	uint32_t length;      /* with the value; 0: that does not fit */
	uint32_t code_length; /* 0: the code does not fit, or is none */
	uint32_t run, size;
	int32_t value;
	bool ends;
} ac_code;

static ac_code find_ac(const pf_huffman_codes *codes, uint32_t prefix, uint32_t bits, uint32_t most_size)
{
	uint8_t symbol = 0;
	uint32_t length = find_symbol(codes, prefix, bits, &symbol);
	uint32_t size = symbol & 15;
	ac_code code = {.code_length = length, .run = symbol >> 4, .size = size, .ends = symbol == 0};
	if (length == 0 || (size == 0 && symbol != 0 && symbol != 0xF0)) {
		return (ac_code){0};
	}
	if (size <= most_size && length + size <= bits) {
		code.length = length + size;
		code.value = value_of(prefix >> (bits - length - size) & ((1u << size) - 1), size);
	}
	return code;
}

static uint64_t entry_of(uint32_t length, uint32_t step, uint32_t to, uint32_t second_to, int32_t value,
			 int32_t second_value)
{
	const uint64_t byte = 256;
	uint64_t distances = (step + byte * to) + byte * byte * second_to;
	uint64_t values = (uint16_t)value + byte * byte * (uint16_t)second_value;
	return values << 32 | distances << 8 | length;
}

static uint64_t ac_entry(const pf_huffman_codes *codes, uint32_t prefix, uint32_t most_size)
{
	const uint32_t end_of_block = 128;
	ac_code one = find_ac(codes, prefix, PF_LOOKUP_BITS, most_size), two = {0};
	if (one.length == 0) {
		return PF_AC_LONG | entry_of(one.code_length, one.run + 1, 0, 0, (int32_t)one.size, 0);
	}
	if (one.ends) {
		return entry_of(one.length, end_of_block, 0, 0, 0, 0);
	}
	uint32_t left = PF_LOOKUP_BITS - one.length, step = one.run + 1;
	if (left > 0) {
		two = find_ac(codes, prefix & ((1u << left) - 1), left, most_size);
	}
	uint32_t second_step = two.length == 0 ? 0 : two.ends ? end_of_block : two.run + 1;
	return entry_of(one.length + two.length, step + second_step, one.run,
			step + (two.length ? two.run : 0), one.value, two.value);
}

void pf_ac_table_make(pf_ac_table *table, uint32_t most_size)
{
	for (uint32_t i = 0; i < 1 << PF_LOOKUP_BITS; i++) {
		table->entries[i] = ac_entry(&table->codes, i, most_size);
	}
}
