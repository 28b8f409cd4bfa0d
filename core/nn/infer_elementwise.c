#include <math.h>
#include <string.h>

#include "core/nn/infer.h"
#include "photofinish/file.h"

pf_status pf_setup_unary(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_act *act = &infer->node->params.act;
	*act = (pf_act){.kind = (pf_act_kind)infer->node->op->detail};
	char approximate[16];
	switch (act->kind) {
	case PF_ACT_LEAKY_RELU:
		act->a = pf_attr_float(infer, "alpha", 0.01f);
		break;
	case PF_ACT_HARDSIGMOID:
		act->a = pf_attr_float(infer, "alpha", 0.2f);
		act->b = pf_attr_float(infer, "beta", 0.5f);
		break;
	case PF_ACT_SELU:
		act->a = pf_attr_float(infer, "alpha", 1.67326319217681884765625f);
		act->b = pf_attr_float(infer, "gamma", 1.05070102214813232421875f);
		break;
	case PF_ACT_ELU:
	case PF_ACT_CELU:
	case PF_ACT_THRESHOLDED_RELU:
		act->a = pf_attr_float(infer, "alpha", 1.0f);
		break;
	case PF_ACT_SHRINK:
		act->a = pf_attr_float(infer, "lambd", 0.5f);
		act->b = pf_attr_float(infer, "bias", 0.0f);
		break;
	case PF_ACT_GELU:
		pf_attr_string(infer, "approximate", "none", approximate, sizeof approximate);
		if (!pf_text_is(approximate, "none")) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "approximate %s is not supported",
					     approximate);
		}
		break;
	case PF_ACT_NOT:
		if (x->type != PF_TYPE_BOOL) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its input must be bool");
		}
		break;
	default:
		break;
	}
	bool integers = act->kind == PF_ACT_RELU || act->kind == PF_ACT_NEG || act->kind == PF_ACT_ABS ||
			act->kind == PF_ACT_SIGN;
	if (x->type != PF_TYPE_FLOAT && act->kind != PF_ACT_NOT &&
	    (!integers || (x->type != PF_TYPE_INT32 && x->type != PF_TYPE_INT64))) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "type %s is not supported",
				     pf_type_name(x->type));
	}
	return pf_infer_output(infer, 0, x->type, &x->shape);
}

pf_status pf_setup_clip(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_act *act = &infer->node->params.act;
	*act = (pf_act){PF_ACT_CLIP, -INFINITY, INFINITY};
	pf_status status = PF_OK;
	if (infer->graph->opset < 11) {
		act->a = pf_attr_float(infer, "min", -INFINITY);
		act->b = pf_attr_float(infer, "max", INFINITY);
	} else {
		status = pf_infer_scalar(infer, 1, -INFINITY, &act->a);
		if (status == PF_OK) {
			status = pf_infer_scalar(infer, 2, INFINITY, &act->b);
		}
	}
	if (status == PF_OK && x->type == PF_TYPE_BOOL) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "type bool is not supported");
	}
	/* Every run has to read input 0 only. */
	infer->node->input_count = 1;
	return status == PF_OK ? pf_infer_output(infer, 0, x->type, &x->shape) : status;
}

static pf_status not_broadcast(pf_infer *infer, const pf_shape *a, const pf_shape *b)
{
	char left[80], right[80];
	return PF_INFER_FAIL(infer, PF_ERR_INVALID, "shapes %s and %s do not fit",
			     pf_shape_text(a, left, sizeof left), pf_shape_text(b, right, sizeof right));
}

pf_status pf_setup_binary(pf_infer *infer)
{
	const pf_tensor *a = pf_infer_input(infer, 0), *b = pf_infer_input(infer, 1);
	pf_binary_kind kind = (pf_binary_kind)infer->node->op->detail;
	infer->node->params.binary = kind;
	pf_shape shape;
	if (!pf_shape_broadcast(&a->shape, &b->shape, &shape) ||
	    (kind == PF_BINARY_PRELU && !pf_shape_equal(&shape, &a->shape))) {
		return not_broadcast(infer, &a->shape, &b->shape);
	}
	bool logical = kind >= PF_BINARY_AND;
	bool comparable = kind >= PF_BINARY_EQUAL && kind <= PF_BINARY_GREATER_EQUAL;
	if (kind == PF_BINARY_POW && a->type == PF_TYPE_FLOAT && b->type != PF_TYPE_FLOAT && b->data &&
	    pf_shape_elements(&b->shape) == 1) {
		/* torch writes integer exponents; the kernel takes them as they are */
	} else if (a->type != b->type) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "types %s and %s are not supported together",
				     pf_type_name(a->type), pf_type_name(b->type));
	}
	bool numbers = a->type == PF_TYPE_FLOAT || a->type == PF_TYPE_INT32 || a->type == PF_TYPE_INT64;
	bool fits = logical ? a->type == PF_TYPE_BOOL
			    : numbers ||
				      (comparable && (a->type == PF_TYPE_UINT8 || a->type == PF_TYPE_BOOL));
	if (!fits || (kind == PF_BINARY_PRELU && a->type != PF_TYPE_FLOAT)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "type %s is not supported",
				     pf_type_name(a->type));
	}
	if (kind == PF_BINARY_MOD && a->type == PF_TYPE_FLOAT && !pf_attr_int(infer, "fmod", 0)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "floats need fmod");
	}
	if (kind == PF_BINARY_MOD && a->type != PF_TYPE_FLOAT && pf_attr_int(infer, "fmod", 0)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "fmod of integers is not supported");
	}
	return pf_infer_output(infer, 0, kind >= PF_BINARY_EQUAL ? PF_TYPE_BOOL : a->type, &shape);
}

pf_status pf_setup_mean(pf_infer *infer)
{
	pf_shape shape = pf_infer_input(infer, 0)->shape;
	pf_status status = pf_infer_floats(infer, 0, infer->node->input_count);
	for (uint32_t i = 1; status == PF_OK && i < infer->node->input_count; i++) {
		const pf_shape *next = &pf_infer_input(infer, i)->shape;
		if (!pf_shape_broadcast(&shape, next, &shape)) {
			return not_broadcast(infer, &shape, next);
		}
	}
	return status == PF_OK ? pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape) : status;
}

pf_status pf_setup_where(pf_infer *infer)
{
	const pf_tensor *condition = pf_infer_input(infer, 0), *a = pf_infer_input(infer, 1),
			*b = pf_infer_input(infer, 2);
	pf_shape shape;
	if (condition->type != PF_TYPE_BOOL || a->type != b->type) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its inputs have the wrong types");
	}
	if (!pf_shape_broadcast(&a->shape, &b->shape, &shape) ||
	    !pf_shape_broadcast(&condition->shape, &shape, &shape)) {
		return not_broadcast(infer, &a->shape, &b->shape);
	}
	return pf_infer_output(infer, 0, a->type, &shape);
}

pf_status pf_setup_cast(pf_infer *infer)
{
	pf_type type;
	int64_t to = pf_attr_int(infer, "to", 0);
	if (infer->status == PF_OK && (to < 0 || to > 64 || !pf_onnx_type((int32_t)to, &type))) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "data type %lld is not supported",
				     (long long)to);
	}
	return infer->status == PF_OK ? pf_infer_output(infer, 0, type, &pf_infer_input(infer, 0)->shape)
				      : infer->status;
}
