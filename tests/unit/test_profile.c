/* Parts of the profiler: stacks, tags from spans, where addresses lie, and files. Sampling itself:
 * tests/profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/profile/process_maps.h"
#include "harness/profile/profile_files.h"
#include "harness/profile/profile_tree.h"
#include "harness/profile/sample_tags.h"
#include "harness/profile/symbols.h"

static void test_stacks(void **state)
{
	(void)state;
	pf_stacks stacks = {0};
	for (int again = 0; again < 3; again++) {
		for (uint64_t i = 0; i < 5000; i++) {
			const uint64_t words[] = {i, i * i, 7};
			pf_stacks_count(&stacks, (uint16_t)(i % 3), 1, words, 1 + i % 3, 2);
		}
	}
	assert_int_equal(stacks.count, 5000);
	assert_int_equal(stacks.lost, 0);
	for (size_t i = 0; i < stacks.count; i++) {
		assert_int_equal(stacks.stacks[i].count, 6);
		assert_int_equal(pf_stack_words(&stacks, &stacks.stacks[i])[0], i);
	}
	pf_stacks_release(&stacks);
}

enum { CAPACITY = 8 };

/* A worker in stages from 100 on, each of 100 ns, the third with a part from 310 to 350; the last is open. */
static void write_spans(pf_trace *trace, pf_span *ring)
{
	static const pf_span spans[] = {{100, 200, 1, PF_STAGE_READ, 0},
					{200, 300, 1, PF_STAGE_DECODE, 0},
					{310, 350, 1, PF_STAGE_POSE_INPUT, 1},
					/* put there late, by whoever waited for the device */
					{311, 320, 1, PF_DEVICE_SPAN + PF_DEVICE_UPLOAD, 0},
					{300, 400, 1, PF_STAGE_POSE, 0}};
	pf_trace_reset(trace);
	atomic_store(&trace->tid, 42);
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		ring[trace->ended++ % CAPACITY] = spans[i];
	}
	trace->open[0] = (pf_open_span){.begin_ns = 400, .stage = PF_STAGE_FACES};
	trace->open[1] = (pf_open_span){.begin_ns = 450, .stage = PF_STAGE_FACES_GREY};
	trace->depth = 2;
	atomic_store(&trace->photo, 2);
}

static void test_tags(void **state)
{
	(void)state;
	static pf_trace traces[2];
	static pf_span rings[2 * CAPACITY];
	static pf_tags tags;
	pf_trace_reset(&traces[0]);
	write_spans(&traces[1], rings + CAPACITY);
	tags.source = (pf_tag_source){.traces = traces, .rings = rings, .capacity = CAPACITY, .count = 2};
	pf_tags_look(&tags);
	static const struct {
		uint64_t time_ns;
		uint16_t stage;
		uint32_t photo;
	} known[] = {{50, PF_STAGE_COUNT, PF_NO_PHOTO}, {150, PF_STAGE_READ, 1},
		     {299, PF_STAGE_DECODE, 1},         {305, PF_STAGE_POSE, 1},
		     {330, PF_STAGE_POSE_INPUT, 1},     {360, PF_STAGE_POSE, 1},
		     {420, PF_STAGE_FACES, 2},          {470, PF_STAGE_FACES_GREY, 2}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		pf_tag tag = pf_tag_find(&tags, 42, known[i].time_ns);
		assert_int_equal(tag.slot, 1);
		assert_int_equal(tag.stage, known[i].stage);
		assert_int_equal(tag.photo, known[i].photo);
	}
	assert_int_equal(pf_tag_find(&tags, 43, 150).slot, UINT16_MAX);
	/* A worker that came after one that died: both are known. */
	atomic_store(&traces[1].tid, 43);
	pf_tags_look(&tags);
	assert_int_equal(pf_tag_find(&tags, 43, 150).stage, PF_STAGE_READ);
	assert_int_equal(pf_tag_find(&tags, 42, 150).stage, PF_STAGE_READ);
	/* What a corrupted worker writes is followed nowhere. */
	traces[1].depth = UINT32_MAX;
	traces[1].ended = UINT64_MAX;
	rings[CAPACITY + 3].stage = UINT16_MAX;
	(void)pf_tag_find(&tags, 43, 150);
}

static void test_maps(void **state)
{
	(void)state;
	pf_maps maps = {0};
	int32_t pid = 0x7ffffff0; /* nobody's */
	pf_maps_add(&maps, pid, 0x1000, 0x1000, 0x40, "/lib/one.so");
	pf_maps_fork(&maps, pid, pid + 1);
	pf_maps_add(&maps, pid + 1, 0x1800, 0x100, 0, "/lib/two.so");
	pf_place_in_object place = pf_maps_find(&maps, pid, 0x1810);
	assert_string_equal(maps.objects[PF_OBJECT_OF(place)].path, "/lib/one.so");
	assert_int_equal(PF_OFFSET_OF(place), 0x850);
	place = pf_maps_find(&maps, pid + 1, 0x1810);
	assert_string_equal(maps.objects[PF_OBJECT_OF(place)].path, "/lib/two.so");
	assert_int_equal(PF_OFFSET_OF(place), 0x10);
	pf_maps_exec(&maps, pid + 1);
	place = pf_maps_find(&maps, pid + 1, 0x1810);
	assert_int_equal(maps.objects[PF_OBJECT_OF(place)].kind, PF_OBJECT_MADE);
	place = pf_maps_find(&maps, pid, 0xffffffff81000010u);
	assert_int_equal(maps.objects[PF_OBJECT_OF(place)].kind, PF_OBJECT_KERNEL);
	pf_maps_release(&maps);
}

/* This program's own function, by an address of it; and code that was made at run time, by its maker's map.
 */
static void test_symbols(void **state)
{
	(void)state;
	pf_maps maps = {0};
	char path[64], name[128];
	uint64_t made = 0x123456789000u;
	void (*function)(void **) = test_symbols;
	uint64_t address;
	memcpy(&address, &function, sizeof address);
	snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
	FILE *map = fopen(path, "w");
	assert_non_null(map);
	fprintf(map, "%llx 100 made_kernel\n", (unsigned long long)made);
	fclose(map);
	pf_place_in_object own = pf_maps_find(&maps, (int32_t)getpid(), address + 1);
	pf_place_in_object jit = pf_maps_find(&maps, (int32_t)getpid(), made + 0x80);
	pf_place_in_object behind = pf_maps_find(&maps, (int32_t)getpid(), made + 0x100);
	pf_symbols *symbols = pf_symbols_open(&maps);
	assert_non_null(symbols);
#ifdef PF_WITH_DW
	assert_true(pf_symbols_name(symbols, own, false, name, sizeof name));
	assert_string_equal(name, "test_symbols");
#else
	assert_false(pf_symbols_name(symbols, own, false, name, sizeof name));
#endif
	assert_true(pf_symbols_name(symbols, jit, false, name, sizeof name));
	assert_string_equal(name, "made_kernel");
	assert_true(pf_symbols_name(symbols, behind, true, name, sizeof name)); /* a call that ends it */
	assert_false(pf_symbols_name(symbols, behind, false, name, sizeof name));
	unlink(path);
	pf_symbols_close(symbols);
	pf_maps_release(&maps);
}

static void make_profile(pf_profile *out)
{
	*out = (pf_profile){.label = "it", .method = "by hand", .hz = 100, .has_stages = true, .samples = 10};
	uint64_t inner = pf_profile_function(out, "in<n>&\"er;\"", "/lib/a.so", true, false);
	uint64_t outer = pf_profile_function(out, "outer", "/bin/b", true, false);
	const uint64_t both[] = {inner, outer, outer};
	pf_stacks_count(&out->stacks, PF_STAGE_DECODE, 1, both, 3, 3);
	pf_stacks_count(&out->stacks, PF_STAGE_DECODE, 2, both, 3, 2);
	pf_stacks_count(&out->stacks, PF_STAGE_POSE_INPUT, 1, both + 1, 1, 4);
	pf_stacks_count(&out->stacks, PF_STAGE_COUNT, PF_STACK_NO_WORKER, both, 1, 1);
}

static void test_folded(void **state)
{
	(void)state;
	pf_profile profile;
	char *text = NULL;
	size_t size;
	make_profile(&profile);
	assert_int_equal(profile.stacks.count, 4); /* workers are kept apart */
	FILE *stream = open_memstream(&text, &size);
	assert_int_equal(pf_profile_write_folded(&profile, stream, NULL), PF_OK);
	fclose(stream);
	assert_string_equal(text, "(no stage);in<n>&\"er:\" 1\n"
				  "decode;outer;outer;in<n>&\"er:\" 5\n"
				  "pose;pose.input;outer 4\n");
	free(text);
	/* A function that calls itself counts once. */
	pf_function_share *shares = pf_profile_functions(&profile);
	assert_int_equal(shares[0].self, 6);
	assert_int_equal(shares[1].self, 4);
	assert_int_equal(shares[1].total, 9);
	free(shares);
	pf_profile sum = {0};
	pf_profile_add(&sum, &profile);
	pf_profile_add(&sum, &profile);
	assert_int_equal(sum.samples, 20);
	assert_int_equal(sum.stacks.count, profile.stacks.count);
	assert_int_equal(pf_profile_stage_samples(&sum, PF_STAGE_POSE), 8);
	pf_profile_release(&sum);
	pf_profile_release(&profile);
}

static void test_tree(void **state)
{
	(void)state;
	pf_profile profile;
	pf_profile_tree tree;
	make_profile(&profile);
	assert_int_equal(pf_profile_tree_create(&profile, &profile, &tree), 0);
	assert_int_equal(tree.nodes[0].total[0], 10);
	uint64_t self = 0;
	for (size_t i = 0; i < tree.count; i++) {
		uint64_t below = 0;
		for (uint32_t k = tree.nodes[i].first; k; k = tree.nodes[k].next) {
			below += tree.nodes[k].total[1];
		}
		assert_int_equal(tree.nodes[i].total[1], below + tree.nodes[i].self[1]);
		self += tree.nodes[i].self[0];
	}
	assert_int_equal(self, 10);
	pf_profile_tree_release(&tree);
	pf_profile_release(&profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks),  cmocka_unit_test(test_tags),   cmocka_unit_test(test_maps),
		cmocka_unit_test(test_symbols), cmocka_unit_test(test_folded), cmocka_unit_test(test_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
