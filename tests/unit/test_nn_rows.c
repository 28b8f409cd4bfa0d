/* GridSample and NonMaxSuppression, and outputs whose number of rows depends on data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "photofinish/workspace.h"
#include "tests/unit/onnx_fixture.h"
#include "tests/unit/op_case.h"

#define RUN(cases) op_cases_run(cases, sizeof(cases) / sizeof *(cases))

/* The example of ONNX's documentation. */
#define BOXES "1,6,4:0 0 1 1 0 0.1 1 1.1 0 -0.1 1 0.9 0 10 1 11 0 10.1 1 11.1 0 100 1 101"
#define SCORES "1,1,6:0.9 0.75 0.6 0.95 0.5 0.3"

static void test_suppression(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"NonMaxSuppression",
		 "",
		 11,
		 {BOXES, SCORES, "=i1:3", "=1:0.5", "=1:0"},
		 {"i3,3:0 0 3 0 0 0 0 0 5"}},
		{"NonMaxSuppression",
		 "",
		 11,
		 {BOXES, SCORES, "=i1:3", "1:0.5", "1:0.4"},
		 {"i2,3:0 0 3 0 0 0"}},
		{"NonMaxSuppression", "", 11, {BOXES, SCORES, "=i1:30", ":0.5"}, {"i3,3:0 0 3 0 0 0 0 0 5"}},
		{"NonMaxSuppression",
		 "",
		 11,
		 {BOXES, SCORES, "=i:9223372036854775807", "=:1", "=:0.55"},
		 {"i4,3:0 0 3 0 0 0 0 0 1 0 0 2"}},
		{"NonMaxSuppression", "", 11, {BOXES, SCORES, "=i:1"}, {"i1,3:0 0 3"}},
		{"NonMaxSuppression", "", 11, {BOXES, SCORES, "=i:-1"}, {"i0,3:"}},
		{"NonMaxSuppression", "", 11, {BOXES, SCORES}, {"i0,3:"}},
		/* Of equal scores the earlier; a box without an area overlaps nothing. */
		{"NonMaxSuppression",
		 "",
		 11,
		 {"1,2,4:0 0 1 1 0 0 1 1", "1,1,2:1 1", "=i:5", "=:0.5"},
		 {"i1,3:0 0 0"}},
		{"NonMaxSuppression", "", 11, {"1,2,4:1", "1,1,2:1 1", "=i:5", "=:0"}, {"i2,3:0 0 0 0 0 1"}},
		{"NonMaxSuppression", "", 11, {"1,2,4:0 0 1 1", "1,1,2:nan 1", "=i:5"}, {"i1,3:0 0 1"}},
		{"NonMaxSuppression",
		 "center_point_box=i1",
		 11,
		 {"1,2,4:0.5 0.5 1 1 0.5 0.6 1 1", "1,2,2:0.9 0.8 0.1 0.2", "=i:5", "=:0.5"},
		 {"i2,3:0 0 0 0 1 1"}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		op_cases_run(&cases[i], 1);
	}
}

static void test_sample(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"GridSample", "", 16, {"1,1,2,2:1 2 3 4", "1,1,2,2:0 0 -0.5 -0.5"}, {"1,1,1,2:2.5 1"}},
		{"GridSample",
		 "align_corners=i1",
		 16,
		 {"1,1,2,2:1 2 3 4", "1,1,3,2:-1 -1 1 1 1 0"},
		 {"1,1,1,3:1 4 3"}},
		{"GridSample", "", 16, {"1,1,2,2:1 2 3 4", "1,1,2,2:-1 -1 3 0"}, {"1,1,1,2:0.25 0"}},
		{"GridSample",
		 "padding_mode=sborder",
		 16,
		 {"1,1,2,2:1 2 3 4", "1,1,2,2:-1 -1 3 0"},
		 {"1,1,1,2:1 3"}},
		{"GridSample",
		 "padding_mode=sborder",
		 16,
		 {"1,1,2,2:1 2 3 4", "1,1,3,2:inf -inf nan nan 1e38 0"},
		 {"1,1,1,3:2 1 3"}},
		{"GridSample",
		 "mode=snearest",
		 20,
		 {"1,1,2,2:1 2 3 4", "1,1,2,2:0.4 -0.6 nan 0"},
		 {"1,1,1,2:2 0"}},
	};
	RUN(cases);
}

static void test_refused(void **state)
{
	(void)state;
	static const op_case cases[] = {
		{"NonMaxSuppression", "", 11, {BOXES, SCORES, "i:3"}, {"must be a constant"}},
		{"NonMaxSuppression", "", 11, {BOXES, "1,1,5:1", "=i:3"}, {"do not fit"}},
		{"NonMaxSuppression", "", 11, {BOXES, SCORES, "=i:3", "2:1"}, {"input 3 must be one number"}},
		{"NonMaxSuppression", "center_point_box=i2", 11, {BOXES, SCORES, "=i:3"}, {"out of range"}},
		{"GridSample", "", 16, {"1,1,2,2:1", "2,1,1,2:0"}, {"does not fit"}},
		{"GridSample", "", 20, {"1,1,2,2,2:1", "1,1,1,1,3:0"}, {"5 dimensions"}},
		{"GridSample", "mode=slanczos", 20, {"1,1,2,2:1", "1,1,1,2:0"}, {"mode lanczos"}},
	};
	op_cases_refused(cases, sizeof cases / sizeof *cases);
}

/* Boxes and scores as inputs, rows of the best as "rows". */
static onnx_model begin(void)
{
	static const pf_shape boxes = {3, {1, 6, 4}}, scores = {3, {1, 1, 6}}, one = {1, {1}}, none = {0};
	int64_t most = 4, column = 2, first = 0;
	float half = 0.5f;
	onnx_model m = {.opset = 13};
	onnx_input(&m, "boxes", PF_TYPE_FLOAT, &boxes);
	onnx_input(&m, "scores", PF_TYPE_FLOAT, &scores);
	onnx_constant(&m, "most", &(pf_tensor){PF_TYPE_INT64, one, &most});
	onnx_constant(&m, "half", &(pf_tensor){PF_TYPE_FLOAT, one, &half});
	onnx_constant(&m, "column", &(pf_tensor){PF_TYPE_INT64, none, &column});
	onnx_constant(&m, "first", &(pf_tensor){PF_TYPE_INT64, none, &first});
	onnx_constant(&m, "minus", &(pf_tensor){PF_TYPE_INT64, one, &(int64_t){-1}});
	onnx_node(&m, "NonMaxSuppression", "boxes,scores,most,half", "rows", "");
	return m;
}

static pf_status load(onnx_model *m, pf_network **network, pf_error *error)
{
	onnx_bytes file = onnx_finish(m);
	pf_status status = pf_network_load_memory(file.data, file.size, "rows", NULL, network, error);
	onnx_clear(&file);
	return status;
}

/* As detectors' exports do: the boxes that were taken, twice as large, with a 1 behind each. */
static void test_gathered(void **state)
{
	(void)state;
	static const float boxes[24] = {0, 0,  1, 1,  0, 0.1f,  1, 1.1f,  0, -0.1f, 1, 0.9f,
					0, 10, 1, 11, 0, 10.1f, 1, 11.1f, 0, 100,   1, 101};
	static const float scores[2][6] = {{0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f}, {1, 1, 1, 1, 1, 1}};
	static const float expected[2][3][4] = {{{0, 20, 2, 22}, {0, 0, 2, 2}, {0, 200, 2, 202}},
						{{0, 0, 2, 2}, {0, 20, 2, 22}, {0, 200, 2, 202}}};
	const char *backend;
	for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
		onnx_model m = begin();
		pf_network *network = NULL;
		pf_workspace *workspace = NULL;
		pf_error error = {0};
		float two = 2;
		onnx_constant(&m, "two", &(pf_tensor){PF_TYPE_FLOAT, {0}, &two});
		onnx_node(&m, "Gather", "rows,column", "which", "axis=i1");
		onnx_node(&m, "Gather", "boxes,first", "all", "axis=i0");
		onnx_node(&m, "Gather", "all,which", "taken", "axis=i0");
		onnx_node(&m, "Mul", "taken,two", "wide", "");
		onnx_node(&m, "Transpose", "wide", "turned", "perm=I1,0");
		onnx_node(&m, "Unsqueeze", "turned,minus", "deep", "");
		onnx_node(&m, "Squeeze", "deep,minus", "flat", "");
		onnx_node(&m, "Transpose", "flat", "y", "perm=I1,0");
		onnx_output(&m, "y");
		if (load(&m, &network, &error) != PF_OK ||
		    pf_workspace_create(network, backend, 0, &workspace, &error) != PF_OK) {
			fail_msg("%s", error.message);
		}
		assert_true(pf_network_output(network, 0)->open_rows);
		assert_int_equal(pf_network_output(network, 0)->shape.dims[0], 4);
		for (int round = 0; round < 2; round++) {
			memcpy(pf_workspace_input(workspace, 0), boxes, sizeof boxes);
			memcpy(pf_workspace_input(workspace, 1), scores[round], sizeof scores[round]);
			assert_int_equal(pf_workspace_run(workspace, &error), PF_OK);
			assert_int_equal(pf_workspace_output_rows(workspace, 0), 3);
			assert_memory_equal(pf_workspace_output(workspace, 0), expected[round],
					    sizeof expected[round]);
		}
		pf_workspace_destroy(workspace);
		pf_network_free(network);
	}
}

/* What would have to know the number of rows while loading is refused. */
static void test_rows_refused(void **state)
{
	(void)state;
	static const struct {
		const char *op, *inputs, *attributes, *message;
	} nodes[] = {
		{"Shape", "rows", "", "depends on data"},
		{"ReduceMax", "rows", "axes=I0", "depends on data"},
		{"Concat", "rows,rows", "axis=i0", "depends on data"},
		{"Slice", "rows,minus,most", "", "depends on data"},
		{"Gather", "rows,first", "axis=i0", "depends on data"},
		{"ArgMax", "rows", "axis=i0", "depends on data"},
		{"Flatten", "rows", "axis=i0", "depends on data"},
		{"Transpose", "rows", "", "the first one only"},
	};
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		onnx_model m = begin();
		pf_network *network = NULL;
		pf_error error = {0};
		onnx_node(&m, nodes[i].op, nodes[i].inputs, "y", nodes[i].attributes);
		onnx_output(&m, "y");
		if (load(&m, &network, &error) != PF_ERR_UNSUPPORTED ||
		    !strstr(error.message, nodes[i].message)) {
			fail_msg("%s: \"%s\"", nodes[i].op, error.message);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suppression),  cmocka_unit_test(test_sample),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_gathered),
		cmocka_unit_test(test_rows_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
