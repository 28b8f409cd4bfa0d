/* Decoding and all that reads a photo's rows in one go: each row of MCUs is summed, made smaller and put into
 * the network's input while it is in the cache. No image is kept. */
#ifndef PHOTOFINISH_FUSED_H
#define PHOTOFINISH_FUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/photo/baseline.h"
#include "core/photo/resize.h"
#include "core/scoring/pose_estimator.h"
#include "core/scoring/quality.h"

/* Rows of a plane, from `first` on, of which the latest are still needed. */
typedef struct pf_fused_rows {
	uint8_t *data;
	size_t capacity_bytes;
	uint32_t first, end; /* rows that are there */
	uint32_t needed;     /* the first of them that still is */
} pf_fused_rows;

/* Zero it but for what is said; the owner frees it with pf_fused_release. One thread at a time. */
typedef struct pf_fused {
	/* Who takes the rows; NULL: nobody. */
	pf_quality *quality;
	pf_small *small;
	pf_pose_estimator *pose;
	bool may_halve;       /* luma may come at half size, where nothing needs more */
	uint32_t preset;      /* of the configuration */
	uint32_t by[2];       /* how much smaller luma and chroma come */
	pf_quality_sums sums; /* afterwards */
	pf_pose_input input;  /* for pf_pose_take */
	pf_fused_rows rows[PF_JPEG_COMPONENTS_MAX];
	const pf_jpeg_head *head;
	pf_image *image;
} pf_fused;

void pf_fused_release(pf_fused *fused);

/* Decodes by `baseline` and fills fused->sums, the small picture and the network's input. Of *image, whose
 * orientation has to be set, only sizes hold afterwards, and flaws. False where the decoder declined or
 * memory was missing: nothing was done then. */
bool pf_fused_decode(pf_fused *fused, pf_baseline *baseline, const pf_jpeg_source *source,
		     const pf_jpeg_head *head, pf_image *image);

/* One photo of two. */
typedef struct pf_fused_job {
	pf_fused *fused; /* of its own, as the decoder and the image */
	pf_baseline *baseline;
	const pf_jpeg_source *source;
	const pf_jpeg_head *head;
	pf_image *image;
	bool done; /* set: what pf_fused_decode returns */
} pf_fused_job;

/* pf_fused_decode of two photos side by side (pf_baseline_pair_rows). */
void pf_fused_decode_pair(pf_baseline_pair *pair, pf_fused_job jobs[2]);

#endif
