/* What a pose says about a photo: athletic form, cut limbs, where the athlete is. docs/scoring.md states the
 * formulas. + - * / and square roots of doubles in a fixed order. */
#ifndef PHOTOFINISH_POSE_MEASURES_H
#define PHOTOFINISH_POSE_MEASURES_H

#include <stdint.h>

#include "photofinish/pose.h"
#include "photofinish/score.h"

/* Fills the measures of the pose in *score (all 0 but its confidence where none was found) and the tiles that
 * the athlete covers. The sizes are those of the upright photo, `orientation` is the photo's. */
void pf_pose_measure(const pf_pose *pose, uint32_t width_px, uint32_t height_px, uint32_t orientation,
		     pf_score *score);

/* Tiles of the stored photo (bit row * 8 + column) that the lines between the keypoints seen pass. */
uint64_t pf_pose_tiles(const pf_pose *pose, uint32_t orientation);

#endif
