/* Strategies of a scorer: the same scores as on the plain path, also of a scorer that was created before a
 * fork, and of a photo that needs the network that is loaded late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/workloads/made_photo.h"
#include "photofinish/scorer.h"

enum { PIXELS = 400000 };

static const uint32_t fast = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_EXACT_FACES |
			     PF_STRATEGY_QUICK_START;
static const uint32_t orientations[] = {1, 6}; /* wide, and turned upright */

static pf_scorer *open_scorer(uint32_t strategy)
{
	pf_scorer *scorer;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	config.strategy = strategy;
	assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_OK);
	return scorer;
}

static void load(pf_scorer *scorer, pf_image *image)
{
	pf_made_photo made;
	assert_int_equal(pf_made_photo_create(PIXELS, 3, &made, NULL), PF_OK);
	assert_int_equal(pf_scorer_load_bytes(scorer, made.jpeg, made.jpeg_bytes, NULL, image, NULL), PF_OK);
	pf_made_photo_free(&made);
}

/* Both ways the photo may be turned. */
static void judge(pf_scorer *scorer, pf_image *image, pf_score scores[2])
{
	for (unsigned i = 0; i < 2; i++) {
		image->orientation = orientations[i];
		assert_int_equal(pf_scorer_judge(scorer, image, &scores[i], NULL), PF_OK);
	}
}

static void test_scores_are_the_same(void **state)
{
	(void)state;
	pf_scorer *plain = open_scorer(0), *quick = open_scorer(fast);
	pf_image image = {0};
	pf_score expected[2], got[2];
	memset(expected, 0, sizeof expected);
	memset(got, 0, sizeof got);
	load(plain, &image);
	judge(plain, &image, expected);
	load(quick, &image); /* decoded by its own way, too */
	judge(quick, &image, got);
	assert_memory_equal(got, expected, sizeof got);
	assert_memory_not_equal(&expected[0], &expected[1], sizeof expected[0]);
	pf_image_release(&image);
	pf_scorer_destroy(plain);
	pf_scorer_destroy(quick);
}

/* Two children, one after the other, as a worker and the one that replaces it. */
static void test_a_scorer_survives_forks(void **state)
{
	(void)state;
	pf_scorer *plain = open_scorer(0), *quick = open_scorer(fast);
	pf_image image = {0};
	pf_score expected[2];
	pf_score *shared = mmap(NULL, sizeof expected, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
				0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	memset(expected, 0, sizeof expected);
	load(plain, &image);
	judge(plain, &image, expected);
	for (unsigned child = 0; child < 2; child++) {
		memset(shared, 0, sizeof expected);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			pf_scorer_set_trace(quick, NULL);
			for (unsigned i = 0; i < 2; i++) {
				image.orientation = orientations[i];
				if (pf_scorer_judge(quick, &image, &shared[i], NULL) != PF_OK) {
					_exit(1);
				}
			}
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_memory_equal(shared, expected, sizeof expected);
	}
	munmap(shared, sizeof expected);
	pf_image_release(&image);
	pf_scorer_destroy(plain);
	pf_scorer_destroy(quick);
}

static void test_who_may_be_forked(void **state)
{
	(void)state;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	assert_false(pf_scorer_may_be_forked(&config));
	config.strategy = PF_STRATEGY_QUICK_START;
	assert_true(pf_scorer_may_be_forked(&config));
	strcpy(config.backend, "cudnn");
	assert_false(pf_scorer_may_be_forked(&config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_scores_are_the_same),
					   cmocka_unit_test(test_a_scorer_survives_forks),
					   cmocka_unit_test(test_who_may_be_forked)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
