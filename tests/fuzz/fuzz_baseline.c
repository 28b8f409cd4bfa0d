/* libFuzzer: our own JPEG decoder with libjpeg-turbo as the oracle. Whatever bytes the gate passes, it
 * declines, or libjpeg decodes them without an error to the same planes and flaws. tests/fuzz/run builds and
 * runs it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/photo/baseline.h"
#include "core/photo/jpeg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const pf_plane *a, const pf_plane *b)
{
	if (a->width_px != b->width_px || a->height_px != b->height_px || !a->data != !b->data) {
		abort();
	}
	for (uint32_t y = 0; a->data && y < a->height_px; y++) {
		size_t at = (size_t)y * a->stride_bytes;
		if (memcmp(a->data + at, b->data + at, a->width_px) != 0) {
			abort();
		}
	}
}

enum { VERSIONS_MAX = 8 };

static pf_baseline *decoders[VERSIONS_MAX]; /* of each version of the kernels that this processor has */
static size_t versions;

static void open_decoders(void)
{
	for (size_t v = 0; pf_kernels_at(v) && versions < VERSIONS_MAX; v++) {
		if (pf_kernels_at(v)->needs & ~pf_kernels_flags()) {
			continue;
		}
		if (pf_baseline_create(&decoders[versions], NULL) != PF_OK) {
			abort();
		}
		pf_baseline_use(decoders[versions++], pf_kernels_at(v));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static pf_image expected, image;
	const pf_jpeg_limits limits = {.max_pixels = 300000, .max_decode_bytes = 64 << 20, .max_scans = 10};
	pf_jpeg_source source = {.data = data, .bytes = size};
	pf_jpeg_head head;
	bool decoded = false;
	if (!versions) {
		open_decoders();
	}
	if (pf_jpeg_gate(&source, &limits, &head, NULL) != PF_OK) {
		return 0;
	}
	for (size_t v = 0; v < versions; v++) {
		bool done = pf_baseline_decode(decoders[v], &source, &head, &image);
		if (v > 0 && done != decoded) {
			abort();
		}
		decoded = done;
		if (!decoded) {
			continue;
		}
		if (v == 0 && pf_jpeg_decode(&source, &head, &limits, &expected, NULL) != PF_OK) {
			abort();
		}
		compare(&expected.y, &image.y);
		compare(&expected.cb, &image.cb);
		compare(&expected.cr, &image.cr);
		if (expected.flaws != image.flaws) {
			abort();
		}
	}
	return 0;
}
