/* A pose network of one convolution, written by hand, and photos with 17 coloured spots that it finds. */
#ifndef PHOTOFINISH_POSE_FIXTURE_H
#define PHOTOFINISH_POSE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "jpeg_fixture.h"
#include "photofinish/pose.h"

/* Input "planes" [1,3,height,width], ycbcr less 128 by 64; output "maps" [1,channels,height/4,width/4]: map k
 * is the mean over 4x4 pixels of how much the colour is that of spot k. Sides 0: open. */
pf_fixture_bytes pf_fixture_pose_model(uint32_t width_px, uint32_t height_px, uint32_t channels);

/* Where spot k is in the upright photo, shares. */
void pf_fixture_pose_spot(unsigned k, double *x, double *y);

/* A JPEG of width x height stored pixels that shows the spots when turned upright by `orientation`. */
pf_fixture_bytes pf_fixture_pose_photo(uint32_t width_px, uint32_t height_px, unsigned orientation);

/* The largest distance of a keypoint from its spot, shares. */
double pf_fixture_pose_error(const pf_pose *pose);

/* Writes bytes or a text to folder/name and returns the path (static; of the last 32 calls). */
const char *pf_fixture_pose_write(const char *folder, const char *name, const void *bytes, size_t size);

#endif
