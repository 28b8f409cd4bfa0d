#include "tests/unit/onnx_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void onnx_put(onnx_bytes *b, const void *data, size_t size)
{
	if (b->size + size > b->capacity) {
		b->capacity = (b->size + size) * 2 + 64;
		b->data = realloc(b->data, b->capacity);
		if (!b->data) {
			abort();
		}
	}
	if (size) {
		memcpy(b->data + b->size, data, size);
	}
	b->size += size;
}

void onnx_varint(onnx_bytes *b, uint64_t value)
{
	uint8_t out[10];
	size_t count = 0;
	do {
		out[count] = (uint8_t)(value & 0x7f);
		value >>= 7;
		out[count++] |= value ? 0x80 : 0;
	} while (value);
	onnx_put(b, out, count);
}

void onnx_number(onnx_bytes *b, unsigned field, uint64_t value)
{
	onnx_varint(b, field << 3);
	onnx_varint(b, value);
}

void onnx_field(onnx_bytes *b, unsigned field, const void *data, size_t size)
{
	onnx_varint(b, field << 3 | 2);
	onnx_varint(b, size);
	onnx_put(b, data, size);
}

void onnx_text(onnx_bytes *b, unsigned field, const char *text)
{
	onnx_field(b, field, text, strlen(text));
}

void onnx_clear(onnx_bytes *b)
{
	free(b->data);
	*b = (onnx_bytes){0};
}

void onnx_message(onnx_bytes *b, unsigned field, onnx_bytes *message)
{
	onnx_field(b, field, message->data, message->size);
	onnx_clear(message);
}

int onnx_type(pf_type type)
{
	static const int numbers[] = {1, 6, 7, 2, 9, 3};
	return numbers[type];
}

static void value_info(onnx_model *m, unsigned field, const char *name, int type, const pf_shape *shape)
{
	onnx_bytes info = {0}, kind = {0}, tensor = {0}, dims = {0};
	for (int i = 0; i < shape->rank; i++) {
		onnx_bytes dim = {0};
		if (shape->dims[i] >= 0) {
			onnx_number(&dim, 1, (uint64_t)shape->dims[i]);
		} else {
			onnx_text(&dim, 2, "open");
		}
		onnx_message(&dims, 1, &dim);
	}
	onnx_number(&tensor, 1, (uint64_t)type);
	onnx_message(&tensor, 2, &dims);
	onnx_message(&kind, 1, &tensor);
	onnx_text(&info, 1, name);
	onnx_message(&info, 2, &kind);
	onnx_message(&m->graph, field, &info);
}

void onnx_input(onnx_model *m, const char *name, pf_type type, const pf_shape *shape)
{
	value_info(m, 11, name, onnx_type(type), shape);
}

void onnx_output(onnx_model *m, const char *name)
{
	value_info(m, 12, name, 1, &(pf_shape){0});
}

void onnx_raw_constant(onnx_model *m, const char *name, int data_type, const int64_t *dims, size_t rank,
		       const void *data, size_t size)
{
	onnx_bytes tensor = {0};
	for (size_t i = 0; i < rank; i++) {
		onnx_number(&tensor, 1, (uint64_t)dims[i]);
	}
	onnx_number(&tensor, 2, (uint64_t)data_type);
	onnx_text(&tensor, 8, name);
	onnx_field(&tensor, 9, data, size);
	onnx_message(&m->graph, 5, &tensor);
}

void onnx_constant(onnx_model *m, const char *name, const pf_tensor *tensor)
{
	onnx_raw_constant(m, name, onnx_type(tensor->type), tensor->shape.dims, (size_t)tensor->shape.rank,
			  tensor->data,
			  (size_t)pf_shape_elements(&tensor->shape) * pf_type_bytes(tensor->type));
}

static void put_names(onnx_bytes *node, unsigned field, const char *names)
{
	while (*names) {
		size_t length = strcspn(names, ",");
		onnx_field(node, field, names, length);
		names += length;
		if (*names == ',') {
			names++;
			if (!*names) {
				onnx_field(node, field, "", 0);
			}
		}
	}
}

static void put_numbers(onnx_bytes *attribute, char kind, const char *text)
{
	char *end = (char *)text;
	do {
		if (kind == 'I' || kind == 'i') {
			onnx_number(attribute, kind == 'i' ? 3 : 8, (uint64_t)strtoll(end, &end, 10));
		} else {
			float value = strtof(end, &end);
			onnx_varint(attribute, (kind == 'f' ? 2u : 7u) << 3 | 5);
			onnx_put(attribute, &value, sizeof value);
		}
	} while (*end == ',' && *++end);
}

static void put_attribute(onnx_bytes *node, const char *token)
{
	onnx_bytes attribute = {0};
	const char *equals = strchr(token, '=');
	char kind = equals[1];
	static const char kinds[] = "?fistg FIS";
	onnx_field(&attribute, 1, token, (size_t)(equals - token));
	onnx_number(&attribute, 20,
		    (uint64_t)(kind == 'F'   ? 6
			       : kind == 'I' ? 7
					     : strchr(kinds, kind) - kinds));
	if (kind == 's') {
		onnx_text(&attribute, 4, equals + 2);
	} else {
		put_numbers(&attribute, kind, equals + 2);
	}
	onnx_message(node, 5, &attribute);
}

void onnx_node(onnx_model *m, const char *operator, const char * inputs, const char *outputs,
	       const char *attributes)
{
	onnx_bytes node = {0};
	put_names(&node, 1, inputs);
	put_names(&node, 2, outputs);
	char name[96], copy[256];
	snprintf(name, sizeof name, "n_%.*s", (int)strcspn(outputs, ","), outputs);
	onnx_text(&node, 3, name);
	onnx_text(&node, 4, operator);
	snprintf(copy, sizeof copy, "%s", attributes);
	char *rest = copy, *token;
	while ((token = strsep(&rest, " "))) {
		if (*token) {
			put_attribute(&node, token);
		}
	}
	onnx_message(&m->graph, 1, &node);
}

onnx_bytes onnx_finish(onnx_model *m)
{
	onnx_bytes model = {0}, opset = {0};
	onnx_number(&model, 1, 8);
	onnx_text(&m->graph, 2, "g");
	onnx_message(&model, 7, &m->graph);
	onnx_text(&opset, 1, "");
	onnx_number(&opset, 2, (uint64_t)m->opset);
	onnx_message(&model, 8, &opset);
	return model;
}
