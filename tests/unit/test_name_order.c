/* The order of names: as people count, by stamps, and where a camera's counter runs over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/photo/name_order.h"

#define NAMES_MAX 16

/* `names`, ended by NULL, are expected in this order, whatever order the dataset has them in. */
static void expect_order(const char *const *names)
{
	pf_dataset_photo photos[NAMES_MAX] = {0};
	pf_dataset dataset = {.photos = photos};
	while (names[dataset.count]) {
		dataset.count++;
	}
	for (size_t turn = 0; turn < dataset.count; turn++) {
		for (size_t i = 0; i < dataset.count; i++) {
			size_t place = turn % 2 ? dataset.count - 1 - i : i;
			photos[(place + turn) % dataset.count].path = (char *)names[i];
		}
		uint32_t *order;
		assert_int_equal(pf_name_order(&dataset, &order, NULL), PF_OK);
		for (size_t i = 0; i < dataset.count; i++) {
			assert_string_equal(photos[order[i]].path, names[i]);
		}
		free(order);
	}
}

#define ORDER(...) expect_order((const char *const[]){__VA_ARGS__, NULL})

static void test_numbers(void **state)
{
	(void)state;
	ORDER("BURST1.jpg", "BURST2.jpg", "BURST3.jpg", "BURST10.jpg", "BURST11.jpg", "BURST100.jpg");
	ORDER("IMG (1).jpg", "IMG (2).jpg", "IMG (10).jpg", "IMG (11).jpg");
	ORDER("a1b2", "a1b10", "a2b1", "a10b1");
	ORDER("1.jpg", "2.jpg", "99999999999999999998.jpg", "99999999999999999999.jpg",
	      "100000000000000000000.jpg");
	ORDER("x", "x.jpg", "x0.jpg", "x00.jpg", "x001.jpg", "x01.jpg", "x1.jpg",
	      "x2.jpg"); /* equal: by bytes */
}

static void test_stamps(void **state)
{
	(void)state;
	ORDER("00000IMG_00000_BURST20190407204140.jpg", "00001XTR_00001_BURST20190407204140.jpg",
	      "00002XTR_00002_BURST20190407204140.jpg", "00000IMG_00000_BURST20190407204141.jpg",
	      "00001XTR_00001_BURST20190407204141.jpg");
	ORDER("Z_20190407_204140_1.jpg", "A_20190407_204141_1.jpg", "A_20190407204141_2.jpg", "A_1.jpg");
	ORDER("2_20190407204140.jpg", "1_20191407204141.jpg", "10_20191407204140.jpg"); /* month 14 is none */
}

static void test_folders(void **state)
{
	(void)state;
	ORDER("9.jpg", "day 2/IMG_1.jpg", "day 2/IMG_5.jpg", "day 10/IMG_2.jpg");
	ORDER("a/IMG_9999.jpg", "a/IMG_0001.jpg", "b/IMG_0001.jpg", "b/IMG_0002.jpg");
}

static void test_counters_run_over(void **state)
{
	(void)state;
	ORDER("IMG_9997.JPG", "IMG_9998.JPG", "IMG_9999.JPG", "IMG_0001.JPG", "IMG_0002.JPG", "IMG_0003.JPG");
	ORDER("DSC_9999.JPG", "DSC_0000.JPG", "DSC_0001.JPG");
	/* The gap is wherever photos were not kept, and the last numbers may be, too. */
	ORDER("IMG_8000.JPG", "IMG_9998.JPG", "IMG_0001.JPG", "IMG_4000.JPG");
	/* It does not begin at the counter's start, or not end at its end; no gap; names of another kind. */
	ORDER("IMG_0002.JPG", "IMG_0003.JPG", "IMG_9999.JPG");
	ORDER("IMG_0001.JPG", "IMG_0002.JPG", "IMG_9997.JPG");
	ORDER("IMG_00001.JPG", "IMG_09999.JPG");
	ORDER("AAA_9999.JPG", "BBB_0001.JPG", "BBB_0002.JPG");
	ORDER("AAA_0001.JPG", "BBB_9999.JPG");
}

static void test_compare_is_an_order(void **state)
{
	(void)state;
	static const char *const names[] = {
		"a/1", "a/01", "a/1a",           "a 1/1",           "a",
		"",    "1",    "20190407204140", "x20190407204140", "1/20190407204140"};
	enum { NAMES = sizeof names / sizeof *names };
	for (size_t i = 0; i < NAMES; i++) {
		for (size_t k = 0; k < NAMES; k++) {
			int one = pf_name_compare(names[i], names[k]);
			assert_int_equal(one, -pf_name_compare(names[k], names[i]));
			assert_int_equal(one == 0, i == k);
			for (size_t m = 0; m < NAMES; m++) {
				assert_false(one < 0 && pf_name_compare(names[k], names[m]) < 0 &&
					     pf_name_compare(names[i], names[m]) >= 0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_counters_run_over),
		cmocka_unit_test(test_compare_is_an_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
