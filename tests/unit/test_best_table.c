/* The best shots, for people: members of a burst stand in the order of capture, whatever the order of the
 * manifest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/show/best_table.h"

enum { PHOTOS = 6 };

/* One burst of five, of which the third taken is the best, beside one single shot; places by capture. In the
 * manifest they stand as `order` says: order[i] is the place of capture of photo i; 5 is the single shot. */
static char *print(const uint32_t order[PHOTOS])
{
	pf_error error;
	pf_dataset *dataset;
	pf_outcomes *outcomes;
	pf_scorer_config config;
	char *text = NULL;
	size_t bytes, first = PHOTOS;
	pf_scorer_config_default(&config);
	config.timing_weight = 1;
	assert_int_equal(pf_dataset_create("n", "/tmp", &dataset, &error), PF_OK);
	assert_int_equal(pf_outcomes_create(PHOTOS, &outcomes, &error), PF_OK);
	for (size_t i = 0; i < PHOTOS; i++) {
		char name[16];
		snprintf(name, sizeof name, "taken%u.jpg", order[i]);
		assert_int_equal(pf_dataset_add(dataset, name, 1, NULL, &error), PF_OK);
		first = first == PHOTOS && order[i] < 5 ? i : first;
	}
	for (size_t i = 0; i < PHOTOS; i++) {
		pf_outcome *photo = &outcomes->photos[i];
		bool single = order[i] == 5;
		photo->done = photo->ranked = true;
		photo->burst = (uint32_t)(single ? i : first);
		photo->place = single ? 0 : order[i];
		photo->rank = single || order[i] == 2 ? 1 : order[i] < 2 ? order[i] + 2 : order[i] + 1;
		photo->score.total = 0.5;
		for (int m = 0; m < PF_MEASURE_COUNT;
		     m++) { /* what timing looks at rises to the third, and falls */
			photo->score.measures[m] = order[i] < 5 ? 10.0 - 3 * abs((int)order[i] - 2) : 1;
		}
		for (int f = 0; f < PF_FACTOR_COUNT; f++) {
			photo->score.factors[f] = 0.5;
		}
		outcomes->scored++;
	}
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	pf_best_print(outcomes, dataset, &config, stream);
	fclose(stream);
	pf_outcomes_free(outcomes);
	pf_dataset_free(dataset);
	assert_non_null(text);
	return text;
}

/* The row of the burst, behind its number, which is the manifest's. */
static char *burst_row(char *text)
{
	char *row = strstr(text, "5  taken2.jpg");
	if (!row) { /* abort: what the analyser knows to return never */
		fail_msg("no row of a burst of five with its best shot in %s", text);
		abort();
	}
	row[strcspn(row, "\n")] = '\0';
	return row;
}

static void test_the_order_of_the_manifest_does_not_matter(void **state)
{
	(void)state;
	static const uint32_t orders[][PHOTOS] = {
		{0, 1, 2, 3, 4, 5}, {4, 3, 2, 1, 0, 5}, {5, 2, 0, 4, 1, 3}, {3, 5, 1, 4, 0, 2}};
	char *usual = print(orders[0]);
	char *row = burst_row(usual);
	for (size_t i = 1; i < sizeof orders / sizeof *orders; i++) {
		char *text = print(orders[i]);
		assert_non_null(strstr(text, "6 of 6 photos scored, 0 not; 1 burst, 1 single shot"));
		assert_string_equal(burst_row(text), row);
		free(text);
	}
	free(usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_order_of_the_manifest_does_not_matter)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
