/* Convolutions, pools, batch norm, resizing. */
#include <math.h>
#include <string.h>

#include "core/nn/infer.h"

#define MOST 1000000 /* of kernels, strides, dilations and pads: keeps every product far from overflow */

/* The attribute's values into [0] (y) and [1] (x); one value means x for tensors of rank 3. */
static pf_status spatial(pf_infer *infer, const char *name, int rank, int64_t absent, int64_t least,
			 int64_t out[2])
{
	int64_t values[2] = {absent, absent};
	size_t count, wanted = (size_t)rank - 2;
	pf_attr_ints(infer, name, values, 2, &count);
	if (infer->status != PF_OK) {
		return infer->status;
	}
	if (count && count != wanted) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "%s must have %zu numbers", name, wanted);
	}
	for (size_t i = 0; i < count; i++) {
		if (values[i] < least || values[i] > MOST) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "%s %lld is out of range", name,
					     (long long)values[i]);
		}
	}
	out[0] = rank == 4 ? values[0] : 1;
	out[1] = rank == 4 ? values[1] : values[0];
	return PF_OK;
}

static pf_status read_pads(pf_infer *infer, int rank, pf_window *w)
{
	int64_t pads[4] = {0};
	size_t count, axes = (size_t)rank - 2;
	pf_attr_ints(infer, "pads", pads, 4, &count);
	if (infer->status != PF_OK) {
		return infer->status;
	}
	if (count && count != 2 * axes) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "pads must have %zu numbers", 2 * axes);
	}
	for (size_t i = 0; i < count; i++) {
		if (pads[i] < 0 || pads[i] > MOST) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "pad %lld is out of range",
					     (long long)pads[i]);
		}
	}
	for (size_t i = 0; i < axes; i++) {
		w->pad_begin[2 - axes + i] = pads[i];
		w->pad_end[2 - axes + i] = pads[axes + i];
	}
	return PF_OK;
}

static void spatial_size(const pf_shape *shape, int64_t size[2])
{
	size[0] = shape->rank == 4 ? shape->dims[2] : 1;
	size[1] = shape->dims[shape->rank - 1];
}

/* Attributes that all windows share. kernel[] is set where the kernel's shape is not the weights'. */
static pf_status read_window(pf_infer *infer, int rank, pf_window *w, char pad_mode[16])
{
	pf_status status = spatial(infer, "strides", rank, 1, 1, w->stride);
	if (status == PF_OK) {
		status = spatial(infer, "dilations", rank, 1, 1, w->dilation);
	}
	if (status == PF_OK) {
		status = read_pads(infer, rank, w);
	}
	pf_attr_string(infer, "auto_pad", "NOTSET", pad_mode, 16);
	if (status == PF_OK && infer->status == PF_OK && !pf_text_is(pad_mode, "NOTSET") &&
	    !pf_text_is(pad_mode, "VALID") && !pf_text_is(pad_mode, "SAME_UPPER") &&
	    !pf_text_is(pad_mode, "SAME_LOWER")) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "auto_pad %s is unknown", pad_mode);
	}
	return status == PF_OK ? infer->status : status;
}

static void share_padding(pf_window *w, int axis, int64_t total, const char *pad_mode)
{
	total = total > 0 ? total : 0;
	int64_t smaller = total / 2;
	w->pad_begin[axis] = !pf_text_is(pad_mode, "SAME_LOWER") ? smaller : total - smaller;
	w->pad_end[axis] = total - w->pad_begin[axis];
}

/* Output size of a window that slides; `ceil_mode` lets the last one hang over the end. */
static pf_status slide(pf_infer *infer, pf_window *w, const int64_t in[2], const char *pad_mode,
		       bool ceil_mode, int64_t out[2])
{
	for (int i = 0; i < 2; i++) {
		int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
		if (pf_text_is(pad_mode, "VALID")) {
			w->pad_begin[i] = w->pad_end[i] = 0;
		} else if (!strncmp(pad_mode, "SAME", 4)) {
			int64_t same = (in[i] + w->stride[i] - 1) / w->stride[i];
			share_padding(w, i, (same - 1) * w->stride[i] + extent - in[i], pad_mode);
		}
		int64_t room = in[i] + w->pad_begin[i] + w->pad_end[i] - extent;
		if (room < 0) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID,
					     "a window of %lld does not fit an input of %lld",
					     (long long)extent, (long long)in[i]);
		}
		out[i] = room / w->stride[i] + 1;
		/* A window that would begin behind the input is not there. */
		if (ceil_mode && room % w->stride[i] && out[i] * w->stride[i] < in[i] + w->pad_begin[i]) {
			out[i]++;
		}
	}
	return PF_OK;
}

static pf_status check_spatial(pf_infer *infer, const pf_tensor *x)
{
	if (x->shape.rank != 3 && x->shape.rank != 4) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "inputs of %d dimensions are not supported",
				     x->shape.rank);
	}
	if (pf_shape_elements(&x->shape) == 0) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its input is empty");
	}
	return PF_OK;
}

static pf_shape spatial_shape(const pf_shape *in, int64_t channels, const int64_t size[2])
{
	pf_shape shape = {.rank = in->rank, .dims = {in->dims[0], channels}};
	shape.dims[2] = size[in->rank == 4 ? 0 : 1];
	if (in->rank == 4) {
		shape.dims[3] = size[1];
	}
	return shape;
}

/* What all convolutions share: weights (input `at`) of the right shape, groups, kernel. */
static pf_status check_kernel(pf_infer *infer, const pf_tensor *x, uint32_t at, pf_window *w, bool transposed,
			      int64_t *channels)
{
	const pf_tensor *weights = pf_infer_input(infer, at);
	pf_status status = check_spatial(infer, x);
	if (status != PF_OK) {
		return status;
	}
	w->groups = pf_attr_int(infer, "group", 1);
	if (weights->shape.rank != x->shape.rank || pf_shape_elements(&weights->shape) == 0 ||
	    w->groups < 1 || w->groups > x->shape.dims[1]) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its weights do not fit its input");
	}
	int64_t in_channels = x->shape.dims[1], d0 = weights->shape.dims[0], d1 = weights->shape.dims[1];
	*channels = transposed ? d1 * w->groups : d0;
	if (in_channels % w->groups || *channels % w->groups ||
	    (transposed ? d0 != in_channels : d1 != in_channels / w->groups)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its weights do not fit its input");
	}
	spatial_size(&weights->shape, w->kernel);
	if (w->kernel[0] > MOST || w->kernel[1] > MOST) {
		return PF_INFER_FAIL(infer, PF_ERR_TOO_LARGE, "its kernel is too large");
	}
	return PF_OK;
}

/* Conv and ConvTranspose: floats, and a bias. */
static pf_status check_weights(pf_infer *infer, const pf_tensor *x, pf_window *w, bool transposed,
			       int64_t *channels)
{
	const pf_tensor *bias = pf_infer_input(infer, 2);
	pf_status status = pf_infer_floats(infer, 0, 3);
	if (status == PF_OK) {
		status = check_kernel(infer, x, 1, w, transposed, channels);
	}
	if (status != PF_OK) {
		return status;
	}
	if (pf_node_has_input(infer->node, 2) &&
	    (bias->shape.rank != 1 || bias->shape.dims[0] != *channels)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its bias does not fit its weights");
	}
	/* The bias always has its place, so that fusing can fill it. */
	if (infer->node->input_count == 2) {
		infer->node->inputs[2] = PF_NO_VALUE;
		infer->node->input_count = 3;
	}
	return PF_OK;
}

static uint64_t conv_macs(uint64_t points, const pf_window *w, int64_t channels)
{
	uint64_t macs;
	uint64_t taps = (uint64_t)(w->kernel[0] * w->kernel[1]);
	if (__builtin_mul_overflow(points, taps, &macs) ||
	    __builtin_mul_overflow(macs, (uint64_t)(channels / w->groups), &macs)) {
		return UINT64_MAX / 2;
	}
	return macs;
}

/* The output of a convolution whose kernel is known. */
static pf_status conv_output(pf_infer *infer, pf_type type, int64_t channels)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_window *w = &infer->node->params.window;
	char pad_mode[16] = "";
	int64_t in[2] = {1, 1}, out[2] = {1, 1};
	pf_status status = read_window(infer, x->shape.rank, w, pad_mode);
	if (status == PF_OK) {
		spatial_size(&x->shape, in);
		status = slide(infer, w, in, pad_mode, false, out);
	}
	if (status != PF_OK) {
		return status;
	}
	pf_shape shape = spatial_shape(&x->shape, channels, out);
	status = pf_infer_output(infer, 0, type, &shape);
	if (status == PF_OK) {
		infer->node->macs = conv_macs((uint64_t)pf_shape_elements(&shape), w, x->shape.dims[1]);
	}
	return status;
}

pf_status pf_setup_conv(pf_infer *infer)
{
	int64_t channels = 0;
	pf_status status = check_weights(infer, pf_infer_input(infer, 0), &infer->node->params.window, false,
					 &channels);
	return status == PF_OK ? conv_output(infer, PF_TYPE_FLOAT, channels) : status;
}

pf_status pf_infer_conv(pf_infer *infer, uint32_t weights, pf_type type)
{
	int64_t channels = 0;
	pf_status status = check_kernel(infer, pf_infer_input(infer, 0), weights, &infer->node->params.window,
					false, &channels);
	return status == PF_OK ? conv_output(infer, type, channels) : status;
}

pf_status pf_setup_conv_transpose(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_window *w = &infer->node->params.window;
	char pad_mode[16] = "";
	int64_t channels = 0, in[2] = {1, 1}, out[2] = {1, 1}, extra[2] = {0};
	pf_status status = check_weights(infer, x, w, true, &channels);
	if (status == PF_OK) {
		status = read_window(infer, x->shape.rank, w, pad_mode);
	}
	if (status == PF_OK) {
		status = spatial(infer, "output_padding", x->shape.rank, 0, 0, extra);
	}
	if (status != PF_OK) {
		return status;
	}
	if (pf_attr_has(infer, "output_shape")) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "output_shape is not supported");
	}
	spatial_size(&x->shape, in);
	if (x->shape.rank == 3) {
		extra[0] = 0;
	}
	for (int i = 0; i < 2; i++) {
		int64_t full = (in[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 +
			       extra[i];
		if (!strncmp(pad_mode, "SAME", 4)) {
			share_padding(w, i, full - in[i] * w->stride[i], pad_mode);
		}
		out[i] = full - w->pad_begin[i] - w->pad_end[i];
		if (out[i] < 1) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its output is empty");
		}
	}
	pf_shape shape = spatial_shape(&x->shape, channels, out);
	status = pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape);
	if (status == PF_OK) {
		infer->node->macs = conv_macs((uint64_t)pf_shape_elements(&x->shape), w, channels);
	}
	return status;
}

pf_status pf_setup_pool(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_window *w = &infer->node->params.window;
	char pad_mode[16] = "";
	int64_t in[2] = {1, 1}, out[2] = {1, 1};
	pf_status status = check_spatial(infer, x);
	if (status == PF_OK) {
		status = pf_infer_floats(infer, 0, 1);
	}
	if (status == PF_OK && !pf_attr_has(infer, "kernel_shape")) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "kernel_shape is missing");
	}
	if (status == PF_OK) {
		status = spatial(infer, "kernel_shape", x->shape.rank, 1, 1, w->kernel);
	}
	if (status == PF_OK) {
		status = read_window(infer, x->shape.rank, w, pad_mode);
	}
	w->groups = 1;
	w->include_pad = pf_attr_int(infer, "count_include_pad", 0) != 0;
	bool ceil_mode = pf_attr_int(infer, "ceil_mode", 0) != 0;
	if (pf_attr_int(infer, "storage_order", 0) != 0) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "storage_order is not supported");
	}
	for (int i = 0; status == PF_OK && i < 2; i++) {
		if (w->pad_begin[i] >= w->kernel[i] * w->dilation[i] ||
		    w->pad_end[i] >= w->kernel[i] * w->dilation[i]) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its pads are as wide as its window");
		}
	}
	if (status == PF_OK) {
		spatial_size(&x->shape, in);
		status = slide(infer, w, in, pad_mode, ceil_mode, out);
	}
	if (status != PF_OK) {
		return status;
	}
	pf_shape shape = spatial_shape(&x->shape, x->shape.dims[1], out);
	status = pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape);
	infer->node->work = conv_macs((uint64_t)pf_shape_elements(&shape), w, 1);
	return status;
}

pf_status pf_setup_global_pool(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_status status = check_spatial(infer, x);
	if (status == PF_OK) {
		status = pf_infer_floats(infer, 0, 1);
	}
	pf_shape shape = spatial_shape(&x->shape, x->shape.dims[1], (const int64_t[]){1, 1});
	return status == PF_OK ? pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape) : status;
}

/* Inputs 1 .. count are floats of one value for each channel. */
static pf_status check_channels(pf_infer *infer, uint32_t count)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_status status = pf_infer_floats(infer, 0, count + 1);
	if (status == PF_OK && x->shape.rank < 2) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its input has no channels");
	}
	for (uint32_t i = 1; status == PF_OK && i <= count; i++) {
		const pf_tensor *values = pf_infer_input(infer, i);
		if (values->shape.rank != 1 || values->shape.dims[0] != x->shape.dims[1]) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID,
					     "input %u must have one value for each channel", i);
		}
	}
	return status;
}

pf_status pf_setup_batch_norm(pf_infer *infer)
{
	if (infer->graph->opset < 9 && !pf_attr_int(infer, "spatial", 1)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "spatial 0 is not supported");
	}
	pf_status status = check_channels(infer, 4);
	infer->node->params.norm.epsilon = pf_attr_float(infer, "epsilon", 1e-5f);
	if (status == PF_OK && pf_attr_int(infer, "training_mode", 0)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "training_mode is not supported");
	}
	/* With one output the sixth set's operator is the test's, whatever is_test's default says. */
	if (status == PF_OK && infer->graph->opset < 7 &&
	    !pf_attr_int(infer, "is_test", infer->node->output_count == 1)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "is_test 0 (training) is not supported");
	}
	if (status == PF_OK && infer->node->output_count > 1 && infer->graph->opset >= 14) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "more than one output is not supported");
	}
	infer->node->output_count = 1; /* older files name running statistics, which no one reads */
	const pf_tensor *x = pf_infer_input(infer, 0);
	return status == PF_OK ? pf_infer_output(infer, 0, PF_TYPE_FLOAT, &x->shape) : status;
}

pf_status pf_setup_instance_norm(pf_infer *infer)
{
	pf_status status = check_channels(infer, 2);
	infer->node->params.norm.epsilon = pf_attr_float(infer, "epsilon", 1e-5f);
	const pf_tensor *x = pf_infer_input(infer, 0);
	return status == PF_OK ? pf_infer_output(infer, 0, PF_TYPE_FLOAT, &x->shape) : status;
}

pf_status pf_setup_layer_norm(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_status status = pf_infer_floats(infer, 0, 3);
	infer->node->params.norm.epsilon = pf_attr_float(infer, "epsilon", 1e-5f);
	int64_t axis = pf_attr_int(infer, "axis", -1);
	if (status == PF_OK) {
		status = pf_infer_axis(infer, axis, x->shape.rank, &infer->node->params.norm.axis);
	}
	if (status != PF_OK) {
		return status;
	}
	int64_t normalised = pf_shape_product(&x->shape, infer->node->params.norm.axis, x->shape.rank);
	for (uint32_t i = 1; i < 3; i++) {
		if (pf_node_has_input(infer->node, i) &&
		    pf_shape_elements(&pf_infer_input(infer, i)->shape) != normalised) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
					     "its scale does not have its input's shape");
		}
	}
	return pf_infer_output(infer, 0, PF_TYPE_FLOAT, &x->shape);
}

pf_status pf_setup_lrn(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_params *p = &infer->node->params;
	pf_status status = pf_infer_floats(infer, 0, 1);
	p->lrn.size = pf_attr_int(infer, "size", 0);
	p->lrn.alpha = pf_attr_float(infer, "alpha", 0.0001f);
	p->lrn.beta = pf_attr_float(infer, "beta", 0.75f);
	p->lrn.bias = pf_attr_float(infer, "bias", 1.0f);
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (p->lrn.size < 1 || p->lrn.size > MOST) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "size %lld is out of range",
				     (long long)p->lrn.size);
	}
	if (x->shape.rank < 2) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its input has no channels");
	}
	int64_t most = p->lrn.size < x->shape.dims[1] ? p->lrn.size : x->shape.dims[1];
	infer->node->work = (uint64_t)pf_shape_elements(&x->shape) * (uint64_t)most;
	return pf_infer_output(infer, 0, PF_TYPE_FLOAT, &x->shape);
}
