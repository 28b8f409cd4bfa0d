/* Box filters on 16-bit planes by running sums: the cost does not depend on the size. */
#ifndef PF_RENDER_BLUR_H
#define PF_RENDER_BLUR_H

#include <stdint.h>

/* All work in place; `scratch` holds width * height values. `radius` r averages 2r + 1 values; at the borders
 * the outermost value repeats. */
void pf_blur_rows(int16_t *plane, int16_t *scratch, int width, int height, int radius);
void pf_blur_columns(int16_t *plane, int16_t *scratch, int width, int height, int radius);

/* A lens' blur disc of about `radius` pixels (fractions count), by three passes each way. */
void pf_blur_disc(int16_t *plane, int16_t *scratch, int width, int height, float radius);

/* Motion along (dx, dy) pixels: the average along a line of that length centred on each pixel. */
void pf_blur_motion(int16_t *plane, int16_t *scratch, int width, int height, float dx, float dy);

/* Averages 2r + 1 values of one row of `width` values from `in` to `out`. */
void pf_blur_row(const int16_t *in, int16_t *out, int width, int radius);

#endif
