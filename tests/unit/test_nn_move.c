/* Operators that move data or are computed while loading, against values computed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/op_case.h"

#define RUN(cases) op_cases_run(cases, sizeof(cases) / sizeof *(cases))

static void test_views(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Reshape", "", 0, {"2,3:1 2 3 4 5 6", "=i2:3 -1"}, {"3,2:1 2 3 4 5 6"}},
		{"Reshape", "", 0, {"2,3:1 2 3 4 5 6", "=i3:0 1 3"}, {"2,1,3:1 2 3 4 5 6"}},
		{"Flatten", "", 0, {"1,2,2:1 2 3 4"}, {"1,4:1 2 3 4"}},
		{"Flatten", "axis=i0", 0, {"1,2,2:1 2 3 4"}, {"1,4:1 2 3 4"}},
		{"Squeeze", "axes=I0", 11, {"1,2,1:1 2"}, {"2,1:1 2"}},
		{"Squeeze", "", 0, {"1,2,1:1 2", "=i1:-1"}, {"1,2:1 2"}},
		{"Squeeze", "", 0, {"1,2,1:1 2"}, {"2:1 2"}},
		{"Unsqueeze", "axes=I0,2", 11, {"2:1 2"}, {"1,2,1:1 2"}},
		{"Unsqueeze", "", 0, {"2:1 2", "=i1:-1"}, {"2,1:1 2"}},
	};
	RUN(cases);
}

static void test_strided(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Transpose", "", 0, {"2,3:1 2 3 4 5 6"}, {"3,2:1 4 2 5 3 6"}},
		{"Transpose", "perm=I0,2,3,1", 0, {"1,2,1,2:1 2 3 4"}, {"1,1,2,2:1 3 2 4"}},
		{"Transpose", "perm=I1,0", 0, {"i2,2:1 2 3 4"}, {"i2,2:1 3 2 4"}},
		{"Slice", "", 0, {"4:1 2 3 4", "=i1:1", "=i1:3"}, {"2:2 3"}},
		{"Slice", "", 0, {"4:1 2 3 4", "=i1:-1", "=i1:-100", "=i1:0", "=i1:-2"}, {"2:4 2"}},
		{"Slice",
		 "",
		 0,
		 {"2,3:1 2 3 4 5 6", "=i1:1", "=i1:9223372036854775807", "=i1:1", "=i1:1"},
		 {"2,2:2 3 5 6"}},
		{"Slice", "", 0, {"4:1 2 3 4", "=i1:3", "=i1:1"}, {"0:"}},
		{"Slice", "starts=I1 ends=I9 axes=I1", 9, {"2,3:1 2 3 4 5 6"}, {"2,2:2 3 5 6"}},
		{"Split", "axis=i1", 0, {"2,4:1 2 3 4 5 6 7 8"}, {"2,2:1 2 5 6", "2,2:3 4 7 8"}},
		{"Split", "", 0, {"3:1 2 3", "=i2:1 2"}, {"1:1", "2:2 3"}},
		{"Split", "split=I2,1", 11, {"3:1 2 3"}, {"2:1 2", "1:3"}},
		{"Split", "num_outputs=i2", 18, {"3:1 2 3"}, {"2:1 2", "1:3"}},
		{"Expand", "", 0, {"2,1:1 2", "=i2:1 3"}, {"2,3:1 1 1 2 2 2"}},
		{"Expand", "", 0, {"1:7", "=i2:2 2"}, {"2,2:7"}},
		{"Tile", "", 0, {"1,2:1 2", "=i2:2 2"}, {"2,4:1 2 1 2 1 2 1 2"}},
		{"DepthToSpace", "blocksize=i2", 0, {"1,4,1,1:1 2 3 4"}, {"1,1,2,2:1 2 3 4"}},
		{"DepthToSpace", "blocksize=i2", 0, {"1,8,1,1:1 2 3 4 5 6 7 8"}, {"1,2,2,2:1 3 5 7 2 4 6 8"}},
		{"DepthToSpace",
		 "blocksize=i2 mode=sCRD",
		 0,
		 {"1,8,1,1:1 2 3 4 5 6 7 8"},
		 {"1,2,2,2:1 2 3 4 5 6 7 8"}},
		{"SpaceToDepth", "blocksize=i2", 0, {"1,1,2,2:1 2 3 4"}, {"1,4,1,1:1 2 3 4"}},
	};
	RUN(cases);
}

static void test_join_and_pad(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Concat", "axis=i1", 0, {"2,1:1 2", "2,2:3 4 5 6"}, {"2,3:1 3 4 2 5 6"}},
		{"Concat", "axis=i-1", 0, {"i1:1", "i2:2 3"}, {"i3:1 2 3"}},
		{"Pad", "", 0, {"1,2:1 2", "=i4:1 0 0 1", "=:9"}, {"2,3:9 9 9 1 2 9"}},
		{"Pad", "", 0, {"2:1 2", "=i2:1 1"}, {"4:0 1 2 0"}},
		{"Pad", "", 0, {"3:1 2 3", "=i2:-1 1"}, {"3:2 3 0"}},
		{"Pad", "mode=sreflect", 0, {"3:1 2 3", "=i2:2 2"}, {"7:3 2 1 2 3 2 1"}},
		{"Pad", "mode=sedge", 0, {"3:1 2 3", "=i2:2 1"}, {"6:1 1 1 2 3 3"}},
		{"Pad", "pads=I0,1,0,0", 2 + 8, {"1,2:1 2"}, {"1,3:0 1 2"}},
	};
	RUN(cases);
}

static void test_gather(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Gather", "", 0, {"3,2:1 2 3 4 5 6", "=i2:2 0"}, {"2,2:5 6 1 2"}},
		{"Gather", "axis=i1", 0, {"2,3:1 2 3 4 5 6", "i:-1"}, {"2:3 6"}},
		{"Gather", "axis=i1", 0, {"2,3:1 2 3 4 5 6", "n1,2:0 1"}, {"2,1,2:1 2 4 5"}},
		{"GatherElements", "axis=i1", 0, {"2,2:1 2 3 4", "i2,2:0 0 1 0"}, {"2,2:1 1 4 3"}},
		{"GatherND", "", 0, {"2,2:1 2 3 4", "i2,2:0 0 1 1"}, {"2:1 4"}},
		{"GatherND", "", 0, {"2,2:1 2 3 4", "n2,1:1 0"}, {"2,2:3 4 1 2"}},
		{"GatherND", "batch_dims=i1", 0, {"2,2,2:1 2 3 4 5 6 7 8", "i2,1:1 0"}, {"2,2:3 4 5 6"}},
	};
	RUN(cases);
}

static void test_made(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Shape", "", 0, {"2,3:1"}, {"i2:2 3"}},
		{"Shape", "start=i-1", 15, {"2,3:1"}, {"i1:3"}},
		{"Size", "", 0, {"2,3:1"}, {"i:6"}},
		{"ConstantOfShape", "", 0, {"=i2:2 1"}, {"2,1:0 0"}},
		{"Range", "", 0, {"=i:1", "=i:7", "=i:2"}, {"i3:1 3 5"}},
		{"Range", "", 0, {"=:1", "=:0", "=:-0.5"}, {"2:1 0.5"}},
		{"Constant", "value_float=f1.5", 0, {0}, {":1.5"}},
		{"Constant", "value_ints=I1,2", 0, {0}, {"i2:1 2"}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		op_cases_run(&cases[i], 1);
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Reshape", "", 0, {"2,3:1", "=i2:4 -1"}, {"does not become"}},
		{"Reshape", "", 0, {"2,3:1", "=i2:-1 -1"}, {"dimension -1"}},
		{"Reshape", "", 0, {"2,3:1", "i2:3 2"}, {"must be a constant"}},
		{"Reshape", "", 0, {"2,3:1", "=i2:4611686018427387904 4611686018427387904"}, {"too large"}},
		{"Squeeze", "", 0, {"2,1:1", "=i1:0"}, {"does not become"}},
		{"Transpose", "perm=I0,0", 0, {"2,1:1"}, {"no permutation"}},
		{"Slice", "", 0, {"4:1", "=i1:1", "=i1:3", "=i1:0", "=i1:0"}, {"step 0"}},
		{"Split", "", 0, {"3:1 2 3", "=i1:2"}, {"add up"}},
		{"Expand", "", 0, {"2:1 2", "=i1:3"}, {"does not expand"}},
		{"Expand", "", 0, {"1:1", "=i2:1000000 1000000"}, {"does not expand"}},
		{"Tile", "", 0, {"1:1", "=i1:2000000000"}, {"too large"}},
		{"Concat", "", 0, {"1:1", "1:1"}, {"axis is missing"}},
		{"Concat", "axis=i0", 0, {"1:1", "1,1:1"}, {"does not fit"}},
		{"Pad", "mode=swrap", 0, {"1:1", "=i2:1 1"}, {"mode wrap"}},
		{"Pad", "mode=sreflect", 0, {"2:1", "=i2:2 0"}, {"out of range"}},
		{"Gather", "", 0, {"2:1", "=2:0 1"}, {"not integers"}},
		{"GatherND", "", 0, {"2:1", "=i1,3:0 0 0"}, {"do not fit"}},
		{"ConstantOfShape", "", 0, {"=i2:1000000 1000000"}, {"too large"}},
		{"ConstantOfShape", "", 0, {"=i1:30000000"}, {"64 MiB"}},
		{"Range", "", 0, {"=i:0", "=i:10", "=i:0"}, {"out of range"}},
		{"If", "", 0, {"b:1"}, {"not supported"}},
		{"Loop", "", 0, {"b:1"}, {"not supported"}},
	};
	op_cases_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),        cmocka_unit_test(test_strided),
		cmocka_unit_test(test_join_and_pad), cmocka_unit_test(test_gather),
		cmocka_unit_test(test_made),         cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
