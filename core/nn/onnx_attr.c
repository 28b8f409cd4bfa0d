#include <onnx.pb-c.h>
#include <string.h>

#include "core/nn/onnx.h"
#include "photofinish/file.h"

#define KIND(name) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##name

static const Onnx__AttributeProto *find(const pf_infer *infer, const char *name)
{
	const Onnx__NodeProto *proto = infer->node->proto;
	for (size_t i = 0; proto && i < proto->n_attribute; i++) {
		if (proto->attribute[i]->name && !strcmp(proto->attribute[i]->name, name)) {
			return proto->attribute[i];
		}
	}
	return NULL;
}

static void fail(pf_infer *infer, const char *name, const char *what)
{
	if (infer->status == PF_OK) {
		infer->status = pf_node_fail(infer->graph, infer->node, infer->error, PF_ERR_INVALID,
					     "attribute %s %s", name, what);
	}
}

/* The attribute if it is there with the right type; files of the first version state no type. */
static const Onnx__AttributeProto *typed(pf_infer *infer, const char *name, int kind)
{
	const Onnx__AttributeProto *attribute = find(infer, name);
	if (attribute && attribute->has_type && (int)attribute->type != kind) {
		fail(infer, name, "has the wrong type");
		return NULL;
	}
	return attribute;
}

bool pf_attr_has(const pf_infer *infer, const char *name)
{
	return find(infer, name) != NULL;
}

int64_t pf_attr_int(pf_infer *infer, const char *name, int64_t missing)
{
	const Onnx__AttributeProto *attribute = typed(infer, name, KIND(INT));
	return attribute ? attribute->i : missing;
}

float pf_attr_float(pf_infer *infer, const char *name, float missing)
{
	const Onnx__AttributeProto *attribute = typed(infer, name, KIND(FLOAT));
	return attribute ? attribute->f : missing;
}

void pf_attr_string(pf_infer *infer, const char *name, const char *missing, char *out, size_t capacity)
{
	const Onnx__AttributeProto *attribute = typed(infer, name, KIND(STRING));
	size_t length = attribute ? attribute->s.len : strlen(missing);
	if (length >= capacity) {
		fail(infer, name, "is too long");
		length = 0;
	}
	if (length) {
		memcpy(out, attribute ? (const char *)attribute->s.data : missing, length);
	}
	out[length] = 0;
	pf_escape(strdupa(out), out, capacity);
}

void pf_attr_ints(pf_infer *infer, const char *name, int64_t *out, size_t capacity, size_t *count)
{
	const Onnx__AttributeProto *attribute = typed(infer, name, KIND(INTS));
	*count = attribute ? attribute->n_ints : 0;
	if (*count > capacity) {
		fail(infer, name, "has too many numbers");
		*count = 0;
	}
	for (size_t i = 0; i < *count; i++) {
		out[i] = attribute->ints[i];
	}
}

void pf_attr_floats(pf_infer *infer, const char *name, float *out, size_t capacity, size_t *count)
{
	const Onnx__AttributeProto *attribute = typed(infer, name, KIND(FLOATS));
	*count = attribute ? attribute->n_floats : 0;
	if (*count > capacity) {
		fail(infer, name, "has too many numbers");
		*count = 0;
	}
	for (size_t i = 0; i < *count; i++) {
		out[i] = attribute->floats[i];
	}
}

void pf_attr_tensor(pf_infer *infer, const char *name, pf_tensor *out)
{
	*out = (pf_tensor){0};
	const Onnx__AttributeProto *attribute = typed(infer, name, KIND(TENSOR));
	if (!attribute || infer->status != PF_OK) {
		return;
	}
	if (!attribute->t) {
		fail(infer, name, "holds no tensor");
		return;
	}
	uint64_t external = 0;
	infer->status = pf_onnx_tensor(attribute->t, infer->graph, infer->folder_of, &external, out,
				       infer->error);
}
