/* The verdict of an audit over its checks, and sets of photos that nobody has seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "harness/audit/audit.h"
#include "jpeg_fixture.h"
#include "temp_folder.h"

static void test_verdict(void **state)
{
	(void)state;
	pf_audit audit = {0}; /* all passed */
	assert_int_equal(pf_audit_verdict_of(&audit), PF_AUDIT_PASSED);
	audit.results[PF_AUDIT_STAGES].verdict = PF_AUDIT_NOT_TESTABLE;
	assert_int_equal(pf_audit_verdict_of(&audit), PF_AUDIT_PASSED);
	audit.results[PF_AUDIT_SEEN].verdict = PF_AUDIT_UNDECIDED;
	assert_int_equal(pf_audit_verdict_of(&audit), PF_AUDIT_UNDECIDED);
	audit.results[PF_AUDIT_STAGES].verdict = PF_AUDIT_CAUGHT;
	assert_int_equal(pf_audit_verdict_of(&audit), PF_AUDIT_CAUGHT);
	audit.partial = true;
	assert_int_equal(pf_audit_verdict_of(&audit), PF_AUDIT_CAUGHT);
	/* Nothing passes without fresh photos, nor by half. */
	audit = (pf_audit){0};
	audit.results[PF_AUDIT_FRESH].verdict = PF_AUDIT_NOT_TESTABLE;
	assert_int_equal(pf_audit_verdict_of(&audit), PF_AUDIT_UNDECIDED);
	audit = (pf_audit){.partial = true};
	assert_int_equal(pf_audit_verdict_of(&audit), PF_AUDIT_UNDECIDED);
}

/* Four photos of different sizes: what is known of a set, and what of it stays when contents are exchanged.
 */
static void test_sets(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_audit_set set;
	pf_audit_recipe recipe = {.count = 4, .pairs = true};
	pf_session like = {.manifest_fd = -1, .timeout_s = 7};
	pf_random random = {.state = 1};
	pf_error error = {0};
	char home[256], name[32], path[PF_VIEW_PATH_MAX + 200];
	struct stat before[4], after;
	uint8_t hashes[4][PF_SHA256_BYTES];
	pf_temp_make(home);
	setenv("PHOTOFINISH_DATA", home, 1);
	pf_fixture_folder_open(&folder);
	for (uint32_t i = 0; i < 4; i++) {
		pf_fixture_spec spec = {.width_px = 64 + 32 * i, .height_px = 64};
		pf_fixture_bytes bytes = pf_fixture_jpeg(&spec);
		snprintf(name, sizeof name, "20260607_10150%u_A.jpg", i);
		recipe.sources[i] = pf_fixture_folder_add(&folder, name, &bytes);
		pf_fixture_free(&bytes);
	}
	recipe.base = folder.dataset;
	pf_scorer_config_default(&like.order.scorer);
	if (pf_audit_set_make(&recipe, &like, &random, &set, &error) != PF_OK) {
		fail_msg("%s", error.message);
	}
	assert_int_equal(set.dataset->count, 4);
	assert_true(set.session.timeout_s == 7);
	uint64_t bytes = 0;
	for (size_t i = 0; i < 4; i++) {
		const pf_dataset_photo *photo = &set.dataset->photos[i];
		bytes += photo->size_bytes;
		memcpy(hashes[i], photo->sha256, sizeof hashes[i]);
		assert_non_null(strstr(photo->path, "_A.jpg")); /* the form of the old name, another one */
		assert_null(strstr(photo->path, "20260607"));
		snprintf(path, sizeof path, "%s/%s", set.folder, photo->path);
		assert_int_equal(stat(path, &before[i]), 0);
		for (size_t k = 0; k < 4; k++) { /* of a pair: one size, one date */
			bool pair = set.source[i] / 2 == set.source[k] / 2;
			assert_true((photo->size_bytes == set.dataset->photos[k].size_bytes) == pair);
		}
	}
	assert_int_equal(set.bytes, bytes);
	size_t sources[4] = {set.source[0], set.source[1], set.source[2], set.source[3]};
	assert_int_equal(pf_audit_set_swap(&set, &error), PF_OK);
	for (size_t i = 0; i < 4; i++) {
		const pf_dataset_photo *photo = &set.dataset->photos[i];
		uint8_t now[PF_SHA256_BYTES];
		snprintf(path, sizeof path, "%s/%s", set.folder, photo->path);
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(after.st_size, before[i].st_size);
		assert_int_equal(after.st_mtime, before[i].st_mtime);
		assert_int_equal(set.source[i], sources[i] ^ 1);
		assert_int_equal(pf_file_sha256(path, now, NULL, NULL), PF_OK);
		assert_memory_equal(now, photo->sha256, sizeof now); /* the manifest tells the truth */
		assert_memory_not_equal(now, hashes[i], sizeof now);
	}
	pf_audit_set_close(&set);
	assert_int_equal(pf_temp_entries(home), 0);
	pf_fixture_folder_close(&folder);
	pf_temp_remove(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
