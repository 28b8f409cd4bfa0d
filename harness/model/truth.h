/* The truth of a rendered dataset (truth.json, docs/datasets.md), as far as accuracy needs it. */
#ifndef HARNESS_TRUTH_H
#define HARNESS_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/dataset.h"

#define PF_TRUTH_KEYPOINTS 17
#define PF_TRUTH_FACES_MAX 4

typedef struct pf_truth_photo {
	uint32_t group;            /* photos of one scene have the same */
	uint32_t frame;            /* its number within the group, by capture */
	bool in_burst, best;       /* of its burst */
	float width_px, height_px; /* upright */
	float box[4];              /* of the athlete: left, top, right, bottom, upright pixels */
	/* Frontal, unhidden faces: left, top, right, bottom, upright pixels. The athlete's is the first. */
	float faces[PF_TRUTH_FACES_MAX][4];
	uint32_t face_count;
	bool athlete_has_face;
	struct {
		float x_px, y_px;
		int visibility; /* COCO: 0 outside of the picture, 1 hidden, 2 visible */
	} keypoints[PF_TRUTH_KEYPOINTS];
} pf_truth_photo;

/* One for each photo of the dataset, in manifest order; the caller frees *out with free(). PF_ERR_INVALID
 * where the file is malformed or is not about exactly these photos. */
pf_status pf_truth_load(const char *file, const pf_dataset *dataset, pf_truth_photo **out, pf_error *error);

#endif
