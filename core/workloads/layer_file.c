#include "core/workloads/layer_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/workloads/work.h"

enum { IR_VERSION = 8, OPSET = 17, FLOAT = 1, NAME_BYTES = 32 };
/* Kinds of attributes in ONNX's numbers. */
enum { KIND_INT = 2, KIND_STRING = 3, KIND_INTS = 7 };

typedef struct message {
	uint8_t *data;
	size_t size, capacity;
	bool failed;
} message;

static void put(message *m, const void *data, size_t size)
{
	if (size == 0 || m->failed) {
		return;
	}
	if (!m->data || m->size + size > m->capacity) {
		size_t capacity = 2 * (m->size + size);
		uint8_t *grown = realloc(m->data, capacity);
		if (!grown) {
			m->failed = true;
			return;
		}
		m->data = grown;
		m->capacity = capacity;
	}
	memcpy(m->data + m->size, data, size);
	m->size += size;
}

static void put_varint(message *m, uint64_t value)
{
	uint8_t bytes[10];
	size_t count = 0;
	do {
		bytes[count++] = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
		value >>= 7;
	} while (value);
	put(m, bytes, count);
}

static void put_number(message *m, unsigned field, uint64_t value)
{
	put_varint(m, (uint64_t)field << 3);
	put_varint(m, value);
}

static void put_field(message *m, unsigned field, const void *data, size_t size)
{
	put_varint(m, (uint64_t)field << 3 | 2);
	put_varint(m, size);
	put(m, data, size);
}

static void put_text(message *m, unsigned field, const char *text)
{
	put_field(m, field, text, strlen(text));
}

/* Takes the message inside. */
static void put_message(message *m, unsigned field, message *inside)
{
	put_field(m, field, inside->data ? inside->data : (const uint8_t *)"", inside->size);
	m->failed = m->failed || inside->failed;
	free(inside->data);
	*inside = (message){0};
}

/* "name=kvalue" up to `end`. */
static void put_attribute(message *node, const char *text, const char *end)
{
	const char *equals = memchr(text, '=', (size_t)(end - text)), *value = equals + 2;
	message attribute = {0};
	put_field(&attribute, 1, text, (size_t)(equals - text));
	switch (equals[1]) {
	case 'i':
		put_number(&attribute, 3, strtoull(value, NULL, 10));
		put_number(&attribute, 20, KIND_INT);
		break;
	case 's':
		put_field(&attribute, 4, value, (size_t)(end - value));
		put_number(&attribute, 20, KIND_STRING);
		break;
	default: /* I */
		for (char *next = NULL; value < end; value = next + 1) {
			put_number(&attribute, 8, strtoull(value, &next, 10));
		}
		put_number(&attribute, 20, KIND_INTS);
		break;
	}
	put_message(node, 5, &attribute);
}

static void put_node(message *graph, const pf_layer_file *file)
{
	message node = {0};
	char name[] = "0";
	size_t last = PF_LAYER_INPUTS - 1;
	while (last > 0 && !file->inputs[last].dims[0]) {
		last--;
	}
	for (size_t i = 0; i <= last; i++) {
		name[0] = (char)('0' + i);
		put_text(&node, 1, file->inputs[i].dims[0] ? name : "");
	}
	put_text(&node, 2, "out");
	put_text(&node, 4, file->op);
	for (const char *at = file->attributes; *at;) {
		const char *end = at + strcspn(at, " ");
		put_attribute(&node, at, end);
		at = *end ? end + 1 : end;
	}
	put_message(graph, 1, &node);
}

static void put_constant(message *graph, const pf_layer_input *input, size_t number, uint64_t *random)
{
	message tensor = {0}, data = {0};
	char name[] = "0";
	name[0] = (char)('0' + number);
	size_t count = 1;
	for (size_t i = 0; input->dims[i]; i++) {
		put_number(&tensor, 1, (uint64_t)input->dims[i]);
		count *= (size_t)input->dims[i];
	}
	float scale = sqrtf((float)input->dims[0] / (float)count);
	for (size_t i = 0; i < count; i++) {
		float value = input->values
				      ? input->values[i]
				      : scale * ((float)(pf_work_random(random) >> 8) / 8388608.0f - 1.0f);
		put(&data, &value, sizeof value);
	}
	put_number(&tensor, 2, FLOAT);
	put_text(&tensor, 8, name);
	put_message(&tensor, 9, &data);
	put_message(graph, 5, &tensor);
}

/* An input of the network, or an output, whose shape follows. */
static void put_value(message *graph, unsigned field, const char *name, const int64_t *dims)
{
	message value = {0}, type = {0}, tensor = {0}, shape = {0};
	put_text(&value, 1, name);
	for (size_t i = 0; dims && dims[i]; i++) {
		message dim = {0};
		put_number(&dim, 1, (uint64_t)dims[i]);
		put_message(&shape, 1, &dim);
	}
	if (dims) {
		put_number(&tensor, 1, FLOAT);
		put_message(&tensor, 2, &shape);
		put_message(&type, 1, &tensor);
		put_message(&value, 2, &type);
	}
	put_message(graph, field, &value);
}

pf_status pf_layer_file_make(const pf_layer_file *file, uint8_t **bytes, size_t *size, pf_error *error)
{
	message model = {0}, graph = {0}, opset = {0};
	uint64_t random = file->seed;
	put_node(&graph, file);
	put_text(&graph, 2, "layer");
	for (size_t i = 1; i < PF_LAYER_INPUTS; i++) {
		if (file->inputs[i].dims[0]) {
			put_constant(&graph, &file->inputs[i], i, &random);
		}
	}
	put_value(&graph, 11, "0", file->inputs[0].dims);
	put_value(&graph, 12, "out", NULL);
	put_number(&model, 1, IR_VERSION);
	put_message(&model, 7, &graph);
	put_number(&opset, 2, OPSET);
	put_message(&model, 8, &opset);
	if (model.failed) {
		free(model.data);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for a network of one layer");
	}
	*bytes = model.data;
	*size = model.size;
	return PF_OK;
}
