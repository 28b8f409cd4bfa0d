/* The random order of trials: known values, no bias, every order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/stats/shuffle.h"

static void test_known_values(void **state)
{
	(void)state;
	/* The first outputs of SplitMix64 for the seed 1234567, as its authors' code gives them. */
	static const uint64_t expected[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
					    UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
					    UINT64_C(16408922859458223821)};
	pf_random random = {.state = 1234567};
	for (size_t i = 0; i < 5; i++) {
		assert_true(pf_random_next(&random) == expected[i]);
	}
}

static void test_below_is_uniform(void **state)
{
	(void)state;
	enum { DRAWS = 60000 };
	pf_random random = {.state = 5};
	static const uint64_t bounds[] = {1, 2, 3, 7, 10};
	for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
		double seen[10] = {0}, expected = (double)DRAWS / (double)bounds[b], chi = 0;
		for (int i = 0; i < DRAWS; i++) {
			uint64_t value = pf_random_below(&random, bounds[b]);
			assert_true(value < bounds[b]);
			seen[value]++;
		}
		for (uint64_t i = 0; i < bounds[b]; i++) {
			chi += (seen[i] - expected) * (seen[i] - expected) / expected;
		}
		assert_true(chi < 33.7); /* chi-square, 9 degrees of freedom, 1 in 10,000 */
	}
	/* A plain remainder would give the lower third of this range twice as often. */
	const uint64_t large = UINT64_C(3) << 62;
	int low = 0;
	for (int i = 0; i < DRAWS; i++) {
		low += pf_random_below(&random, large) < large / 3;
	}
	assert_true(low > DRAWS / 3 - 500 && low < DRAWS / 3 + 500);
}

static void test_every_order_is_equally_likely(void **state)
{
	(void)state;
	enum { DRAWS = 240000 };
	double seen[256] = {0}, chi = 0;
	int orders = 0;
	pf_random random = {.state = 99};
	for (int i = 0; i < DRAWS; i++) {
		size_t items[4] = {0, 1, 2, 3};
		pf_shuffle(&random, items, 4);
		seen[items[0] | items[1] << 2 | items[2] << 4 | items[3] << 6]++;
	}
	for (int i = 0; i < 256; i++) {
		if (seen[i] > 0) {
			chi += (seen[i] - DRAWS / 24.0) * (seen[i] - DRAWS / 24.0) / (DRAWS / 24.0);
			orders++;
		}
	}
	assert_int_equal(orders, 24);
	assert_true(chi < 57.0); /* 23 degrees of freedom, 1 in 10,000 */
}

static void test_seed_decides(void **state)
{
	(void)state;
	size_t a[50], b[50], c[50];
	pf_random first = {.state = 7}, second = {.state = 7}, third = {.state = 8};
	for (size_t i = 0; i < 50; i++) {
		a[i] = b[i] = c[i] = i;
	}
	pf_shuffle(&first, a, 50);
	pf_shuffle(&second, b, 50);
	pf_shuffle(&third, c, 50);
	assert_memory_equal(a, b, sizeof a);
	assert_memory_not_equal(a, c, sizeof a);
	pf_shuffle(&first, a, 0);
	pf_shuffle(&first, a, 1);
	assert_memory_equal(a, b, sizeof a);
}

/* Odd rounds draw every order equally often, even ones reverse it: over two rounds all positions add up
 * alike. */
static void test_rounds_are_mirrored(void **state)
{
	(void)state;
	pf_random random = {.state = 3};
	size_t items[3] = {9, 9, 9}, seen[3][3] = {{0}};
	for (uint32_t round = 1; round <= 6000; round += 2) {
		size_t first[3];
		pf_shuffle_round(&random, items, 3, round);
		memcpy(first, items, sizeof first);
		pf_shuffle_round(&random, items, 3, round + 1);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(items[i], first[2 - i]);
			seen[first[i]][i]++;
		}
	}
	for (size_t i = 0; i < 9; i++) {
		assert_in_range(seen[i / 3][i % 3], 900, 1100);
	}
	size_t alone = 7;
	pf_shuffle_round(&random, &alone, 1, 1);
	pf_shuffle_round(&random, &alone, 1, 2);
	assert_int_equal(alone, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_below_is_uniform),
		cmocka_unit_test(test_every_order_is_equally_likely),
		cmocka_unit_test(test_seed_decides),
		cmocka_unit_test(test_rounds_are_mirrored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
