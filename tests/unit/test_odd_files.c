/* Whole photos through a scorer with every exact strategy and through the plain one, the odd ones too: the
 * same scores and the same statuses, bit by bit. And what a warm scorer allocates for one more photo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jpeg_fixture.h"
#include "photofinish/scorer.h"

enum {
	ALL_EXACT = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_EXACT_FACES |
		    PF_STRATEGY_QUICK_START
};

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS 1
/* In place of the C library's, for all of this process. */
static atomic_size_t allocations;
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void *aligned_alloc(size_t alignment, size_t bytes);
void *malloc(size_t bytes)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_calloc(count, bytes);
}
void *realloc(void *block, size_t bytes)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_realloc(block, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_memalign(alignment, bytes);
}
#endif

static const pf_fixture_spec files[] = {
	{.width_px = 3100, .height_px = 2060},
	{.width_px = 1601, .height_px = 1203, .h = 2, .v = 1},
	{.width_px = 1600, .height_px = 1200, .h = 1, .v = 1},
	{.width_px = 1600, .height_px = 1200, .components = 1, .h = 1, .v = 1},
	{.width_px = 1600, .height_px = 1200, .restart_rows = 1},
	{.width_px = 1600, .height_px = 1200, .scans = 1},
	{.width_px = 1, .height_px = 4001},
	{.width_px = 4001, .height_px = 1},
	{.width_px = 1, .height_px = 1},
	{.width_px = 8256, .height_px = 5504}, /* 45 MP */
};
enum { FILES = sizeof files / sizeof *files, WARM_FILES = 4 };

static pf_scorer *open_scorer(uint32_t strategy)
{
	pf_scorer *scorer;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	config.strategy = strategy;
	assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_OK);
	return scorer;
}

static void add(pf_fixture_folder *folder, unsigned i)
{
	char name[32];
	snprintf(name, sizeof name, "%02u.jpg", i);
	pf_fixture_bytes bytes = pf_fixture_jpeg(&files[i]);
	pf_fixture_folder_add(folder, name, &bytes);
	pf_fixture_free(&bytes);
}

/* Half of a file. */
static void add_damaged(pf_fixture_folder *folder)
{
	pf_fixture_bytes bytes = pf_fixture_jpeg(&files[1]);
	bytes.bytes /= 2;
	pf_fixture_folder_add(folder, "99.jpg", &bytes);
	pf_fixture_free(&bytes);
}

/* All files and the damaged one, and what the plain path says of each. */
static pf_fixture_folder odd;
static pf_score expected[FILES + 1];
static pf_status statuses[FILES + 1];

static int make_odd(void **state)
{
	(void)state;
	pf_scorer *plain = open_scorer(0);
	assert_false(pf_scorer_takes_two(plain));
	pf_fixture_folder_open(&odd);
	for (unsigned i = 0; i < FILES; i++) {
		add(&odd, i);
	}
	add_damaged(&odd);
	for (unsigned i = 0; i <= FILES; i++) {
		statuses[i] = pf_scorer_photo(plain, odd.dataset, i, &expected[i], NULL);
		assert_int_equal(statuses[i] == PF_OK, i < FILES);
	}
	pf_scorer_destroy(plain);
	return 0;
}

static int remove_odd(void **state)
{
	(void)state;
	pf_fixture_folder_close(&odd);
	return 0;
}

static void test_the_same_scores(void **state)
{
	(void)state;
	pf_scorer *fast = open_scorer(ALL_EXACT);
	for (unsigned i = 0; i <= FILES; i++) {
		pf_score got;
		memset(&got, 0, sizeof got);
		assert_int_equal(pf_scorer_photo(fast, odd.dataset, i, &got, NULL), statuses[i]);
		if (i < FILES) {
			assert_memory_equal(&got, &expected[i], sizeof got);
		}
	}
	pf_scorer_destroy(fast);
}

/* Each file beside the next one, whatever becomes of that, and but for the largest beside itself. */
static void test_two_at_once(void **state)
{
	(void)state;
	static pf_score got[2];
	pf_status status[2];
	pf_error error[2];
	pf_scorer *falling = open_scorer(ALL_EXACT | PF_STRATEGY_PAIRS | PF_STRATEGY_FALL_BACK);
	assert_false(pf_scorer_takes_two(falling));
	pf_scorer_destroy(falling);
	pf_scorer *pairs = open_scorer(ALL_EXACT | PF_STRATEGY_PAIRS);
	assert_true(pf_scorer_takes_two(pairs));
	for (unsigned i = 0; i < 2 * (FILES + 1); i++) {
		const uint32_t photos[2] = {i / 2, (i / 2 + i % 2) % (FILES + 1)};
		if (photos[0] == FILES - 1 && photos[1] == FILES - 1) {
			continue;
		}
		memset(got, 0, sizeof got);
		pf_scorer_two(pairs, odd.dataset, photos, got, status, error);
		for (unsigned k = 0; k < 2; k++) {
			assert_int_equal(status[k], statuses[photos[k]]);
			if (status[k] == PF_OK) {
				assert_memory_equal(&got[k], &expected[photos[k]], sizeof got[k]);
			}
		}
	}
	pf_scorer_destroy(pairs);
}

#ifdef COUNTS
static size_t allocations_of(pf_scorer *scorer, const pf_dataset *dataset, size_t index)
{
	pf_score score;
	size_t before = atomic_load(&allocations);
	assert_int_equal(pf_scorer_photo(scorer, dataset, index, &score, NULL), PF_OK);
	return atomic_load(&allocations) - before;
}

/* Once it has seen photos as large, a scorer allocates nothing for the next that our decoder takes. */
static void test_what_a_warm_scorer_allocates(void **state)
{
	(void)state;
	pf_scorer *fast = open_scorer(ALL_EXACT);
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	for (unsigned i = 0; i < WARM_FILES; i++) {
		add(&folder, i);
		size_t cold = allocations_of(fast, folder.dataset, i);
		assert_true(cold > 0 || i > 0);
	}
	for (unsigned i = 0; i < WARM_FILES; i++) {
		assert_int_equal(allocations_of(fast, folder.dataset, i), 0);
	}
	pf_fixture_folder_close(&folder);
	pf_scorer_destroy(fast);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_scores),
		cmocka_unit_test(test_two_at_once),
#ifdef COUNTS
		cmocka_unit_test(test_what_a_warm_scorer_allocates),
#endif
	};
	return cmocka_run_group_tests(tests, make_odd, remove_odd);
}
