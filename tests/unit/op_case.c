#include "tests/unit/op_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/network_case.h"
#include "tests/unit/onnx_fixture.h"

static bool is_constant(const char *text)
{
	return *text == '=';
}

static pf_type type_of(char letter)
{
	return letter == 'i'   ? PF_TYPE_INT64
	       : letter == 'n' ? PF_TYPE_INT32
	       : letter == 'u' ? PF_TYPE_UINT8
	       : letter == 's' ? PF_TYPE_INT8
	       : letter == 'b' ? PF_TYPE_BOOL
			       : PF_TYPE_FLOAT;
}

static void set_element(const pf_tensor *t, int64_t i, double value)
{
	switch (t->type) {
	case PF_TYPE_FLOAT:
		((float *)t->data)[i] = (float)value;
		break;
	case PF_TYPE_INT64:
		((int64_t *)t->data)[i] = value >= 0x1p63 ? INT64_MAX : (int64_t)value;
		break;
	case PF_TYPE_INT32:
		((int32_t *)t->data)[i] = (int32_t)value;
		break;
	case PF_TYPE_INT8:
		((int8_t *)t->data)[i] = (int8_t)value;
		break;
	default:
		((uint8_t *)t->data)[i] = (uint8_t)value;
		break;
	}
}

static pf_tensor parse(const char *text)
{
	pf_tensor t = {0};
	text += is_constant(text);
	t.type = type_of(*text);
	text += t.type != PF_TYPE_FLOAT;
	while (*text != ':') {
		t.shape.dims[t.shape.rank++] = strtoll(text, (char **)&text, 10);
		text += *text == ',';
	}
	text++;
	int64_t elements = pf_shape_elements(&t.shape);
	t.data = calloc((size_t)elements + 1, 8);
	double value = 0;
	const char *start = text;
	for (int64_t i = 0; i < elements; i++) {
		char *end;
		double next = strtod(text, &end);
		value = end == text ? value : next;
		text = end;
		set_element(&t, i, value);
	}
	text = start;
	for (int64_t i = 0; i < elements && t.type == PF_TYPE_INT64;
	     i++) { /* a double does not hold them all */
		char *end;
		((int64_t *)t.data)[i] = strtoll(text, &end, 10);
		text = end;
		if (!*text) {
			text = start;
		}
	}
	return t;
}

/* With `folded` every input is a constant, so that loading computes the result. */
static onnx_bytes build(const op_case *c, bool folded)
{
	onnx_model m = {.opset = c->opset ? c->opset : 13};
	char inputs[96] = "", outputs[64] = "", name[8];
	size_t used = 0;
	for (int i = 0; i < OP_CASE_INPUTS && c->inputs[i]; i++) {
		snprintf(name, sizeof name, "%si%d", i ? "," : "", i);
		used += (size_t)snprintf(inputs + used, sizeof inputs - used, "%s",
					 *c->inputs[i] ? name
					 : i           ? ","
						       : "");
		if (*c->inputs[i]) {
			pf_tensor t = parse(c->inputs[i]);
			snprintf(name, sizeof name, "i%d", i);
			if (folded || is_constant(c->inputs[i])) {
				onnx_constant(&m, name, &t);
			} else {
				onnx_input(&m, name, t.type, &t.shape);
			}
			free(t.data);
		}
	}
	used = 0;
	for (int i = 0; i < 4 && c->outputs[i]; i++) {
		used += (size_t)snprintf(outputs + used, sizeof outputs - used, "%so%d", i ? "," : "", i);
		snprintf(name, sizeof name, "o%d", i);
		onnx_output(&m, name);
	}
	onnx_node(&m, c->operator, inputs, outputs, c->attributes);
	return onnx_finish(&m);
}

static void run_case(const op_case *c, const char *backend, bool folded)
{
	onnx_bytes file = build(c, folded);
	pf_network *network;
	pf_error error = {0};
	if (pf_network_load_memory(file.data, file.size, "case", NULL, &network, &error) != PF_OK) {
		fail_msg("%s %s: %s", c->operator, c->attributes, error.message);
	}
	onnx_clear(&file);
	network_case expected = {0};
	for (int i = 0; i < OP_CASE_INPUTS && c->inputs[i]; i++) {
		if (*c->inputs[i] && !folded && !is_constant(c->inputs[i])) {
			expected.tensors[expected.input_count++] = parse(c->inputs[i]);
		}
	}
	for (int i = 0; i < 4 && c->outputs[i]; i++) {
		expected.tensors[expected.input_count + expected.output_count++] = parse(c->outputs[i]);
	}
	double difference = network_case_difference(network, &expected, backend, &error);
	if (!(difference < 1e-5)) {
		const pf_network_tensor *out = pf_network_output(network, 0);
		char text[80];
		fail_msg("%s %s (%s%s): differs by %g, shape %s %s %s", c->operator, c->attributes, backend,
			 folded ? ", folded" : "", difference, pf_shape_text(&out->shape, text, sizeof text),
			 pf_type_name(out->type), error.message);
	}
	network_case_free(&expected);
	pf_network_free(network);
}

void op_cases_run(const op_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *backend;
		for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
			run_case(&cases[i], backend, false);
		}
		run_case(&cases[i], "plain", true);
	}
}

void op_cases_refused(const op_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		op_case c = cases[i];
		const char *wanted = c.outputs[0];
		c.outputs[0] = ":0";
		onnx_bytes file = build(&c, false);
		pf_network *network;
		pf_error error = {0};
		if (pf_network_load_memory(file.data, file.size, "case", NULL, &network, &error) == PF_OK) {
			fail_msg("%s %s was not refused", c.operator, c.attributes);
		}
		if (!strstr(error.message, wanted) || !strstr(error.message, c.operator) ||
		    strchr(error.message, '\n')) {
			fail_msg("%s %s: \"%s\" lacks \"%s\"", c.operator, c.attributes, error.message,
				 wanted);
		}
		onnx_clear(&file);
	}
}
