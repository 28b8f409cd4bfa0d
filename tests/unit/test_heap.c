/* Large pages: how many page faults it takes to touch memory, in a process and in its child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/heap.h"

#define BYTES ((size_t)16 << 20)
#define FAULTS_MOST 600 /* of 4,096 pages; a few large ones may not be to be had */

static bool are_to_be_had(void)
{
	char modes[64] = "";
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
	bool had = file && fgets(modes, sizeof modes, file) && !strstr(modes, "[never]");
	if (file) {
		fclose(file);
	}
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	had = false; /* they have a malloc of their own */
#endif
	return had;
}

static long faults(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Those of writing to each page. */
static long touch(uint8_t *memory)
{
	long before = faults();
	for (size_t i = 0; i < BYTES; i += 4096) {
		((volatile uint8_t *)memory)[i] = (uint8_t)(i >> 12);
	}
	return faults() - before;
}

static long touch_a_block(void)
{
	uint8_t *block = malloc(BYTES);
	assert_non_null(block);
	long took = touch(block);
	for (size_t i = 0; i < BYTES; i += 4096) {
		assert_int_equal(block[i], (uint8_t)(i >> 12));
	}
	free(block);
	return took;
}

static long touch_a_mapping(void)
{
	uint8_t *mapping = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(mapping, MAP_FAILED);
	pf_heap_advise(mapping, BYTES);
	long took = touch(mapping);
	munmap(mapping, BYTES);
	return took;
}

static void test_before(void **state)
{
	(void)state;
	if (are_to_be_had()) {
		long plain = touch_a_mapping();
		FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
		char modes[64] = "";
		assert_non_null(file);
		assert_non_null(fgets(modes, sizeof modes, file));
		fclose(file);
		if (!strstr(modes, "[always]")) { /* nobody has asked for any yet */
			assert_true(plain > FAULTS_MOST);
		}
	}
}

static void test_after(void **state)
{
	(void)state;
	char *kept = malloc(100000);
	assert_non_null(kept);
	memset(kept, 'k', 100000);
	pf_heap_use_large_pages();
	long block = touch_a_block(), mapping = touch_a_mapping();
	pf_heap_use_large_pages(); /* again, with what was used in between */
	pid_t child = fork();
	if (child == 0) {
		long took = touch_a_block();
		_exit(are_to_be_had() && took > FAULTS_MOST ? 1 : 0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	for (size_t i = 0; i < 100000; i++) {
		assert_int_equal(kept[i], 'k'); /* blocks that are in use keep what they hold */
	}
	free(kept);
	if (are_to_be_had()) {
		assert_true(block <= FAULTS_MOST);
		assert_true(mapping <= FAULTS_MOST);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_after),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
