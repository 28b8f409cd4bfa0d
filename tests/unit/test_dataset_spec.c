/* Specs: those that come with the program load; wrong ones are refused with the reason. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/dataset_plan.h"
#include "tests/unit/temp_folder.h"

static char folder[256], path[300];
static char *tiny;

static int set_up(void **state)
{
	(void)state;
	size_t size;
	pf_temp_make(folder);
	snprintf(path, sizeof path, "%s/spec.yaml", folder);
	tiny = pf_temp_read(PF_SOURCE_DIR "/datasets/specs/tiny.yaml", &size);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(tiny);
	pf_temp_remove(folder);
	return 0;
}

/* Loads tiny.yaml with its first `from` replaced. */
static pf_status load_with(const char *from, const char *to, pf_spec *spec, pf_error *error)
{
	char text[8000];
	const char *at = strstr(tiny, from);
	assert_non_null(at);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - tiny), tiny, to, at + strlen(from));
	pf_temp_write(path, text, strlen(text));
	memset(error, 0, sizeof *error);
	return pf_spec_load(path, spec, error);
}

static void assert_refused(const char *from, const char *to, const char *reason)
{
	pf_spec spec;
	pf_error error;
	assert_int_equal(load_with(from, to, &spec, &error), PF_ERR_INVALID);
	if (!strstr(error.message, reason) || strchr(error.message, '\n')) {
		fail_msg("\"%s\" does not say \"%s\" in one line", error.message, reason);
	}
	assert_string_equal(error.file, path);
}

static void test_refuses_what_is_wrong(void **state)
{
	(void)state;
	assert_refused("photos:", "fotos:", "fotos: there is no such key, line 5");
	assert_refused("quality: 93\n", "", "quality: is missing");
	assert_refused("[sprint,", "[swim,", "motions[1]: \"swim\" is none of its values, line 29");
	assert_refused("quality: 93", "quality: 930", "quality 1 to 100");
	assert_refused("photos: 8", "photos: lots", "photos: expected a whole number, not \"lots\", line 5");
	assert_refused("photos: 8", "photos: 0", "photos is 1 to");
	assert_refused("width: 672", "width: 671", "even");
	assert_refused("width: 672", "width: wide",
		       "cameras[1].width: expected a whole number, not \"wide\", line 15");
	assert_refused("    lens: NX 300mm F2.8\n", "", "cameras[1].lens: is missing");
	assert_refused("width: 672", "width: 0", "even");
	assert_refused("frames: 6", "frames: 1", "2 to 40 frames");
	assert_refused("camera: B", "camera: Z", "letter");
	assert_refused("portrait: ", "portrait: 9", "per cent");
	assert_refused("\"2026-06-07 10:15:00\"", "yesterday", "start is a time");
	assert_refused("name: tiny", "name: ../tiny", "name has letters");
	assert_refused("make: Nordlicht", "make: Nordlicht Nordlicht Nordlicht Nordlicht", "longer than");
	assert_refused("motions: [sprint, jump, throw, kick]", "motions: []", "motions");
}

static void test_says_what_is_not_there(void **state)
{
	pf_spec spec;
	pf_error error;
	(void)state;
	assert_int_equal(pf_spec_load("no-such", &spec, &error), PF_ERR_NOT_FOUND);
	assert_non_null(strstr(error.message, "no-such"));
	assert_int_equal(pf_spec_load("/no/such.yaml", &spec, &error), PF_ERR_NOT_FOUND);
}

static void test_identity(void **state)
{
	pf_spec a, b;
	pf_error error;
	(void)state;
	assert_int_equal(load_with("name: tiny", "name: tiny", &a, &error), PF_OK);
	assert_int_equal(load_with("name: tiny", "name: other", &b, &error), PF_OK);
	assert_string_equal(a.id, b.id);
	const char *const changes[][2] = {{"seed: ", "seed: 7"},        {"quality: 93", "quality: 92"},
					  {"blur: 100", "blur: 99"},    {"hoops, ", ""},
					  {"width: 672", "width: 674"}, {"Nordlicht", "Nordlich"},
					  {"camera: B", "camera: A"},   {"10:15:00", "10:15:01"}};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		assert_int_equal(load_with(changes[i][0], changes[i][1], &b, &error), PF_OK);
		assert_string_not_equal(a.id, b.id);
	}
}

static void check_installed(void *context, const char *name)
{
	pf_spec spec;
	pf_plan plan;
	pf_error error;
	unsigned seen = 0, *count = context;
	assert_int_equal(pf_spec_load(name, &spec, &error), PF_OK);
	assert_string_equal(spec.name, name);
	assert_int_equal(pf_plan_make(&spec, &plan, &error), PF_OK);
	for (size_t g = 0; g < plan.group_count; g++) {
		assert_int_equal(plan.groups[g].first, seen);
		assert_int_equal(pf_plan_group_of(&plan, seen + plan.groups[g].frames - 1u), g);
		seen += plan.groups[g].frames;
	}
	assert_int_equal(seen, spec.photos);
	if (strcmp(name, "sprint") == 0) {
		assert_int_equal(plan.group_count, 21);
	}
	static const struct {
		const char *name;
		unsigned photos;
		double megapixels;
	} sizes[] = {{"event-small", 27539, 0.3}, {"event", 27539, 24}, {"heavy", 20, 100.7}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		if (strcmp(name, sizes[i].name) == 0) {
			double pixels = (double)spec.cameras[0].width * spec.cameras[0].height;
			assert_int_equal(spec.photos, sizes[i].photos);
			assert_float_equal(pixels * 1e-6, sizes[i].megapixels, 0.05);
			*count += 100;
		}
	}
	pf_plan_free(&plan);
	(*count)++;
}

static void test_installed_specs(void **state)
{
	unsigned count = 0;
	pf_error error;
	(void)state;
	assert_int_equal(pf_spec_list(check_installed, &count, &error), PF_OK);
	assert_true(count >= 309); /* the three that only few ever make are there */
}

/* In path order each body's photos are in time order, and none stands twice. */
/* Other sizes: proportions stay, sides are even, the identity is another one. */
static void test_resize(void **state)
{
	(void)state;
	pf_spec spec, other;
	pf_error error = {0};
	assert_int_equal(pf_spec_load("dash", &spec, &error), PF_OK);
	other = spec;
	assert_int_equal(pf_spec_resize(&other, 3, &error), PF_OK);
	assert_string_not_equal(other.id, spec.id);
	for (unsigned i = 0; i < spec.camera_count; i++) {
		const pf_spec_camera *was = &spec.cameras[i], *is = &other.cameras[i];
		double pixels = (double)is->width * is->height;
		assert_true(pixels > 2.99e6 && pixels < 3.01e6 && is->width % 2 == 0 && is->height % 2 == 0);
		assert_true(fabs((double)is->width / is->height - (double)was->width / was->height) < 0.002);
	}
	assert_int_equal(pf_spec_resize(&other, 0.001, &error), PF_ERR_INVALID);
	assert_non_null(strstr(error.message, "64 to 16384 pixels"));
	assert_int_equal(pf_spec_resize(&other, 1000, &error), PF_ERR_INVALID);
}

static void test_names_sort_by_time(void **state)
{
	pf_spec spec;
	pf_plan plan;
	pf_error error;
	(void)state;
	assert_int_equal(pf_spec_load("smoke", &spec, &error), PF_OK);
	assert_int_equal(pf_plan_make(&spec, &plan, &error), PF_OK);
	char last[PF_SPEC_CAMERAS_MAX][PF_PLAN_PATH_MAX] = {{0}};
	int interleaved = 0;
	for (size_t g = 0; g < plan.group_count; g++) {
		for (unsigned f = 0; f < plan.groups[g].frames; f++) {
			char name[PF_PLAN_PATH_MAX];
			unsigned camera = plan.groups[g].camera;
			pf_plan_path(&plan, &plan.groups[g], f, name);
			assert_true(strcmp(name, last[camera]) > 0);
			interleaved += strcmp(name, last[!camera]) < 0;
			memcpy(last[camera], name, sizeof name);
		}
	}
	assert_true(interleaved > 0);
	pf_plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refuses_what_is_wrong, set_up, tear_down),
		cmocka_unit_test(test_says_what_is_not_there),
		cmocka_unit_test_setup_teardown(test_identity, set_up, tear_down),
		cmocka_unit_test(test_installed_specs),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_names_sort_by_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
