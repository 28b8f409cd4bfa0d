/* What decoding one photo and decoding two side by side have in common. */
#ifndef PHOTOFINISH_BASELINE_PARTS_H
#define PHOTOFINISH_BASELINE_PARTS_H

#include "core/kernels/kernels.h"
#include "core/photo/baseline.h"
#include "core/photo/baseline_scan.h"

#define PF_BASELINE_WINDOW_BYTES (32 * 1024)
#define PF_BASELINE_BATCH_MCUS \
	128 /* decoded before their samples are made: enough to be worth the change of loops */
#define PF_BASELINE_BLOCKS_MAX (PF_BASELINE_BATCH_MCUS * 2)
#define PF_BASELINE_LINES_MAX 2 /* of blocks of a component in an MCU */

/* The batch's blocks of one component, line by line; behind each line a block for what a lane writes beyond.
 */
typedef struct pf_batch {
	_Alignas(64) int16_t coefficients[PF_BASELINE_LINES_MAX][(PF_BASELINE_BLOCKS_MAX + 1) * 64];
	uint8_t ends[PF_BASELINE_LINES_MAX][PF_BASELINE_BLOCKS_MAX];
} pf_batch;

/* What a look-up table was made from, so that the next photo of the same camera need not make it again. */
typedef struct pf_table_made {
	pf_huffman_spec spec;
	uint32_t most_size;
	bool holds;
} pf_table_made;

struct pf_baseline {
	pf_batch batches[PF_JPEG_COMPONENTS_MAX];
	uint8_t window[PF_BASELINE_WINDOW_BYTES + PF_MCU_BYTES_MAX +
		       16]; /* coded data without stuffed zeros */
	pf_baseline_scan scan;
	pf_dc_table dc[PF_JPEG_COMPONENTS_MAX];
	pf_ac_table ac[PF_JPEG_COMPONENTS_MAX];
	pf_table_made made_dc[PF_JPEG_COMPONENTS_MAX], made_ac[PF_JPEG_COMPONENTS_MAX];
	pf_entropy entropy;
	const pf_jpeg_head *head;
	const pf_kernels *kernels;
	const uint8_t *next, *end;                /* of the source */
	const uint8_t *filled;                    /* end of what the window holds */
	bool last;                                /* the window holds the end of the data */
	uint32_t reduced[PF_JPEG_COMPONENTS_MAX]; /* samples are means of so many x so many */

	/* Of the pass at hand. */
	pf_baseline_row_fn fn;
	void *context;
	pf_baseline_target target;
	uint32_t mcus_wide, mcus_high;
	uint32_t row, first, count; /* of MCUs; the batch's first one and how many they are */
};

/* A pass begins; false where the file is declined at once. */
bool pf_baseline_begin(pf_baseline *baseline, const pf_jpeg_source *source, const pf_jpeg_head *head,
		       pf_baseline_row_fn fn, void *context);

/* Fills up the window; false at a marker that is not the end of the image. */
bool pf_baseline_fill(pf_baseline *baseline);

/* Before the coefficients of a batch come, and after they came: these become samples. *over: it was the last.
 * False where the pass ends, declined. */
bool pf_baseline_open_batch(pf_baseline *baseline);
bool pf_baseline_close_batch(pf_baseline *baseline, bool *over);

/* What is left of a pass, from the beginning of a batch on. */
bool pf_baseline_finish(pf_baseline *baseline);

/* A pass was declined: nothing is left of it. */
void pf_baseline_give_up(pf_baseline *baseline);

#endif
