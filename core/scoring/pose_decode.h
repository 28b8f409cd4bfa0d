/* From a pose network's outputs to keypoints. Pure functions; nothing that a network may put out (NaN,
 * infinities, huge numbers) does more than make keypoints unseen. */
#ifndef PHOTOFINISH_POSE_DECODE_H
#define PHOTOFINISH_POSE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "core/gpu/gpu_peaks.h"
#include "core/scoring/pose_card.h"
#include "core/scoring/pose_input.h"
#include "photofinish/pose.h"

#define PF_POSE_CANDIDATES                                                                               \
	128                  /* yolo: at most so many boxes, the most confident, take part in the choice \
			      */
#define PF_POSE_OVERLAP 0.65 /* yolo: boxes that overlap more (intersection over union) are one person */

/* maps[channels][rows][columns], channels >= 17; further channels are not keypoints. The maximum of each of
 * the first 17, moved by a quarter of a cell towards the larger neighbour in each direction (Newell, Yang and
 * Deng 2016); cell i has its centre at (i + 0.5) * stride. Its value is the confidence. Equal maxima: the
 * first. */
void pf_pose_decode_heatmap(const float *maps, size_t rows, size_t columns, const pf_pose_card *card,
			    const pf_pose_view *view, pf_pose *pose);

/* The same from the maxima of the first 17 maps, found on a device. */
void pf_pose_decode_peaks(const pf_gpu_peak *peaks, const pf_pose_card *card, const pf_pose_view *view,
			  pf_pose *pose);

/* xs[17][x_bins] and ys[17][y_bins] (SimCC: Li and others 2022): bin i of an axis is the pixel i /
 * split_ratio. The confidence is the smaller of both maxima. */
void pf_pose_decode_simcc(const float *xs, size_t x_bins, const float *ys, size_t y_bins,
			  const pf_pose_card *card, const pf_pose_view *view, pf_pose *pose);

/* values[56][count], or [count][56] where `by_row`: centre x, y, width, height in input pixels, score, then
 * x, y, confidence of each keypoint. Of the boxes that non-maximum suppression leaves, the main athlete is
 * the one of the largest score * area * closeness, closeness = 1 / (1 + 4 d^2), d the distance of its centre
 * from the photo's as a share of half the diagonal. */
void pf_pose_decode_yolo(const float *values, size_t count, bool by_row, const pf_pose_card *card,
			 const pf_pose_view *view, pf_pose *pose);

/* values[17][3]: y, x as shares of the input's sides, confidence. */
void pf_pose_decode_movenet(const float *values, const pf_pose_card *card, const pf_pose_view *view,
			    pf_pose *pose);

/* The decoder of the card's kind. The tensors must have passed pf_pose_card_check; data[i] is output i. */
void pf_pose_decode(const pf_pose_card *card, const pf_pose_view *view, const pf_network_tensor *outputs,
		    const float *const *data, pf_pose *pose);

#endif
