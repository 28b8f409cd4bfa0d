/* Convolutions, pools, norms, products, reductions and resizing, against values computed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/op_case.h"

#define RUN(cases) op_cases_run(cases, sizeof(cases) / sizeof *(cases))

static void test_conv(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Conv",
		 "",
		 0,
		 {"1,1,3,3:1 2 3 4 5 6 7 8 9", "=1,1,2,2:1 0 0 1", "=1:0.5"},
		 {"1,1,2,2:6.5 8.5 12.5 14.5"}},
		{"Conv", "pads=I1,1,1,1", 0, {"1,1,2,2:1 2 3 4", "=1,1,3,3:1"}, {"1,1,2,2:10 10 10 10"}},
		{"Conv", "pads=I0,1,0,0", 0, {"1,1,1,3:1 2 3", "=1,1,1,2:10 1"}, {"1,1,1,3:1 12 23"}},
		{"Conv",
		 "strides=I2,2",
		 0,
		 {"1,1,3,3:1 2 3 4 5 6 7 8 9", "=1,1,1,1:2"},
		 {"1,1,2,2:2 6 14 18"}},
		{"Conv",
		 "dilations=I2,2",
		 0,
		 {"1,1,3,3:1 2 3 4 5 6 7 8 9", "=1,1,2,2:1 1 1 1"},
		 {"1,1,1,1:20"}},
		{"Conv", "group=i2", 0, {"1,2,1,2:1 2 3 4", "=2,1,1,1:10 100"}, {"1,2,1,2:10 20 300 400"}},
		{"Conv", "group=i2", 0, {"1,4,1,1:1 2 3 4", "=2,2,1,1:1 1 1 1"}, {"1,2,1,1:3 7"}},
		{"Conv", "auto_pad=sSAME_UPPER", 0, {"1,1,1,3:1 2 3", "=1,1,1,2:1 1"}, {"1,1,1,3:3 5 3"}},
		{"Conv", "auto_pad=sSAME_LOWER", 0, {"1,1,1,3:1 2 3", "=1,1,1,2:1 1"}, {"1,1,1,3:1 3 5"}},
		{"Conv", "auto_pad=sVALID", 0, {"1,1,1,3:1 2 3", "=1,1,1,2:1 1"}, {"1,1,1,2:3 5"}},
		{"Conv", "", 0, {"1,1,4:1 2 3 4", "=1,1,2:1 -1"}, {"1,1,3:-1"}},
		{"Conv", "", 0, {"1,2,1,1:1 2", "2,2,1,1:1 2 3 4", "2:0 1"}, {"1,2,1,1:5 12"}},
		{"ConvTranspose",
		 "strides=I2,2",
		 0,
		 {"1,1,1,2:1 2", "=1,1,2,2:1 2 3 4"},
		 {"1,1,2,4:1 2 2 4 3 4 6 8"}},
		{"ConvTranspose",
		 "",
		 0,
		 {"1,1,1,2:1 2", "=1,1,1,2:1 10", "=1:0.5"},
		 {"1,1,1,3:1.5 12.5 20.5"}},
		{"ConvTranspose",
		 "pads=I0,1,0,1",
		 0,
		 {"1,1,1,3:1 2 3", "=1,1,1,3:1 10 100"},
		 {"1,1,1,3:12 123 230"}},
		{"ConvTranspose",
		 "strides=I1,2 output_padding=I0,1",
		 0,
		 {"1,1,1,2:1 2", "=1,1,1,2:1 1"},
		 {"1,1,1,5:1 1 2 2 0"}},
		{"ConvTranspose", "group=i2", 0, {"1,2,1,1:1 2", "=2,1,1,1:10 100"}, {"1,2,1,1:10 200"}},
		{"ConvTranspose",
		 "group=i2 strides=I2,2 pads=I0,1,0,0",
		 0,
		 {"1,2,1,2:1 2 3 4", "=2,1,1,3:1 2 3 1 10 100", "=2:0.5 0"},
		 {"1,2,1,4:2.5 5.5 4.5 6.5 30 304 40 400"}},
		{"ConvTranspose", "", 0, {"1,2,1,1:1 2", "=2,3,1,1:1 2 3 10 20 30"}, {"1,3,1,1:21 42 63"}},
	};
	RUN(cases);
}

static void test_pool(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"MaxPool", "kernel_shape=I2,2", 0, {"1,1,3,3:1 2 3 4 5 6 7 8 9"}, {"1,1,2,2:5 6 8 9"}},
		{"MaxPool",
		 "kernel_shape=I3,3 pads=I1,1,1,1 strides=I2,2",
		 0,
		 {"1,1,3,3:-1 -2 -3 -4 -5 -6 -7 -8 -9"},
		 {"1,1,2,2:-1 -2 -4 -5"}},
		{"MaxPool",
		 "kernel_shape=I2,2 strides=I2,2 ceil_mode=i1",
		 0,
		 {"1,1,3,3:1 2 3 4 5 6 7 8 9"},
		 {"1,1,2,2:5 6 8 9"}},
		{"MaxPool",
		 "kernel_shape=I2,2 dilations=I2,2",
		 0,
		 {"1,1,3,3:1 2 3 4 5 6 7 8 9"},
		 {"1,1,1,1:9"}},
		{"MaxPool", "kernel_shape=I2", 0, {"1,1,3:1 3 2"}, {"1,1,2:3 3"}},
		{"AveragePool", "kernel_shape=I2,2", 0, {"1,1,2,3:1 2 3 4 5 6"}, {"1,1,1,2:3 4"}},
		{"AveragePool",
		 "kernel_shape=I1,3 pads=I0,1,0,1",
		 0,
		 {"1,1,1,3:3 6 9"},
		 {"1,1,1,3:4.5 6 7.5"}},
		{"AveragePool",
		 "kernel_shape=I1,3 pads=I0,1,0,1 count_include_pad=i1",
		 0,
		 {"1,1,1,3:3 6 9"},
		 {"1,1,1,3:3 6 5"}},
		{"AveragePool",
		 "kernel_shape=I1,2 strides=I1,2 ceil_mode=i1",
		 0,
		 {"1,1,1,3:3 6 9"},
		 {"1,1,1,2:4.5 9"}},
		{"AveragePool",
		 "kernel_shape=I1,2 strides=I1,2 ceil_mode=i1 count_include_pad=i1",
		 0,
		 {"1,1,1,3:3 6 9"},
		 {"1,1,1,2:4.5 9"}},
		{"GlobalAveragePool", "", 0, {"1,2,1,2:1 2 3 4"}, {"1,2,1,1:1.5 3.5"}},
		{"GlobalMaxPool", "", 0, {"1,2,1,2:1 2 -3 -4"}, {"1,2,1,1:2 -3"}},
	};
	RUN(cases);
}

static void test_norm(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"BatchNormalization",
		 "epsilon=f0",
		 0,
		 {"1,2,1,2:1 2 3 4", "=2:2 1", "=2:0.5 0", "=2:1 3", "=2:4 1"},
		 {"1,2,1,2:0.5 1.5 0 1"}},
		{"InstanceNormalization",
		 "epsilon=f0",
		 0,
		 {"1,2,1,2:1 3 10 30", "=2:1 2", "=2:0 1"},
		 {"1,2,1,2:-1 1 -1 3"}},
		{"LayerNormalization",
		 "epsilon=f0",
		 17,
		 {"2,2:1 3 10 30", "=2:1 2", "=2:0 1"},
		 {"2,2:-1 3 -1 3"}},
	};
	RUN(cases);
}

static void test_lrn(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"LRN", "size=i1 alpha=f1 beta=f1 bias=f0", 0, {"1,2,1:2 4"}, {"1,2,1:0.5 0.25"}},
		/* Squares 1, 4, 9 and 16; of an even size one more behind than before. */
		{"LRN",
		 "size=i2 alpha=f2 beta=f1 bias=f0",
		 0,
		 {"1,4,1:1 2 3 4"},
		 {"1,4,1:0.2 0.1538462 0.12 0.25"}},
		{"LRN",
		 "size=i3 alpha=f3 beta=f1 bias=f1",
		 0,
		 {"1,4,1:1 2 3 4"},
		 {"1,4,1:0.1666667 0.1333333 0.1 0.1538462"}},
		{"LRN",
		 "size=i99 alpha=f99 beta=f1 bias=f0",
		 0,
		 {"1,2,2:1 2 3 4"},
		 {"1,2,2:0.1 0.1 0.3 0.2"}},
	};
	RUN(cases);
	static const op_case refused[] = {
		{"LRN", "", 0, {"1,2,1:1"}, {"size 0"}},
		{"LRN", "size=i1", 0, {"2:1"}, {"no channels"}},
		{"LRN", "size=i1", 0, {"i1,2:1"}, {"type int64"}},
	};
	op_cases_refused(refused, sizeof refused / sizeof *refused);
}

static void test_product(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Gemm", "", 0, {"2,2:1 2 3 4", "=2,2:1 0 0 1", "=2:10 20"}, {"2,2:11 22 13 24"}},
		{"Gemm",
		 "transA=i1 transB=i1 alpha=f2 beta=f0.5",
		 0,
		 {"2,1:1 2", "=3,2:1 2 3 4 5 6", "=1,3:2 4 6"},
		 {"1,3:11 24 37"}},
		{"Gemm", "", 0, {"1,2:1 2", "2,3:1 2 3 4 5 6"}, {"1,3:9 12 15"}},
		{"MatMul", "", 0, {"2,2:1 2 3 4", "2,1:5 6"}, {"2,1:17 39"}},
		{"MatMul", "", 0, {"2,1,2:1 2 3 4", "2,1:10 1"}, {"2,1,1:12 34"}},
		{"MatMul", "", 0, {"2,1,1,2:1 2 3 4", "1,2,2,1:1 1 10 10"}, {"2,2,1,1:3 30 7 70"}},
		{"MatMul", "", 0, {"2:1 2", "2,2:1 2 3 4"}, {"2:7 10"}},
		{"MatMul", "", 0, {"2,2:1 2 3 4", "2:1 1"}, {"2:3 7"}},
		{"MatMul", "", 0, {"2:1 2", "2:3 4"}, {":11"}},
	};
	RUN(cases);
}

static void test_reduce(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"ReduceMean", "axes=I1", 0, {"2,2:1 2 3 5"}, {"2,1:1.5 4"}},
		{"ReduceMean", "axes=I-1 keepdims=i0", 0, {"2,2:1 2 3 5"}, {"2:1.5 4"}},
		{"ReduceMean", "", 0, {"2,2:1 2 3 6"}, {"1,1:3"}},
		{"ReduceMean", "axes=I2,3", 0, {"1,2,1,2:1 2 3 4"}, {"1,2,1,1:1.5 3.5"}},
		{"ReduceMean", "", 18, {"2,2:1 2 3 5", "=i1:0"}, {"1,2:2 3.5"}},
		{"ReduceSum", "", 0, {"2,2:1 2 3 5", "=i1:0"}, {"1,2:4 7"}},
		{"ReduceSum", "noop_with_empty_axes=i1", 0, {"2:1 2"}, {"2:1 2"}},
		{"ReduceSum", "axes=I0", 11, {"i2,2:1 2 3 5"}, {"i1,2:4 7"}},
		{"ReduceMax", "axes=I0,2 keepdims=i0", 0, {"2,2,2:1 2 3 4 5 6 7 -8"}, {"2:6 7"}},
		{"ReduceMin", "axes=I0,2 keepdims=i0", 0, {"2,2,2:1 2 3 4 5 6 7 -8"}, {"2:1 -8"}},
		{"ReduceL2", "axes=I1 keepdims=i0", 0, {"2,2:3 4 6 8"}, {"2:5 10"}},
		{"ReduceL1", "axes=I1 keepdims=i0", 0, {"2,2:3 -4 6 8"}, {"2:7 14"}},
		{"ReduceSumSquare", "axes=I1 keepdims=i0", 0, {"2,2:3 4 1 2"}, {"2:25 5"}},
		{"ReduceProd", "axes=I1 keepdims=i0", 0, {"i2,2:3 4 1 2"}, {"i2:12 2"}},
		{"Softmax", "", 0, {"2,2:0 0 0 1.0986123"}, {"2,2:0.5 0.5 0.25 0.75"}},
		{"Softmax", "axis=i0", 0, {"2,2:0 0 0 1.0986123"}, {"2,2:0.5 0.25 0.5 0.75"}},
		{"Softmax", "axis=i1", 11, {"1,2,2:0 0 0 0"}, {"1,2,2:0.25"}},
		{"LogSoftmax", "", 0, {"1,2:0 1.0986123"}, {"1,2:-1.3862944 -0.2876821"}},
		{"Hardmax", "", 0, {"2,4:3 0 1 2 2 5 1 0"}, {"2,4:1 0 0 0 0 1 0 0"}},
		{"Hardmax", "", 0, {"1,4:3 3 3 1"}, {"1,4:1 0 0 0"}},
		{"Hardmax", "axis=i0", 0, {"2,2:3 0 1 2"}, {"2,2:1 0 0 1"}},
		{"Hardmax", "", 11, {"1,2,2:3 0 1 4"}, {"1,2,2:0 0 0 1"}},
		{"ArgMax", "axis=i1", 0, {"2,3:1 5 2 7 7 3"}, {"i2,1:1 0"}},
		{"ArgMax", "axis=i1 keepdims=i0 select_last_index=i1", 0, {"2,3:1 5 2 7 7 3"}, {"i2:1 1"}},
		{"ArgMax", "axis=i0 keepdims=i0", 0, {"2,3:1 5 2 7 7 3"}, {"i3:1 1 1"}},
		{"ArgMin", "axis=i-1 keepdims=i0", 0, {"2,3:1 5 2 7 7 3"}, {"i2:0 2"}},
		{"TopK", "", 0, {"2,4:1 4 2 3 5 5 7 6", "=i1:2"}, {"2,2:4 3 7 6", "i2,2:1 3 2 3"}},
		{"TopK",
		 "axis=i0 largest=i0",
		 0,
		 {"3,2:3 1 2 5 1 4", "=i1:2"},
		 {"2,2:1 1 2 4", "i2,2:2 0 1 2"}},
	};
	RUN(cases);
}

static void test_resize(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Resize",
		 "mode=snearest coordinate_transformation_mode=sasymmetric nearest_mode=sfloor",
		 0,
		 {"1,1,1,2:1 2", "", "=4:1 1 2 2"},
		 {"1,1,2,4:1 1 2 2 1 1 2 2"}},
		{"Resize", "mode=snearest", 0, {"1,1,1,4:1 2 3 4", "", "=4:1 1 1 0.5"}, {"1,1,1,2:1 3"}},
		{"Resize",
		 "mode=snearest nearest_mode=sround_prefer_ceil",
		 0,
		 {"1,1,1,4:1 2 3 4", "", "=4:1 1 1 0.5"},
		 {"1,1,1,2:2 4"}},
		{"Resize",
		 "mode=snearest nearest_mode=sceil coordinate_transformation_mode=sasymmetric",
		 0,
		 {"1,1,1,2:1 2", "", "=4:1 1 1 2"},
		 {"1,1,1,4:1 2 2 2"}},
		{"Resize",
		 "mode=snearest coordinate_transformation_mode=stf_half_pixel_for_nn nearest_mode=sfloor",
		 0,
		 {"1,1,1,2:1 2", "", "=4:1 1 1 2"},
		 {"1,1,1,4:1 1 2 2"}},
		{"Resize", "mode=slinear", 0, {"1,1,1,2:1 3", "", "=4:1 1 1 2"}, {"1,1,1,4:1 1.5 2.5 3"}},
		{"Resize",
		 "mode=slinear",
		 0,
		 {"1,1,2,2:1 2 3 4", "", "", "=i4:1 1 4 4"},
		 {"1,1,4,4:1 1.25 1.75 2 1.5 1.75 2.25 2.5 2.5 2.75 3.25 3.5 3 3.25 3.75 4"}},
		{"Resize",
		 "mode=slinear coordinate_transformation_mode=salign_corners",
		 0,
		 {"1,1,1,2:1 3", "", "=4:1 1 1 1.5"},
		 {"1,1,1,3:1 2 3"}},
		{"Resize",
		 "mode=slinear coordinate_transformation_mode=sasymmetric",
		 0,
		 {"1,1,1,2:1 3", "", "=4:1 1 1 2"},
		 {"1,1,1,4:1 2 3 3"}},
		{"Resize",
		 "mode=slinear coordinate_transformation_mode=spytorch_half_pixel",
		 0,
		 {"1,1,1,2:1 3", "", "", "=i4:1 1 1 1"},
		 {"1,1,1,1:1"}},
		{"Resize", "mode=slinear", 0, {"1,1,4:1 2 3 4", "", "=3:1 1 0.5"}, {"1,1,2:1.5 3.5"}},
		{"Resize", "", 10, {"1,1,1,2:1 2", "=4:1 1 1 2"}, {"1,1,1,4:1 1 2 2"}},
		{"Upsample", "", 9, {"1,1,1,2:1 2", "=4:1 1 2 2"}, {"1,1,2,4:1 1 2 2 1 1 2 2"}},
		{"Upsample", "mode=slinear scales=F1,1,1,2", 7, {"1,1,1,2:1 3"}, {"1,1,1,4:1 2 3 3"}},
	};
	RUN(cases);
}

static void test_refused(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"Conv", "", 0, {"1,2,1,1:1 2", "=1,1,1,1:1"}, {"do not fit"}},
		{"Conv", "", 0, {"1,1,1,1:1", "=1,1,3,3:1"}, {"does not fit"}},
		{"Conv", "group=i0", 0, {"1,1,1,1:1", "=1,1,1,1:1"}, {"do not fit"}},
		{"Conv", "strides=I0,1", 0, {"1,1,1,1:1", "=1,1,1,1:1"}, {"strides 0"}},
		{"Conv", "pads=I-1,0,0,0", 0, {"1,1,2,2:1", "=1,1,1,1:1"}, {"pad -1"}},
		{"Conv", "auto_pad=sWIDE", 0, {"1,1,2,2:1", "=1,1,1,1:1"}, {"auto_pad WIDE"}},
		{"Conv", "", 0, {"1,1,1,1,1:1", "=1,1,1,1,1:1"}, {"5 dimensions"}},
		{"Conv",
		 "pads=I1000000,1000000,1000000,1000000",
		 0,
		 {"1,1,1,1:1", "=1,1,1,1:1"},
		 {"too large"}},
		{"MaxPool", "", 0, {"1,1,1,1:1"}, {"kernel_shape"}},
		{"MaxPool", "kernel_shape=I1,1 pads=I1,1,1,1", 0, {"1,1,1,1:1"}, {"pads"}},
		{"Resize",
		 "mode=scubic",
		 0,
		 {"1,1,1,2:1 2", "", "=4:1 1 1 2"},
		 {"mode cubic is not supported"}},
		{"Resize", "mode=slinear", 0, {"1,2,1,2:1 2", "", "=4:1 2 1 2"}, {"last two axes"}},
		{"Resize", "", 0, {"1,1,1,2:1 2", "", "=4:1 1 1 1e20"}, {"axis 3"}},
		{"Resize", "", 0, {"1,1,1,2:1 2", "", "=3:1 1 1"}, {"do not fit"}},
		{"Gemm", "", 0, {"1,2:1 2", "3,1:1 2 3"}, {"do not fit"}},
		{"MatMul", "", 0, {"1,2:1 2", "3,1:1 2 3"}, {"do not fit"}},
		{"Softmax", "axis=i5", 0, {"1,2:1 2"}, {"axis 5"}},
		{"ReduceMean", "axes=I0,0", 0, {"1,2:1 2"}, {"stands twice"}},
		{"TopK", "", 0, {"2:1 2", "=i1:5"}, {"k 5"}},
		{"BatchNormalization",
		 "",
		 0,
		 {"1,2,1,2:1 2 3 4", "=1:2", "=2:0", "=2:1", "=2:4"},
		 {"each channel"}},
	};
	op_cases_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conv),   cmocka_unit_test(test_pool),    cmocka_unit_test(test_norm),
		cmocka_unit_test(test_lrn),    cmocka_unit_test(test_product), cmocka_unit_test(test_reduce),
		cmocka_unit_test(test_resize), cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
