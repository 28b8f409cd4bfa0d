/* A JPEG decoder of our own for what cameras write: baseline Huffman coding, one scan, grey or YCbCr with
 * chroma at full size or halved, no restart markers. Everything else, and everything that is odd in a file,
 * it declines: libjpeg-turbo has to decode and judge that. What it does decode has libjpeg's planes, bit by
 * bit. */
#ifndef PHOTOFINISH_BASELINE_H
#define PHOTOFINISH_BASELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/photo/jpeg_gate.h"
#include "photofinish/image.h"
#include "photofinish/status.h"

/* Working memory, of one size whatever the photo; one for each thread. */
typedef struct pf_baseline pf_baseline;
pf_status pf_baseline_create(pf_baseline **out, pf_error *error);
void pf_baseline_destroy(pf_baseline *baseline); /* NULL is fine */

/* Takes another version of the kernels than pf_kernels_best. */
struct pf_kernels;
void pf_baseline_use(pf_baseline *baseline, const struct pf_kernels *kernels);

/* From now on each sample of luma is the mean of `luma` x `luma`, of chroma that of `chroma` x `chroma`: 1, 2
 * or 4. Then a block has 8 / luma samples and rows. Above 1 approximate: means of what was not yet rounded
 * (kernels/half_dct.h, quarter_dct.h). */
void pf_baseline_reduce(pf_baseline *baseline, uint32_t luma, uint32_t chroma);

/* Where the samples of one row of MCUs go. */
typedef struct pf_baseline_target {
	uint8_t *rows[PF_JPEG_COMPONENTS_MAX]; /* room for v rows of whole blocks */
	uint32_t stride_bytes[PF_JPEG_COMPONENTS_MAX];
} pf_baseline_target;

/* Says where row `mcu_row` goes, and is told once it is there (`done`). False ends decoding. */
typedef bool (*pf_baseline_row_fn)(void *context, uint32_t mcu_row, bool done, pf_baseline_target *target);

/* Decodes row by row. `head` comes from pf_jpeg_gate on the same bytes. False where it declined, maybe after
 * some rows: then what they held does not count. Reads no byte beyond the source, allocates nothing. */
bool pf_baseline_rows(pf_baseline *baseline, const pf_jpeg_source *source, const pf_jpeg_head *head,
		      pf_baseline_row_fn fn, void *context);

/* Two photos in one loop, which is faster than one after the other where their Huffman tables are the same:
 * while one waits for a look-up the other works. */
typedef struct pf_baseline_pair pf_baseline_pair;
pf_status pf_baseline_pair_create(pf_baseline_pair **out, pf_error *error);
void pf_baseline_pair_destroy(pf_baseline_pair *pair); /* NULL is fine */

typedef struct pf_baseline_job {
	pf_baseline *baseline; /* of its own */
	const pf_jpeg_source *source;
	const pf_jpeg_head *head;
	pf_baseline_row_fn fn;
	void *context;
	bool done; /* set: what pf_baseline_rows returns */
} pf_baseline_job;

/* pf_baseline_rows of both jobs, whose calls of `fn` alternate. Where two at once cannot be, one after the
 * other. */
void pf_baseline_pair_rows(pf_baseline_pair *pair, pf_baseline_job jobs[2]);

/* The same into image->y, cb and cr, as pf_jpeg_decode does; reduced by 1, 2 or 4 (pf_jpeg_reduction).
 * False where it declined or there is no memory. */
bool pf_baseline_decode(pf_baseline *baseline, const pf_jpeg_source *source, const pf_jpeg_head *head,
			uint32_t by, pf_image *image);

#endif
