/* CumSum, the scatters, and operators on 8-bit integers, against the examples of ONNX's operator
 * documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/op_case.h"

#define RUN(cases) op_cases_run(cases, sizeof(cases) / sizeof *(cases))

static void test_cumsum(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"CumSum", "", 0, {"3:1 2 3", "=n:0"}, {"3:1 3 6"}},
		{"CumSum", "exclusive=i1", 0, {"3:1 2 3", "=n:0"}, {"3:0 1 3"}},
		{"CumSum", "reverse=i1", 0, {"3:1 2 3", "=i:-1"}, {"3:6 5 3"}},
		{"CumSum", "exclusive=i1 reverse=i1", 0, {"3:1 2 3", "=i1:0"}, {"3:5 3 0"}},
		{"CumSum", "", 0, {"2,3:1 2 3 4 5 6", "=i:0"}, {"2,3:1 2 3 5 7 9"}},
		{"CumSum",
		 "",
		 0,
		 {"i3:9223372036854775807 1 1", "=i:0"},
		 {"i3:9223372036854775807 -9223372036854775808 -9223372036854775807"}},
	};
	RUN(cases);
}

static void test_scatter(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"ScatterND",
		 "",
		 0,
		 {"8:1 2 3 4 5 6 7 8", "i4,1:4 3 1 7", "4:9 10 11 12"},
		 {"8:1 11 3 10 9 6 7 12"}},
		{"ScatterND",
		 "reduction=sadd",
		 16,
		 {"4:1 2 3 4", "i3,1:0 0 -1", "3:10 20 30"},
		 {"4:31 2 3 34"}},
		{"ScatterElements",
		 "",
		 0,
		 {"3,3:0", "i2,3:1 0 2 0 2 1", "2,3:1 1.1 1.2 2 2.1 2.2"},
		 {"3,3:2 1.1 0 1 0 2.2 0 2.1 1.2"}},
		{"ScatterElements",
		 "axis=i1",
		 0,
		 {"1,5:1 2 3 4 5", "n1,2:1 3", "1,2:1.1 2.1"},
		 {"1,5:1 1.1 3 2.1 5"}},
		{"ScatterElements",
		 "axis=i1",
		 0,
		 {"1,5:1 2 3 4 5", "i1,2:1 -3", "1,2:1.1 2.1"},
		 {"1,5:1 1.1 2.1 4 5"}},
		{"ScatterElements",
		 "axis=i1 reduction=smax",
		 18,
		 {"u1,3:1 200 3", "i1,2:1 0", "u1,2:100 255"},
		 {"u1,3:255 200 3"}},
		{"Scatter", "axis=i1", 9, {"b1,3:0 0 0", "i1,1:2", "b1,1:1"}, {"b1,3:0 0 1"}},
	};
	RUN(cases);
}

static void test_linear(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"QuantizeLinear",
		 "",
		 10,
		 {"6:0 2 3 1000 -254 -1000", "=:2", "=u:128"},
		 {"u6:128 129 130 255 1 0"}},
		{"QuantizeLinear", "", 10, {"4:-0.5 0.5 1.5 2.5", "=:1"}, {"u4:0 0 2 2"}},
		{"QuantizeLinear", "", 13, {"3:-1e30 1e30 -3", "=:1", "=s:0"}, {"s3:-128 127 -3"}},
		{"QuantizeLinear", "axis=i0", 13, {"2,2:1 2 3 4", "=2:1 2", "=s2:0 -1"}, {"s2,2:1 2 1 1"}},
		{"DequantizeLinear", "", 10, {"u4:0 3 128 255", "=:2", "=u:128"}, {"4:-256 -250 0 254"}},
		{"DequantizeLinear", "", 10, {"s2:-128 127", "=:0.5"}, {"2:-64 63.5"}},
		{"DequantizeLinear", "", 10, {"n2:-100000 7", "=:0.5"}, {"2:-50000 3.5"}},
		{"DequantizeLinear", "", 13, {"u1,2,1:10 20", "=2:1 2", "=u2:1 2"}, {"1,2,1:9 36"}},
		{"DynamicQuantizeLinear",
		 "",
		 11,
		 {"6:0 2 -3 -2.5 1.34 0.5"},
		 {"u6:153 255 0 26 221 179", ":0.0196078438", "u:153"}},
		{"DynamicQuantizeLinear", "", 11, {"2:0 0"}, {"u2:0 0", ":1", "u:0"}},
	};
	RUN(cases);
}

static void test_products(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"MatMulInteger",
		 "",
		 10,
		 {"u4,3:11 7 3 10 6 2 9 5 1 8 4 0", "u3,2:1 4 2 5 3 6", "=u:12", "=u:0"},
		 {"n4,2:-38 -83 -44 -98 -50 -113 -56 -128"}},
		{"ConvInteger",
		 "",
		 10,
		 {"u1,1,3,3:2 3 4 5 6 7 8 9 10", "=u1,1,2,2:1", "=u:1"},
		 {"n1,1,2,2:12 16 24 28"}},
		{"ConvInteger",
		 "pads=I1,1,1,1",
		 10,
		 {"u1,1,3,3:2 3 4 5 6 7 8 9 10", "=u1,1,2,2:1", "=u:1"},
		 {"n1,1,4,4:1 3 5 3 5 12 16 9 11 24 28 15 7 15 17 9"}},
		{"ConvInteger", "", 10, {"s1,1,3:-1 -2 127", "=s1,1,2:-128 1"}, {"n1,1,2:126 383"}},
		/* 0.5 (7 - 3) * 2 (10 - 8) + 0.5 * 2 * 5 = 13, at 0.25 a step: 52 above the zero point */
		{"QLinearConv",
		 "",
		 10,
		 {"u1,1,1,1:7", "=:0.5", "=u:3", "=u1,1,1,1:10", "=:2", "=u:8", "=:0.25", "=u:100", "=n1:5"},
		 {"u1,1,1,1:152"}},
		{"QLinearConv",
		 "",
		 10,
		 {"u1,1,1,1:7", "=:0.5", "=u:3", "=s2,1,1,1:10 -10", "=2:2 4", "=s2:8 0", "=:0.25", "=u:100"},
		 {"u1,2,1,1:132 0"}},
		{"QLinearMatMul",
		 "",
		 10,
		 {"u1,2:7 3", "=:0.5", "=u:3", "u2,1:10 99", "=:2", "=u:8", "=:0.25", "=u:250"},
		 {"u1,1:255"}},
	};
	RUN(cases);
}

static void test_refused(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"CumSum", "", 0, {"2:1 2", "=i:1"}, {"axis 1"}},
		{"CumSum", "", 0, {"2:1 2", "i:0"}, {"must be a constant"}},
		{"CumSum", "", 0, {"b2:1 0", "=i:0"}, {"type bool"}},
		{"ScatterND", "", 0, {"4:1", "i1,2:0 0", "1:1"}, {"do not fit"}},
		{"ScatterND", "", 0, {"4:1", "i1,1:0", "2:1"}, {"do not fit"}},
		{"ScatterND", "", 0, {"4:1", "1,1:0", "1:1"}, {"not integers"}},
		{"ScatterND", "reduction=smean", 18, {"4:1", "i1,1:0", "1:1"}, {"reduction mean"}},
		{"ScatterElements", "", 0, {"2,2:1", "i1,3:0", "1,3:1"}, {"do not fit"}},
		{"ScatterElements", "", 0, {"2:1", "i1:0", "i1:1"}, {"wrong type"}},
		{"ScatterElements", "axis=i2", 0, {"2:1", "i1:0", "1:1"}, {"axis 2"}},
		{"QuantizeLinear", "", 13, {"2:1", "=3:1", "=u3:0"}, {"axis 1"}},
		{"QuantizeLinear", "axis=i0", 13, {"2:1", "=3:1", "=u3:0"}, {"one number"}},
		{"QuantizeLinear", "axis=i0", 13, {"2:1", "=2:1", "=u:0"}, {"differ in number"}},
		{"QuantizeLinear", "", 13, {"i2:1", "=:1"}, {"types int64"}},
		{"DequantizeLinear", "", 13, {"u2:1", "=:1", "=s:0"}, {"input 2 of type int8"}},
		{"ConvInteger", "", 10, {"1,1,1,1:1", "=u1,1,1,1:1"}, {"input 0 of type float"}},
		{"ConvInteger", "", 10, {"u1,1,1,1:1", "=u1,2,1,1:1"}, {"do not fit"}},
		{"QLinearConv",
		 "",
		 10,
		 {"u1,1,1,1:1", "=:1", "=u:0", "=u1,1,1,1:1", "=:1", "=u:0", "=2:1", "=u:0"},
		 {"input 6 must be one number"}},
		{"MatMulInteger", "", 10, {"u2,2:1", "u3,2:1"}, {"do not fit"}},
	};
	op_cases_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cumsum),  cmocka_unit_test(test_scatter),
		cmocka_unit_test(test_linear),  cmocka_unit_test(test_products),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
