/* What every workload of the engine's table has to do, inherited by standing in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/kernels/kernels.h"
#include "jpeg_fixture.h"
#include "photofinish/scorer.h"
#include "photofinish/workload.h"
#include "photofinish/workspace.h"

enum { PIXELS = 200000, PHOTOS = 2000 };

typedef struct digest {
	uint8_t bytes[PF_WORKLOAD_DIGEST_BYTES];
} digest;

static pf_workload_input input_of(const pf_workload *workload, uint32_t seed)
{
	uint64_t size = workload->size_default;
	size = size > PIXELS ? PIXELS : size > PHOTOS ? PHOTOS : size; /* so that all of it takes seconds */
	size = size < workload->size_least ? workload->size_least : size;
	return (pf_workload_input){.struct_size = sizeof(pf_workload_input), .seed = seed, .size = size};
}

static bool is_there(const pf_workload *workload)
{
	bool network = strncmp(workload->name, "layer/", 6) == 0 || strcmp(workload->name, "pose") == 0;
	return !network || pf_network_backend(0);
}

static digest digest_of(const pf_workload *workload, const void *state)
{
	digest d;
	workload->digest(state, d.bytes);
	return d;
}

static bool same(const digest *a, const digest *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void *set_up(const pf_workload *workload, const pf_workload_input *input)
{
	char error[256] = "";
	void *state = NULL;
	if (workload->set_up(workload, input, &state, error, sizeof error)) {
		fail_msg("%s: %s", workload->name, error);
	}
	return state;
}

/* Sets up, runs n times, tears down. */
static digest run_fresh(const pf_workload *workload, const pf_workload_input *input, uint64_t n)
{
	void *state = set_up(workload, input);
	assert_int_equal(workload->run(state, n), 0);
	digest d = digest_of(workload, state);
	workload->tear_down(state);
	return d;
}

static void check(const pf_workload *workload)
{
	pf_workload_input input = input_of(workload, 1), other = input_of(workload, 2);
	void *state = set_up(workload, &input);
	digest before = digest_of(workload, state);
	assert_int_equal(workload->run(state, 0), 0);
	digest zero = digest_of(workload, state);
	assert_int_equal(workload->run(state, 1), 0);
	digest first = digest_of(workload, state);
	assert_int_equal(workload->run(state, 0), 0);
	digest kept = digest_of(workload, state);
	assert_int_equal(workload->run(state, 2), 0);
	digest again = digest_of(workload, state);
	workload->tear_down(state);
	digest fresh = run_fresh(workload, &input, 1), changed = run_fresh(workload, &other, 1);
	if (!same(&before, &zero) || same(&before, &first) || !same(&first, &kept) || !same(&first, &again) ||
	    !same(&first, &fresh) || same(&first, &changed)) {
		fail_msg("%s: zero %d, does something %d, kept %d, again %d, fresh %d, other input %d",
			 workload->name, same(&before, &zero), !same(&before, &first), same(&first, &kept),
			 same(&first, &again), same(&first, &fresh), !same(&first, &changed));
	}
}

static void test_every_workload(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < pf_workloads_v1.count; i++) {
		if (is_there(&pf_workloads_v1.workloads[i])) {
			check(&pf_workloads_v1.workloads[i]);
		} else {
			print_message("%s: not on this machine\n", pf_workloads_v1.workloads[i].name);
		}
	}
}

/* Every way that is here gives the plainest one's outputs, and one that there is not is refused. */
static void test_ways(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < pf_workloads_v1.count; i++) {
		const pf_workload *w = &pf_workloads_v1.workloads[i];
		pf_workload_input input = input_of(w, 1);
		char error[256] = "";
		void *own = NULL;
		input.way = "no such way";
		assert_int_not_equal(w->set_up(w, &input, &own, error, sizeof error), 0);
		w->tear_down(own);
		assert_non_null(strstr(error, "it has no way"));
		if (!w->ways || !is_there(w)) {
			continue;
		}
		input.way = w->ways[0];
		void *plainest = set_up(w, &input);
		assert_int_equal(w->run(plainest, 1), 0);
		digest wanted = digest_of(w, plainest);
		for (size_t k = 1; w->ways[k]; k++) {
			own = NULL;
			input.way = w->ways[k];
			if (w->set_up(w, &input, &own, error, sizeof error)) {
				print_message("%s by %s: %s\n", w->name, w->ways[k], error);
				w->tear_down(own);
				continue;
			}
			assert_int_equal(w->run(own, 1), 0);
			digest found = digest_of(w, own);
			if (!(w->agrees ? w->agrees(own, plainest) != 0 : same(&found, &wanted))) {
				fail_msg("%s by %s: other outputs than by %s", w->name, w->ways[k],
					 w->ways[0]);
			}
			w->tear_down(own);
		}
		w->tear_down(plainest);
	}
}

static const pf_workload *find(const char *name)
{
	for (uint32_t i = 0; i < pf_workloads_v1.count; i++) {
		if (strcmp(pf_workloads_v1.workloads[i].name, name) == 0) {
			return &pf_workloads_v1.workloads[i];
		}
	}
	return NULL;
}

static void test_the_table(void **state)
{
	(void)state;
	assert_int_equal(pf_workloads_v1.version, PF_WORKLOADS_VERSION);
	assert_int_equal(pf_workloads_v1.struct_size, sizeof(pf_workloads));
	assert_int_equal(pf_workloads_v1.workload_size, sizeof(pf_workload));
	assert_true(pf_workloads_v1.library[0]);
	for (uint32_t i = 0; i < pf_workloads_v1.count; i++) {
		const pf_workload *w = &pf_workloads_v1.workloads[i];
		assert_ptr_equal(find(w->name), w); /* the only one */
		assert_true(w->name[0] && strlen(w->name) <= PF_WORKLOAD_NAME_MAX);
		assert_int_equal(strspn(w->name, "abcdefghijklmnopqrstuvwxyz0123456789-_./"),
				 strlen(w->name));
		assert_true(w->what[0] && w->unit[0] && w->set_up && w->run && w->digest && w->tear_down);
		assert_true(w->size_least <= w->size_default && w->size_default <= w->size_most);
		assert_int_equal(w->size_unit != NULL, w->size_most > 0);
		for (size_t k = 0; w->within && w->within[k]; k++) {
			assert_non_null(find(w->within[k]));
			assert_ptr_not_equal(find(w->within[k]), w);
		}
	}
}

/* Every failure says why, and what it left is torn down. */
static void check_refused(const pf_workload *workload, const pf_workload_input *input, const char *says)
{
	char error[256] = "";
	void *state = NULL;
	int status = workload->set_up(workload, input, &state, error, sizeof error);
	workload->tear_down(state);
	assert_int_not_equal(status, 0);
	if (!strstr(error, says)) {
		fail_msg("%s: %s", workload->name, error);
	}
	char cut[5] = "....";
	state = NULL;
	assert_int_not_equal(workload->set_up(workload, input, &state, cut, sizeof cut), 0);
	assert_int_equal(strlen(cut), 4);
	workload->tear_down(state);
}

static void test_failed_set_up(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < pf_workloads_v1.count; i++) {
		const pf_workload *w = &pf_workloads_v1.workloads[i];
		pf_workload_input input = input_of(w, 1);
		w->tear_down(NULL);
		input.size = w->size_most + 1;
		check_refused(w, &input, "the size is");
		input = input_of(w, 1);
		input.folder = "/nowhere";
		check_refused(w, &input,
			      w->flags & PF_WORKLOAD_TAKES_FOLDER ? "/nowhere" : "it takes no folder");
	}
}

/* The photos of a folder, by the seed; one that is damaged fails when it is run. */
static void test_folder(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	pf_fixture_bytes small = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 64, .height_px = 48});
	pf_fixture_bytes large = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 96, .height_px = 80});
	pf_fixture_bytes cut = {.data = large.data, .bytes = large.bytes / 2};
	pf_fixture_folder_add(&folder, "a.jpg", &small);
	pf_fixture_folder_add(&folder, "b.jpg", &large);
	pf_fixture_folder_add(&folder, "c.jpg", &cut);
	const pf_workload *decode = find("decode");
	pf_workload_input input = input_of(decode, 0);
	input.folder = folder.path;
	digest a = run_fresh(decode, &input, 1), a_again = run_fresh(decode, &input, 2);
	input.seed = 1;
	digest b = run_fresh(decode, &input, 1);
	assert_true(same(&a, &a_again) && !same(&a, &b));
	input.seed = 2;
	void *work = set_up(decode, &input);
	digest before = digest_of(decode, work);
	assert_int_equal(decode->run(work, 1), PF_ERR_TRUNCATED);
	digest after = digest_of(decode, work);
	assert_true(same(&before, &after));
	decode->tear_down(work);
	pf_fixture_free(&small);
	pf_fixture_free(&large);
	pf_fixture_folder_close(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table), cmocka_unit_test(test_every_workload),
		cmocka_unit_test(test_ways),      cmocka_unit_test(test_failed_set_up),
		cmocka_unit_test(test_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
