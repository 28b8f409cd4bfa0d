/* Concat, Pad, Gather and its relatives, Resize. */
#include <math.h>
#include <string.h>

#include "core/nn/infer.h"

pf_status pf_setup_concat(pf_infer *infer)
{
	const pf_tensor *first = pf_infer_input(infer, 0);
	pf_shape shape = first->shape;
	int32_t axis = 0;
	if (!pf_attr_has(infer, "axis")) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "axis is missing");
	}
	pf_status status = pf_infer_axis(infer, pf_attr_int(infer, "axis", 0), shape.rank, &axis);
	if (status != PF_OK) {
		return status;
	}
	for (uint32_t i = 1; i < infer->node->input_count; i++) {
		const pf_tensor *next = pf_infer_input(infer, i);
		bool fits = pf_node_has_input(infer->node, i) && next->type == first->type &&
			    next->shape.rank == shape.rank;
		for (int k = 0; fits && k < shape.rank; k++) {
			fits = k == axis || next->shape.dims[k] == shape.dims[k];
		}
		if (!fits) {
			char text[80];
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "input %u %s does not fit the first", i,
					     pf_shape_text(&next->shape, text, sizeof text));
		}
		shape.dims[axis] += next->shape.dims[axis];
	}
	infer->node->params.index.axis = axis;
	return pf_infer_output(infer, 0, first->type, &shape);
}

static pf_status read_pad_amounts(pf_infer *infer, int32_t rank, int64_t pads[2 * PF_MAX_RANK])
{
	int64_t given[2 * PF_MAX_RANK] = {0}, axes[PF_MAX_RANK] = {0};
	size_t count, axis_count = 0;
	pf_status status = PF_OK;
	if (infer->graph->opset < 11) {
		pf_attr_ints(infer, "pads", given, (size_t)2 * PF_MAX_RANK, &count);
		status = infer->status;
	} else {
		status = pf_infer_ints(infer, 1, given, (size_t)2 * PF_MAX_RANK, &count);
		if (status == PF_OK) {
			status = pf_infer_ints(infer, 3, axes, PF_MAX_RANK, &axis_count);
		}
	}
	size_t wanted = axis_count ? axis_count : (size_t)rank;
	if (status == PF_OK && count != 2 * wanted) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "pads has %zu numbers", count);
	}
	memset(pads, 0, 2 * PF_MAX_RANK * sizeof *pads);
	for (size_t i = 0; status == PF_OK && i < wanted; i++) {
		int32_t axis = (int32_t)i;
		if (axis_count) {
			status = pf_infer_axis(infer, axes[i], rank, &axis);
		}
		pads[axis] = given[i];
		pads[rank + axis] = given[wanted + i];
	}
	return status;
}

pf_status pf_setup_pad(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int32_t rank = x->shape.rank;
	int64_t pads[2 * PF_MAX_RANK] = {0};
	char mode[16];
	pf_status status = read_pad_amounts(infer, rank, pads);
	pf_attr_string(infer, "mode", "constant", mode, sizeof mode);
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (pf_text_is(mode, "constant")) {
		infer->node->params.pad.mode = PF_PAD_CONSTANT;
	} else if (pf_text_is(mode, "reflect")) {
		infer->node->params.pad.mode = PF_PAD_REFLECT;
	} else if (pf_text_is(mode, "edge")) {
		infer->node->params.pad.mode = PF_PAD_EDGE;
	} else {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "mode %s is not supported", mode);
	}
	pf_shape shape = x->shape;
	for (int i = 0; i < rank; i++) {
		int64_t begin = pads[i], end = pads[rank + i], dim = shape.dims[i];
		bool constant = infer->node->params.pad.mode == PF_PAD_CONSTANT;
		int64_t most = constant                                                 ? PF_MAX_ELEMENTS
			       : infer->node->params.pad.mode == PF_PAD_EDGE && dim > 0 ? PF_MAX_ELEMENTS
											: dim - 1;
		if (begin < -dim || end < -dim || begin > most || end > most || dim + begin + end < 0) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "pad %lld or %lld is out of range",
					     (long long)begin, (long long)end);
		}
		infer->node->params.pad.begin[i] = begin;
		shape.dims[i] += begin + end;
	}
	const pf_tensor *value = pf_infer_input(infer, 2);
	if (pf_node_has_input(infer->node, 2) &&
	    (value->type != x->type || pf_shape_elements(&value->shape) != 1)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID,
				     "its value is not one element of its input's type");
	}
	infer->node->params.pad.value = infer->graph->opset < 11 ? pf_attr_float(infer, "value", 0) : 0;
	return pf_infer_output(infer, 0, x->type, &shape);
}

static pf_status check_indices(pf_infer *infer, const pf_tensor *indices)
{
	if (indices->type != PF_TYPE_INT64 && indices->type != PF_TYPE_INT32) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its indices are not integers");
	}
	return PF_OK;
}

pf_status pf_setup_gather(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *indices = pf_infer_input(infer, 1);
	int32_t axis = 0;
	pf_status status = check_indices(infer, indices);
	if (status == PF_OK) {
		status = pf_infer_axis(infer, pf_attr_int(infer, "axis", 0), x->shape.rank, &axis);
	}
	if (status != PF_OK) {
		return status;
	}
	if (x->shape.rank - 1 + indices->shape.rank > PF_MAX_RANK) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "more than %d dimensions", PF_MAX_RANK);
	}
	pf_shape shape = {0};
	for (int i = 0; i < axis; i++) {
		shape.dims[shape.rank++] = x->shape.dims[i];
	}
	for (int i = 0; i < indices->shape.rank; i++) {
		shape.dims[shape.rank++] = indices->shape.dims[i];
	}
	for (int i = axis + 1; i < x->shape.rank; i++) {
		shape.dims[shape.rank++] = x->shape.dims[i];
	}
	infer->node->params.index.axis = axis;
	return pf_infer_output(infer, 0, x->type, &shape);
}

pf_status pf_setup_gather_elements(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *indices = pf_infer_input(infer, 1);
	int32_t axis = 0;
	pf_status status = check_indices(infer, indices);
	if (status == PF_OK) {
		status = pf_infer_axis(infer, pf_attr_int(infer, "axis", 0), x->shape.rank, &axis);
	}
	bool fits = indices->shape.rank == x->shape.rank;
	for (int i = 0; status == PF_OK && fits && i < x->shape.rank; i++) {
		fits = i == axis || indices->shape.dims[i] <= x->shape.dims[i];
	}
	if (status == PF_OK && !fits) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its indices do not fit its input");
	}
	infer->node->params.index.axis = axis;
	return status == PF_OK ? pf_infer_output(infer, 0, x->type, &indices->shape) : status;
}

pf_status pf_setup_gather_nd(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *indices = pf_infer_input(infer, 1);
	pf_status status = check_indices(infer, indices);
	int64_t batch = pf_attr_int(infer, "batch_dims", 0);
	int32_t rank = x->shape.rank, index_rank = indices->shape.rank;
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (index_rank < 1 || batch < 0 || batch >= index_rank || batch >= rank) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "batch_dims %lld does not fit", (long long)batch);
	}
	int64_t depth = indices->shape.dims[index_rank - 1];
	if (depth < 1 || depth > rank - batch || index_rank - 1 + rank - depth - batch > PF_MAX_RANK) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its indices do not fit its input");
	}
	pf_shape shape = {0};
	for (int i = 0; i < index_rank - 1; i++) {
		shape.dims[shape.rank++] = indices->shape.dims[i];
		if (i < batch && indices->shape.dims[i] != x->shape.dims[i]) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its indices do not fit its input");
		}
	}
	for (int i = (int)(batch + depth); i < rank; i++) {
		shape.dims[shape.rank++] = x->shape.dims[i];
	}
	infer->node->params.index.batch_dims = (int32_t)batch;
	return pf_infer_output(infer, 0, x->type, &shape);
}

static pf_status resize_modes(pf_infer *infer, bool simple)
{
	char mode[16], coordinate[32], nearest[24];
	static const char *const coordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners",
						  "asymmetric", "tf_half_pixel_for_nn"};
	static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
	pf_attr_string(infer, "mode", "nearest", mode, sizeof mode);
	pf_attr_string(infer, "coordinate_transformation_mode", "half_pixel", coordinate, sizeof coordinate);
	pf_attr_string(infer, "nearest_mode", "round_prefer_floor", nearest, sizeof nearest);
	if (infer->status != PF_OK) {
		return infer->status;
	}
	infer->node->params.resize.linear = pf_text_is(mode, "linear") || pf_text_is(mode, "bilinear");
	if (!infer->node->params.resize.linear && !pf_text_is(mode, "nearest")) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "mode %s is not supported", mode);
	}
	if (simple) { /* Upsample, and Resize of operator set 10 */
		infer->node->params.resize.coordinate = PF_RESIZE_ASYMMETRIC;
		infer->node->params.resize.nearest = PF_NEAREST_FLOOR;
		return PF_OK;
	}
	unsigned c = 0, n = 0;
	while (c < 5 && !pf_text_is(coordinate, coordinates[c])) {
		c++;
	}
	while (n < 4 && !pf_text_is(nearest, roundings[n])) {
		n++;
	}
	if (c == 5 || n == 4) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "mode %s is not supported",
				     c == 5 ? coordinate : nearest);
	}
	infer->node->params.resize.coordinate = (pf_resize_coordinate)c;
	infer->node->params.resize.nearest = (pf_resize_nearest)n;
	if (pf_attr_int(infer, "antialias", 0) || pf_attr_int(infer, "exclude_outside", 0) ||
	    pf_attr_has(infer, "axes")) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
				     "antialias, exclude_outside and axes are not supported");
	}
	return infer->status;
}

static pf_status read_scales(pf_infer *infer, uint32_t i, double scales[PF_MAX_RANK], size_t *count)
{
	*count = 0;
	if (!pf_node_has_input(infer->node, i)) {
		return PF_OK;
	}
	const pf_tensor *tensor = pf_infer_input(infer, i);
	int64_t elements = pf_shape_elements(&tensor->shape);
	if (elements == 0) {
		return PF_OK;
	}
	if (!tensor->data || tensor->type != PF_TYPE_FLOAT || elements > PF_MAX_RANK) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "its scales must be constant floats");
	}
	*count = (size_t)elements;
	for (int64_t k = 0; k < elements; k++) {
		scales[k] = ((const float *)tensor->data)[k];
	}
	return PF_OK;
}

/* `sizes` (count of them) or else `scales` give the output's shape. */
static pf_status resize_output(pf_infer *infer, const double *scales, size_t scale_count,
			       const int64_t *sizes, size_t size_count)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_shape shape = x->shape;
	if ((size_count ? size_count : scale_count) != (size_t)shape.rank) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its scales or sizes do not fit its input");
	}
	pf_status status = pf_infer_floats(infer, 0, 1);
	for (int i = 0; status == PF_OK && i < shape.rank; i++) {
		int64_t in = x->shape.dims[i];
		double scale = size_count ? (double)sizes[i] / (double)(in ? in : 1) : scales[i];
		double out = size_count ? (double)sizes[i] : floor((double)in * scale);
		if (!(scale > 0) || !(out >= 1) || out > PF_MAX_ELEMENTS || in < 1) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID,
					     "scale or size of axis %d is out of range", i);
		}
		shape.dims[i] = (int64_t)out;
		infer->node->params.resize.scale[i] = scale;
		if (infer->node->params.resize.linear && shape.dims[i] != in &&
		    (i < shape.rank - 2 || i == 0)) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
					     "linear in other than the last two axes is not supported");
		}
	}
	infer->node->input_count = 1;
	return status == PF_OK ? pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape) : status;
}

pf_status pf_setup_resize(pf_infer *infer)
{
	bool simple = infer->graph->opset < 11;
	double scales[PF_MAX_RANK] = {0};
	int64_t sizes[PF_MAX_RANK] = {0};
	size_t scale_count, size_count = 0;
	pf_status status = resize_modes(infer, simple);
	if (status == PF_OK) {
		status = read_scales(infer, simple ? 1 : 2, scales, &scale_count);
	}
	if (status == PF_OK && !simple) {
		status = pf_infer_ints(infer, 3, sizes, PF_MAX_RANK, &size_count);
		char policy[16];
		pf_attr_string(infer, "keep_aspect_ratio_policy", "stretch", policy, sizeof policy);
		if (status == PF_OK && size_count && !pf_text_is(policy, "stretch")) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
					     "keep_aspect_ratio_policy is not supported");
		}
	}
	return status == PF_OK ? resize_output(infer, scales, scale_count, sizes, size_count) : status;
}

pf_status pf_setup_upsample(pf_infer *infer)
{
	double scales[PF_MAX_RANK] = {0};
	size_t count = 0;
	pf_status status = resize_modes(infer, true);
	if (status == PF_OK && infer->graph->opset < 7) {
		count = 4;
		scales[0] = scales[1] = 1;
		scales[2] = pf_attr_float(infer, "height_scale", 0);
		scales[3] = pf_attr_float(infer, "width_scale", 0);
		status = infer->status;
	} else if (status == PF_OK && infer->graph->opset < 9) {
		float values[PF_MAX_RANK];
		pf_attr_floats(infer, "scales", values, PF_MAX_RANK, &count);
		for (size_t i = 0; i < count; i++) {
			scales[i] = values[i];
		}
		status = infer->status;
	} else if (status == PF_OK) {
		status = read_scales(infer, 1, scales, &count);
	}
	return status == PF_OK ? resize_output(infer, scales, count, NULL, 0) : status;
}
