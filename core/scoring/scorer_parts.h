/* The inside of a scorer, for the files that are one. */
#ifndef PHOTOFINISH_SCORER_PARTS_H
#define PHOTOFINISH_SCORER_PARTS_H

#include <stdbool.h>

#include "core/photo/baseline.h"
#include "core/photo/exif.h"
#include "core/photo/jpeg_gate.h"
#include "core/photo/photo_file.h"
#include "core/photo/resize.h"
#include "core/scoring/face.h"
#include "core/scoring/fused.h"
#include "core/scoring/head_window.h"
#include "core/scoring/pose_estimator.h"
#include "core/scoring/quality.h"
#include "photofinish/scorer.h"

struct pf_scorer {
	pf_scorer_config config;
	pf_jpeg_limits limits;
	pf_trace *trace;
	pf_file_buffer file;
	pf_exif_reader *exif;
	pf_baseline *baseline; /* NULL where neither strategy nor preset need it */
	pf_face_detector *faces;
	bool faces_are_shared; /* they belong to another scorer */
	pf_quality *quality;
	pf_pose_estimator *pose; /* NULL without a model */
	pf_small small;          /* the upright grey picture that is searched for faces */
	pf_head_window window;   /* the part of it that is searched with PF_STRATEGY_HEAD_WINDOW */
	pf_pose last_pose;       /* of the photo that was judged last */
	pf_face_place last_faces[PF_FACES_MAX];
	size_t last_face_count;
	pf_image image; /* of pf_scorer_photo */
	pf_image whole; /* that was made smaller, where our decoder declined */
	pf_fused fused;
	bool is_fused; /* the image at hand has no planes: what reads them was done */

	/* With PF_STRATEGY_PAIRS: what the second of two photos needs. It shares models and EXIF reader. */
	pf_scorer *second;
	pf_baseline_pair *pair;
};

/* What there is to decode: of a file in memory. */
typedef struct pf_gated {
	pf_jpeg_source source;
	pf_jpeg_head head;
	pf_exif exif;
	uint32_t by; /* how much smaller planes come, by the preset */
} pf_gated;

/* Photo `index` into scorer->file (span `read`). */
pf_status pf_scorer_read(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_error *error);

/* gated->source is set, the rest follows (span `gate`). */
pf_status pf_scorer_gate(pf_scorer *scorer, pf_gated *gated, pf_error *error);

/* Into scorer->image, maybe without planes (scorer->is_fused; span `decode`). */
pf_status pf_scorer_decode(pf_scorer *scorer, const pf_gated *gated, pf_error *error);

/* What our decoder declined: decoded by libjpeg-turbo into *image, and made smaller where the preset says so.
 */
pf_status pf_scorer_decode_declined(pf_scorer *scorer, const pf_gated *gated, pf_image *image,
				    pf_error *error);

/* Photo `index` into scorer->image by PF_STRATEGY_FUSED (read, gate, decode). */
pf_status pf_scorer_load_fused(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_error *error);
pf_status pf_scorer_load_bytes_fused(pf_scorer *scorer, const void *bytes, size_t size, pf_error *error);

/* What an image says beside its planes; a failure leaves the orientation `before`. */
void pf_scorer_put_facts(const pf_gated *gated, pf_status status, uint32_t before, pf_image *image);

/* Who takes the rows of a photo that is decoded by pf_fused_decode. */
void pf_scorer_open_fused(pf_scorer *scorer);

/* The second of two, after `scorer` has opened all; nothing without PF_STRATEGY_PAIRS. */
pf_status pf_scorer_open_second(pf_scorer *scorer, pf_error *error);
void pf_scorer_close_second(pf_scorer *scorer);

#endif
