/* What takes a photo's rows while they are decoded, against the same made of the whole photo: the same bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/face.h"
#include "core/scoring/fused.h"
#include "jpeg_fixture.h"
#include "photofinish/scorer.h"

typedef struct fixture {
	pf_baseline *baseline;
	pf_fused fused;
	pf_small small, expected_small;
	pf_quality *quality;
	pf_pose_estimator *pose; /* NULL where networks are not built in */
	pf_image image, expected;
} fixture;

static void open_fixture(fixture *f)
{
	pf_scorer_config config;
	*f = (fixture){.pose = NULL};
	pf_scorer_config_default(&config);
	assert_int_equal(pf_baseline_create(&f->baseline, NULL), PF_OK);
	assert_int_equal(pf_quality_create(&f->quality, NULL), PF_OK);
	if (config.model_file[0]) {
		pf_pose_options options = {.model_file = config.model_file, .backend = config.backend};
		assert_int_equal(pf_pose_estimator_create(&options, &f->pose, NULL), PF_OK);
	}
	f->fused = (pf_fused){.quality = f->quality, .small = &f->small, .pose = f->pose};
}

static void close_fixture(fixture *f)
{
	pf_fused_release(&f->fused);
	pf_baseline_destroy(f->baseline);
	pf_quality_destroy(f->quality);
	pf_pose_estimator_destroy(f->pose);
	pf_small_release(&f->small);
	pf_small_release(&f->expected_small);
	pf_image_release(&f->image);
	pf_image_release(&f->expected);
}

static void compare_pose(fixture *f)
{
	pf_pose expected, got;
	memset(&expected, 0, sizeof expected);
	memset(&got, 0, sizeof got);
	if (f->pose) {
		pf_pose_take(f->pose, &f->fused.input);
		assert_int_equal(pf_pose_estimate(f->pose, &f->image, &got, NULL), PF_OK);
		assert_int_equal(pf_pose_estimate(f->pose, &f->expected, &expected, NULL), PF_OK);
		assert_memory_equal(&got, &expected, sizeof got);
	}
}

static void compare(fixture *f, const pf_fixture_spec *spec, uint32_t orientation)
{
	pf_fixture_bytes bytes = pf_fixture_jpeg(spec);
	pf_jpeg_source source = {.data = bytes.data, .bytes = bytes.bytes};
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_jpeg_head head;
	pf_quality_sums sums;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
	assert_int_equal(pf_jpeg_decode(&source, &head, &limits, &f->expected, NULL), PF_OK);
	f->image.orientation = f->expected.orientation = orientation;
	assert_true(pf_fused_decode(&f->fused, f->baseline, &source, &head, &f->image));
	assert_null(f->image.y.data);
	assert_int_equal(f->image.y.width_px, spec->width_px);
	assert_int_equal(f->image.y.height_px, spec->height_px);

	assert_int_equal(
		pf_small_make(&f->expected_small, &f->expected.y, orientation, PF_FACE_LONGEST_PX, NULL),
		PF_OK);
	assert_int_equal(f->small.width_px, f->expected_small.width_px);
	assert_int_equal(f->small.height_px, f->expected_small.height_px);
	assert_memory_equal(f->small.data, f->expected_small.data,
			    (size_t)f->small.width_px * f->small.height_px);
	compare_pose(f);
	pf_quality_sum(f->quality, &f->expected, &sums);
	assert_memory_equal(&f->fused.sums, &sums, sizeof sums);
	pf_fixture_free(&bytes);
}

/* Enlarged and shrunk, analysed as they are and reduced by 2 and 3, in all samplings and orientations. */
static void test_same_as_the_whole_photo(void **state)
{
	(void)state;
	static const uint32_t sizes[][2] = {{1, 1},      {17, 9},     {100, 3},   {3, 100},
					    {400, 300},  {639, 641},  {1201, 77}, {90, 900},
					    {1211, 803}, {3100, 210}, {130, 6200}};
	fixture f;
	open_fixture(&f);
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		pf_fixture_spec spec = {.width_px = sizes[i][0],
					.height_px = sizes[i][1],
					.components = i % 4 == 3 ? 1 : 3,
					.h = i % 4 == 3 ? 1 : 1 + i % 2,
					.v = i % 4 == 3 ? 1 : 1 + i / 2 % 2};
		compare(&f, &spec, 1 + i % 8);
		if (i % 4 != 3) {
			spec.h = spec.v = 2;
			compare(&f, &spec, 1 + (i + 5) % 8);
		}
	}
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_as_the_whole_photo)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
