/* Which presets are worth having: each against each other one faster by its whole interval, or nearer to
 * ultra. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/presets/presets.h"

enum { ROUNDS = 5 };

static pf_presets presets;

/* Times with a spread of `noise`, not the same for two presets. */
static void fill(const double seconds[PF_PRESETS], const double tau[PF_PRESETS], double noise)
{
	static double wall_s[ROUNDS * PF_PRESETS];
	presets = (pf_presets){.rounds_done = ROUNDS, .wall_s = wall_s};
	for (unsigned p = 0; p < PF_PRESETS; p++) {
		presets.rows[p].tau.mean = tau[p];
		for (unsigned r = 0; r < ROUNDS; r++) {
			wall_s[r * PF_PRESETS + p] = seconds[p] *
						     (1 + noise * ((double)((r * 3 + p * 7) % ROUNDS) - 2));
		}
	}
	pf_presets_judge(&presets);
}

static void check(const pf_preset_verdict verdicts[PF_PRESETS])
{
	for (unsigned p = 0; p < PF_PRESETS; p++) {
		assert_int_equal(presets.rows[p].verdict, verdicts[p]);
	}
}

static const double falling[PF_PRESETS] = {1, 0.98, 0.97, 0.9, 0.8};

static void test_all_worth_having(void **state)
{
	(void)state;
	fill((double[]){10, 8, 6, 5, 4}, falling, 0.002);
	check((pf_preset_verdict[PF_PRESETS]){0});
	assert_true(presets.rows[PF_PRESET_DRAFT].speedup.low > 2.4 &&
		    presets.rows[PF_PRESET_DRAFT].speedup.high < 2.6);
	assert_true(presets.rows[PF_PRESET_ULTRA].speedup.mean == 1);
}

static void test_dominated(void **state)
{
	(void)state;
	/* Slower than balanced, and further away. */
	fill((double[]){10, 8, 6, 7, 4}, falling, 0.002);
	check((pf_preset_verdict[PF_PRESETS]){[PF_PRESET_FAST] = PF_PRESET_DOMINATED});
	assert_int_equal(presets.rows[PF_PRESET_FAST].by, PF_PRESET_BALANCED);
	/* As near as high, and slower. */
	fill((double[]){10, 7, 8, 5, 4}, (double[]){1, 0.98, 0.98, 0.9, 0.8}, 0.002);
	check((pf_preset_verdict[PF_PRESETS]){[PF_PRESET_BALANCED] = PF_PRESET_DOMINATED});
	/* Slower than ultra. */
	fill((double[]){10, 11, 6, 5, 4}, falling, 0.002);
	check((pf_preset_verdict[PF_PRESETS]){[PF_PRESET_HIGH] = PF_PRESET_DOMINATED});
}

static void test_undecided(void **state)
{
	(void)state;
	/* Faster on average than high, which is nearer, but by less than the spread. */
	fill((double[]){10, 8, 7.95, 5, 4}, falling, 0.05);
	check((pf_preset_verdict[PF_PRESETS]){[PF_PRESET_BALANCED] = PF_PRESET_UNDECIDED});
	assert_int_equal(presets.rows[PF_PRESET_BALANCED].by, PF_PRESET_HIGH);
}

/* Without an interval nothing is shown to be faster. */
static void test_one_round(void **state)
{
	(void)state;
	fill((double[]){10, 8, 6, 5, 4}, falling, 0.002);
	presets.rounds_done = 1;
	pf_presets_judge(&presets);
	check((pf_preset_verdict[PF_PRESETS]){0, PF_PRESET_UNDECIDED, PF_PRESET_UNDECIDED,
					      PF_PRESET_UNDECIDED, PF_PRESET_UNDECIDED});
	/* Nor by rounds that do not count. */
	fill((double[]){10, 8, 6, 0, 4}, falling, 0.002);
	assert_int_equal(presets.rows[PF_PRESET_FAST].verdict, PF_PRESET_UNDECIDED);
}

/* What does the same with these photos is neither better nor worse, whatever the times say; with others it
 * is. */
static void test_same(void **state)
{
	(void)state;
	fill((double[]){10, 8, 8.4, 5, 4}, falling, 0.002);
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		presets.rows[p].plan = pf_preset_plan_of(p);
		presets.rows[p].paths = (pf_paths){.whole = 6};
	}
	presets.rows[PF_PRESET_FAST].paths = presets.rows[PF_PRESET_DRAFT].paths = (pf_paths){.half = 6};
	pf_presets_judge(&presets);
	check((pf_preset_verdict[PF_PRESETS]){[PF_PRESET_BALANCED] = PF_PRESET_SAME});
	assert_int_equal(presets.rows[PF_PRESET_BALANCED].by, PF_PRESET_HIGH);
	presets.rows[PF_PRESET_BALANCED].paths = (pf_paths){.whole = 3, .half = 3};
	pf_presets_judge(&presets);
	check((pf_preset_verdict[PF_PRESETS]){[PF_PRESET_BALANCED] = PF_PRESET_DOMINATED});
	/* Draft does otherwise than fast with the same planes. */
	assert_int_equal(presets.rows[PF_PRESET_DRAFT].verdict, PF_PRESET_PARETO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_worth_having),
					   cmocka_unit_test(test_dominated), cmocka_unit_test(test_undecided),
					   cmocka_unit_test(test_one_round), cmocka_unit_test(test_same)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
