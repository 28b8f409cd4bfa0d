/* What the segments of a baseline file say, checked as strictly as our own decoder needs it. */
#ifndef PHOTOFINISH_BASELINE_SCAN_H
#define PHOTOFINISH_BASELINE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kernels/entropy.h"
#include "core/photo/jpeg_gate.h"

#define PF_BASELINE_TABLES 4

/* A Huffman table as a segment gives it; no codes where it was not given. */
typedef struct pf_huffman_spec {
	uint8_t counts[17]; /* of codes of each length; [0] is 0 */
	uint8_t symbols[256];
} pf_huffman_spec;

typedef struct pf_baseline_scan {
	uint16_t steps[PF_BASELINE_TABLES][64]; /* quantisation, in rows */
	bool has_steps[PF_BASELINE_TABLES];
	pf_huffman_spec dc[PF_BASELINE_TABLES], ac[PF_BASELINE_TABLES];
	struct {
		uint8_t steps, dc, ac; /* tables; in the order of the frame's components */
	} component[PF_JPEG_COMPONENTS_MAX];
	size_t data; /* offset of the coded data */
} pf_baseline_scan;

/* False where anything is not as expected. */
bool pf_baseline_scan_read(const pf_jpeg_source *source, const pf_jpeg_head *head, pf_baseline_scan *scan);

/* Whether a table can be decoded by; fills *codes. */
bool pf_huffman_codes_make(const pf_huffman_spec *spec, pf_huffman_codes *codes);

/* Look-up tables from tables->codes. Values of more than `most_size` bits are left to the slow path. */
void pf_dc_table_make(pf_dc_table *table);
void pf_ac_table_make(pf_ac_table *table, uint32_t most_size);

#endif
