/* Operators on 8-bit integers: a real number is (integer - zero point) * scale. */
#include "core/nn/infer.h"

static bool is_byte(pf_type type)
{
	return type == PF_TYPE_UINT8 || type == PF_TYPE_INT8;
}

/* Input `i` is `type` and has one element, or one for each of `parts` (0: never). */
static pf_status check_values(pf_infer *infer, uint32_t i, pf_type type, int64_t parts)
{
	if (!pf_node_has_input(infer->node, i)) {
		return PF_OK;
	}
	const pf_tensor *values = pf_infer_input(infer, i);
	int64_t elements = pf_shape_elements(&values->shape);
	if (values->type != type) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "input %u of type %s is not supported", i,
				     pf_type_name(values->type));
	}
	if (values->shape.rank > 1 || (elements != 1 && (parts == 0 || elements != parts))) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
				     parts ? "input %u must be one number, or one for each part of its axis"
					   : "input %u must be one number",
				     i);
	}
	return PF_OK;
}

static pf_status check_bytes(pf_infer *infer, uint32_t i)
{
	pf_type type = pf_infer_input(infer, i)->type;
	return is_byte(type) ? PF_OK
			     : PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
					     "input %u of type %s is not supported", i, pf_type_name(type));
}

/* Scale 1 and zero point 2 of QuantizeLinear and DequantizeLinear, of which there may be one a part of an
 * axis. */
static pf_status check_axis(pf_infer *infer, pf_type zero_type)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *scale = pf_infer_input(infer, 1),
			*zero = pf_infer_input(infer, 2);
	int32_t axis = 0;
	int64_t parts = 0;
	pf_status status = PF_OK;
	if (pf_shape_elements(&scale->shape) != 1) {
		status = pf_infer_axis(infer, pf_attr_int(infer, "axis", 1), x->shape.rank, &axis);
		parts = status == PF_OK ? x->shape.dims[axis] : 0;
	}
	if (status == PF_OK && pf_attr_int(infer, "block_size", 0)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "block_size is not supported");
	}
	if (status == PF_OK) {
		status = check_values(infer, 1, PF_TYPE_FLOAT, parts);
	}
	if (status == PF_OK) {
		status = check_values(infer, 2, zero_type, parts);
	}
	if (status == PF_OK && pf_node_has_input(infer->node, 2) &&
	    pf_shape_elements(&scale->shape) != pf_shape_elements(&zero->shape)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its scales and zero points differ in number");
	}
	infer->node->params.index.axis = axis;
	return status;
}

pf_status pf_setup_quantize(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_type type = pf_node_has_input(infer->node, 2) ? pf_infer_input(infer, 2)->type : PF_TYPE_UINT8;
	if (x->type != PF_TYPE_FLOAT || !is_byte(type)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "types %s and %s are not supported together",
				     pf_type_name(x->type), pf_type_name(type));
	}
	pf_status status = check_axis(infer, type);
	return status == PF_OK ? pf_infer_output(infer, 0, type, &x->shape) : status;
}

pf_status pf_setup_dequantize(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	if (!is_byte(x->type) && x->type != PF_TYPE_INT32) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "type %s is not supported",
				     pf_type_name(x->type));
	}
	pf_status status = check_axis(infer, x->type);
	return status == PF_OK ? pf_infer_output(infer, 0, PF_TYPE_FLOAT, &x->shape) : status;
}

pf_status pf_setup_dynamic_quantize(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	const pf_shape one = {0};
	pf_status status = pf_infer_floats(infer, 0, 1);
	if (status == PF_OK) {
		status = pf_infer_output(infer, 0, PF_TYPE_UINT8, &x->shape);
	}
	if (status == PF_OK) {
		status = pf_infer_output(infer, 1, PF_TYPE_FLOAT, &one);
	}
	return status == PF_OK ? pf_infer_output(infer, 2, PF_TYPE_UINT8, &one) : status;
}

/* Inputs x, x scale, x zero point, w, w scale, w zero point, y scale, y zero point [, bias]. */
pf_status pf_setup_qlinear_conv(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *w = pf_infer_input(infer, 3);
	pf_type type = pf_infer_input(infer, 7)->type;
	int64_t channels = w->shape.rank ? w->shape.dims[0] : 0;
	pf_status status = check_bytes(infer, 0);
	status = status == PF_OK ? check_bytes(infer, 3) : status;
	status = status == PF_OK ? check_bytes(infer, 7) : status;
	status = status == PF_OK ? check_values(infer, 1, PF_TYPE_FLOAT, 0) : status;
	status = status == PF_OK ? check_values(infer, 2, x->type, 0) : status;
	status = status == PF_OK ? check_values(infer, 4, PF_TYPE_FLOAT, channels) : status;
	status = status == PF_OK ? check_values(infer, 5, w->type, channels) : status;
	status = status == PF_OK ? check_values(infer, 6, PF_TYPE_FLOAT, 0) : status;
	status = status == PF_OK ? check_values(infer, 7, type, 0) : status;
	if (status == PF_OK && pf_node_has_input(infer->node, 8)) {
		const pf_tensor *bias = pf_infer_input(infer, 8);
		if (bias->type != PF_TYPE_INT32 || bias->shape.rank != 1 || bias->shape.dims[0] != channels) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its bias does not fit its weights");
		}
	}
	return status == PF_OK ? pf_infer_conv(infer, 3, type) : status;
}

/* Inputs x, w [, x zero point, w zero point]. */
pf_status pf_setup_conv_integer(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *w = pf_infer_input(infer, 1);
	pf_status status = check_bytes(infer, 0);
	status = status == PF_OK ? check_bytes(infer, 1) : status;
	status = status == PF_OK ? check_values(infer, 2, x->type, 0) : status;
	status = status == PF_OK ? check_values(infer, 3, w->type, w->shape.rank ? w->shape.dims[0] : 0)
				 : status;
	return status == PF_OK ? pf_infer_conv(infer, 1, PF_TYPE_INT32) : status;
}

/* Inputs a, b [, a zero point, b zero point]. */
pf_status pf_setup_matmul_integer(pf_infer *infer)
{
	pf_status status = check_bytes(infer, 0);
	status = status == PF_OK ? check_bytes(infer, 1) : status;
	status = status == PF_OK ? pf_infer_matmul(infer, 1, PF_TYPE_INT32) : status;
	status = status == PF_OK ? check_values(infer, 2, pf_infer_input(infer, 0)->type, 0) : status;
	return status == PF_OK
		       ? check_values(infer, 3, pf_infer_input(infer, 1)->type, infer->node->params.matmul.n)
		       : status;
}

/* Inputs a, a scale, a zero point, b, b scale, b zero point, y scale, y zero point. */
pf_status pf_setup_qlinear_matmul(pf_infer *infer)
{
	pf_type type = pf_infer_input(infer, 7)->type;
	pf_status status = check_bytes(infer, 0);
	status = status == PF_OK ? check_bytes(infer, 3) : status;
	status = status == PF_OK ? check_bytes(infer, 7) : status;
	status = status == PF_OK ? pf_infer_matmul(infer, 3, type) : status;
	int64_t columns = infer->node->params.matmul.n;
	status = status == PF_OK ? check_values(infer, 1, PF_TYPE_FLOAT, 0) : status;
	status = status == PF_OK ? check_values(infer, 2, pf_infer_input(infer, 0)->type, 0) : status;
	status = status == PF_OK ? check_values(infer, 4, PF_TYPE_FLOAT, columns) : status;
	status = status == PF_OK ? check_values(infer, 5, pf_infer_input(infer, 3)->type, columns) : status;
	status = status == PF_OK ? check_values(infer, 6, PF_TYPE_FLOAT, 0) : status;
	return status == PF_OK ? check_values(infer, 7, type, 0) : status;
}
