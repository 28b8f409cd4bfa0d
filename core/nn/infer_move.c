/* Operators that move data: views, and copies that are described by strides. */
#include <onnx.pb-c.h>
#include <string.h>

#include "core/nn/infer.h"

static pf_status view(pf_infer *infer, const pf_shape *shape)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t elements;
	if (!pf_shape_check(shape, &elements) || elements != pf_shape_elements(&x->shape)) {
		char from[80], to[80];
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "shape %s does not become %s",
				     pf_shape_text(&x->shape, from, sizeof from),
				     pf_shape_text(shape, to, sizeof to));
	}
	infer->node->input_count = 1;
	return pf_infer_output(infer, 0, x->type, shape);
}

pf_status pf_setup_identity(pf_infer *infer)
{
	return view(infer, &pf_infer_input(infer, 0)->shape);
}

/* Whether the node drops anything: is_test = 0 up to operator set 6, training_mode from 12 on. */
static pf_status check_training(pf_infer *infer)
{
	double training = 0;
	if (infer->graph->opset < 7) {
		training = pf_attr_int(infer, "is_test", 0) == 0;
	} else if (pf_node_has_input(infer->node, 2)) {
		const pf_tensor *mode = pf_infer_input(infer, 2);
		if (mode->type != PF_TYPE_BOOL) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "training_mode must be bool");
		}
		pf_status status = pf_infer_scalar(infer, 2, 0, &training);
		if (status != PF_OK) {
			return status;
		}
	}
	if (infer->status == PF_OK && training != 0) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
				     infer->graph->opset < 7 ? "is_test 0 (training) is not supported"
							     : "training_mode is not supported");
	}
	return infer->status;
}

/* Without training it is the identity, whatever the ratio is, and its mask is true everywhere. */
pf_status pf_setup_dropout(pf_infer *infer)
{
	const pf_shape shape = pf_infer_input(infer, 0)->shape;
	pf_status status = check_training(infer);
	if (status == PF_OK) {
		status = pf_infer_floats(infer, 0, 1);
	}
	if (status == PF_OK && infer->node->output_count > 1) {
		void *mask;
		if (infer->graph->opset < 10) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
					     "its mask is not supported before operator set 10");
		}
		status = pf_infer_constant(infer, 1, PF_TYPE_BOOL, &shape, &mask);
		if (status == PF_OK) {
			memset(mask, 1, (size_t)pf_shape_elements(&shape));
		}
		infer->node->output_count = 1;
	}
	return status == PF_OK ? view(infer, &shape) : status;
}

/* Up to operator set 6 `axis` says where along the first operand the second one lies, at the end without it;
 * a PRelu's slopes lie along the channels. */
pf_status pf_setup_align(pf_infer *infer)
{
	const pf_shape *whole = &pf_infer_input(infer, 1)->shape;
	pf_shape shape = pf_infer_input(infer, 0)->shape;
	const Onnx__NodeProto *proto = infer->node->proto;
	bool slopes = proto && pf_text_is(proto->op_type, "PRelu");
	int64_t axis = slopes ? (shape.rank == 1 && shape.dims[0] != 1 ? 1 : -1)
			      : pf_attr_int(infer, "axis", -1);
	if (axis > whole->rank - shape.rank) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "axis %lld of %.32s does not fit %d dimensions",
				     (long long)axis, proto ? proto->op_type : "?", whole->rank);
	}
	for (int64_t ones = whole->rank - shape.rank - axis; axis >= 0 && ones > 0; ones--) {
		shape.dims[shape.rank++] = 1;
	}
	return view(infer, &shape);
}

pf_status pf_setup_reshape(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t dims[PF_MAX_RANK] = {0}, known = 1;
	size_t count;
	pf_status status = pf_infer_ints(infer, 1, dims, PF_MAX_RANK, &count);
	bool keep_zero = pf_attr_int(infer, "allowzero", 0) != 0;
	int open = -1;
	pf_shape shape = {.rank = (int32_t)count};
	for (int i = 0; status == PF_OK && i < shape.rank; i++) {
		shape.dims[i] = dims[i] == 0 && !keep_zero && i < x->shape.rank ? x->shape.dims[i] : dims[i];
		if (dims[i] == -1 && open < 0) {
			open = i;
			shape.dims[i] = 1;
		} else if (shape.dims[i] < 0 || (dims[i] == 0 && !keep_zero && i >= x->shape.rank)) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its shape has the dimension %lld",
					     (long long)dims[i]);
		}
		if (__builtin_mul_overflow(known, shape.dims[i], &known)) {
			return PF_INFER_FAIL(infer, PF_ERR_TOO_LARGE, "its shape is too large");
		}
	}
	if (status == PF_OK && open >= 0) {
		shape.dims[open] = known ? pf_shape_elements(&x->shape) / known : 0;
	}
	return status == PF_OK ? view(infer, &shape) : status;
}

pf_status pf_setup_flatten(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t axis = pf_attr_int(infer, "axis", 1);
	int32_t rank = x->shape.rank;
	if (axis < -rank || axis > rank) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "axis %lld does not fit", (long long)axis);
	}
	axis = axis < 0 ? axis + rank : axis;
	pf_shape shape = {.rank = 2,
			  .dims = {pf_shape_product(&x->shape, 0, (int)axis),
				   pf_shape_product(&x->shape, (int)axis, rank)}};
	return view(infer, &shape);
}

pf_status pf_setup_squeeze(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	uint32_t mask;
	bool stated;
	pf_status status = pf_infer_axes(infer, infer->graph->opset >= 13, x->shape.rank, &mask, &stated);
	pf_shape shape = {0};
	for (int i = 0; status == PF_OK && i < x->shape.rank; i++) {
		bool drop = stated ? mask >> i & 1 : x->shape.dims[i] == 1;
		if (!drop) {
			shape.dims[shape.rank++] = x->shape.dims[i];
		}
	}
	return status == PF_OK ? view(infer, &shape) : status;
}

pf_status pf_setup_unsqueeze(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t axes[PF_MAX_RANK] = {0};
	size_t count;
	pf_status status = PF_OK;
	if (infer->graph->opset >= 13) {
		status = pf_infer_ints(infer, 1, axes, PF_MAX_RANK, &count);
	} else {
		pf_attr_ints(infer, "axes", axes, PF_MAX_RANK, &count);
	}
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (count + (size_t)x->shape.rank > PF_MAX_RANK) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "more than %d dimensions", PF_MAX_RANK);
	}
	pf_shape shape = {.rank = x->shape.rank + (int32_t)count};
	uint32_t mask = 0;
	for (size_t i = 0; i < count; i++) {
		int32_t axis = 0;
		status = pf_infer_axis(infer, axes[i], shape.rank, &axis);
		if (status != PF_OK || mask >> axis & 1) {
			return status != PF_OK ? status
					       : PF_INFER_FAIL(infer, PF_ERR_INVALID, "an axis stands twice");
		}
		mask |= 1u << axis;
	}
	for (int i = 0, from = 0; i < shape.rank; i++) {
		shape.dims[i] = mask >> i & 1 ? 1 : x->shape.dims[from++];
	}
	return view(infer, &shape);
}

/* An empty description of a copy into `shape`. */
static pf_strided *begin_strided(pf_infer *infer, const pf_shape *shape)
{
	pf_strided *s = &infer->node->params.strided;
	*s = (pf_strided){.rank = shape->rank, .axis = -1, .perm = {-1}};
	memcpy(s->dims, shape->dims, sizeof shape->dims);
	infer->node->input_count = 1;
	return s;
}

pf_status pf_setup_transpose(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t perm[PF_MAX_RANK] = {0}, strides[PF_MAX_RANK];
	size_t count;
	int32_t rank = x->shape.rank;
	pf_attr_ints(infer, "perm", perm, PF_MAX_RANK, &count);
	if (infer->status != PF_OK) {
		return infer->status;
	}
	if (count == 0) {
		for (int i = 0; i < rank; i++) {
			perm[i] = rank - 1 - i;
		}
	} else if (count != (size_t)rank) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "perm has %zu axes, its input %d", count, rank);
	}
	uint32_t seen = 0;
	pf_shape shape = {.rank = rank};
	for (int i = 0; i < rank; i++) {
		if (perm[i] < 0 || perm[i] >= rank || seen >> perm[i] & 1) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "perm is no permutation");
		}
		seen |= 1u << perm[i];
		shape.dims[i] = x->shape.dims[perm[i]];
	}
	pf_shape_strides(&x->shape, strides);
	pf_strided *s = begin_strided(infer, &shape);
	for (int i = 0; i < rank; i++) {
		s->strides[i] = strides[perm[i]];
		s->perm[i] = (int32_t)perm[i];
	}
	return pf_infer_output(infer, 0, x->type, &shape);
}

typedef struct slice_spec {
	int64_t starts[PF_MAX_RANK], ends[PF_MAX_RANK], axes[PF_MAX_RANK], steps[PF_MAX_RANK];
	size_t count;
} slice_spec;

static pf_status read_slice(pf_infer *infer, slice_spec *spec)
{
	size_t ends, axes, steps = 0;
	pf_status status = PF_OK;
	if (infer->graph->opset < 10) {
		pf_attr_ints(infer, "starts", spec->starts, PF_MAX_RANK, &spec->count);
		pf_attr_ints(infer, "ends", spec->ends, PF_MAX_RANK, &ends);
		pf_attr_ints(infer, "axes", spec->axes, PF_MAX_RANK, &axes);
		status = infer->status;
	} else {
		status = pf_infer_ints(infer, 1, spec->starts, PF_MAX_RANK, &spec->count);
		status = status == PF_OK ? pf_infer_ints(infer, 2, spec->ends, PF_MAX_RANK, &ends) : status;
		status = status == PF_OK ? pf_infer_ints(infer, 3, spec->axes, PF_MAX_RANK, &axes) : status;
		status = status == PF_OK ? pf_infer_ints(infer, 4, spec->steps, PF_MAX_RANK, &steps) : status;
	}
	if (status != PF_OK) {
		return status;
	}
	if (ends != spec->count || (axes && axes != spec->count) || (steps && steps != spec->count)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "starts, ends, axes and steps differ in number");
	}
	for (size_t i = 0; i < spec->count; i++) {
		spec->axes[i] = axes ? spec->axes[i] : (int64_t)i;
		spec->steps[i] = steps ? spec->steps[i] : 1;
		if (spec->steps[i] == 0 || spec->steps[i] < -PF_MAX_ELEMENTS ||
		    spec->steps[i] > PF_MAX_ELEMENTS) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "step %lld is out of range",
					     (long long)spec->steps[i]);
		}
	}
	return PF_OK;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

pf_status pf_setup_slice(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	slice_spec spec = {0};
	pf_status status = read_slice(infer, &spec);
	if (status != PF_OK) {
		return status;
	}
	int64_t strides[PF_MAX_RANK];
	pf_shape shape = x->shape;
	pf_shape_strides(&x->shape, strides);
	pf_strided *s = begin_strided(infer, &shape);
	s->is_slice = true;
	memcpy(s->strides, strides, sizeof strides);
	uint32_t seen = 0;
	for (size_t i = 0; i < spec.count; i++) {
		int32_t axis = 0;
		status = pf_infer_axis(infer, spec.axes[i], shape.rank, &axis);
		if (status != PF_OK || seen >> axis & 1) {
			return status != PF_OK ? status
					       : PF_INFER_FAIL(infer, PF_ERR_INVALID, "an axis stands twice");
		}
		seen |= 1u << axis;
		int64_t dim = x->shape.dims[axis], step = spec.steps[i];
		int64_t start = spec.starts[i] < 0 ? spec.starts[i] + dim : spec.starts[i];
		int64_t end = spec.ends[i] < 0 ? spec.ends[i] + dim : spec.ends[i];
		start = step > 0 ? clamp(start, 0, dim) : clamp(start, 0, dim - 1);
		end = step > 0 ? clamp(end, 0, dim) : clamp(end, -1, dim - 1);
		int64_t span = step > 0 ? end - start : start - end;
		int64_t size = step > 0 ? step : -step;
		shape.dims[axis] = span > 0 ? (span + size - 1) / size : 0;
		s->dims[axis] = shape.dims[axis];
		s->starts[axis] = start;
		s->is_slice &= step == 1;
		if (shape.dims[axis] > 0) {
			s->offset += start * strides[axis];
			s->strides[axis] = step * strides[axis];
		}
	}
	return pf_infer_output(infer, 0, x->type, &shape);
}

pf_status pf_setup_split(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t sizes[64] = {0};
	size_t count = 0, outputs = infer->node->output_count;
	int32_t axis = 0;
	pf_status status = pf_infer_axis(infer, pf_attr_int(infer, "axis", 0), x->shape.rank, &axis);
	if (status == PF_OK && infer->graph->opset < 13) {
		pf_attr_ints(infer, "split", sizes, 64, &count);
		status = infer->status;
	} else if (status == PF_OK) {
		status = pf_infer_ints(infer, 1, sizes, 64, &count);
	}
	if (status != PF_OK) {
		return status;
	}
	if (outputs > 64 || (count && count != outputs)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "it has %zu outputs and %zu sizes", outputs,
				     count);
	}
	int64_t dim = x->shape.dims[axis], even = (dim + (int64_t)outputs - 1) / (int64_t)outputs, sum = 0;
	for (size_t i = 0; i < outputs; i++) {
		int64_t left = dim - sum;
		sizes[i] = count ? sizes[i] : left < even ? left : even;
		if (sizes[i] < 0 || sizes[i] > left) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its sizes do not add up to %lld",
					     (long long)dim);
		}
		sum += sizes[i];
	}
	if (sum != dim) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its sizes do not add up to %lld",
				     (long long)dim);
	}
	pf_strided *s = begin_strided(infer, &x->shape);
	int64_t strides[PF_MAX_RANK];
	pf_shape_strides(&x->shape, strides);
	memcpy(s->strides, strides, sizeof strides);
	s->axis = axis;
	pf_shape shape = x->shape;
	for (uint32_t i = 0; status == PF_OK && i < outputs; i++) {
		shape.dims[axis] = sizes[i];
		status = pf_infer_output(infer, i, x->type, &shape);
		if (infer->node->outputs[i] == PF_NO_VALUE) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
					     "outputs that are left out are not supported");
		}
	}
	return status;
}

pf_status pf_setup_expand(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t dims[PF_MAX_RANK] = {0};
	size_t count;
	pf_status status = pf_infer_ints(infer, 1, dims, PF_MAX_RANK, &count);
	if (status != PF_OK) {
		return status;
	}
	pf_shape wanted = {.rank = (int32_t)count}, shape;
	memcpy(wanted.dims, dims, count * sizeof *dims);
	int64_t elements;
	if (!pf_shape_check(&wanted, &elements) || !pf_shape_broadcast(&x->shape, &wanted, &shape)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its input does not expand to its shape");
	}
	int64_t strides[PF_MAX_RANK];
	pf_shape_broadcast_strides(&x->shape, &shape, strides);
	pf_strided *s = begin_strided(infer, &shape);
	memcpy(s->strides, strides, sizeof strides);
	return pf_infer_output(infer, 0, x->type, &shape);
}

pf_status pf_setup_tile(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t repeats[PF_MAX_RANK] = {0}, strides[PF_MAX_RANK];
	size_t count;
	pf_status status = pf_infer_ints(infer, 1, repeats, PF_MAX_RANK, &count);
	if (status != PF_OK) {
		return status;
	}
	if (count != (size_t)x->shape.rank) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "it has %zu repeats", count);
	}
	pf_shape shape = x->shape;
	for (size_t i = 0; i < count; i++) {
		if (repeats[i] < 0 || repeats[i] > PF_MAX_ELEMENTS) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "repeat %lld is out of range",
					     (long long)repeats[i]);
		}
		shape.dims[i] *= repeats[i];
	}
	pf_shape_strides(&x->shape, strides);
	pf_strided *s = begin_strided(infer, &shape);
	s->rank = 2 * shape.rank;
	for (int i = 0; i < shape.rank; i++) {
		s->dims[2 * i] = repeats[i];
		s->strides[2 * i] = 0;
		s->dims[2 * i + 1] = x->shape.dims[i];
		s->strides[2 * i + 1] = strides[i];
	}
	return pf_infer_output(infer, 0, x->type, &shape);
}

static pf_status block_size(pf_infer *infer, int64_t *block)
{
	*block = pf_attr_int(infer, "blocksize", 0);
	if (infer->status == PF_OK &&
	    (*block < 1 || *block > 1024 || pf_infer_input(infer, 0)->shape.rank != 4)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "blocksize or shape is out of range");
	}
	return infer->status;
}

pf_status pf_setup_depth_to_space(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t b;
	char mode[8];
	pf_status status = block_size(infer, &b);
	pf_attr_string(infer, "mode", "DCR", mode, sizeof mode);
	if (status != PF_OK || infer->status != PF_OK) {
		return infer->status;
	}
	int64_t n = x->shape.dims[0], c = x->shape.dims[1], h = x->shape.dims[2], w = x->shape.dims[3];
	if (c % (b * b)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its channels are no multiple of %lld",
				     (long long)(b * b));
	}
	int64_t depth = c / (b * b);
	pf_shape shape = {4, {n, depth, h * b, w * b}};
	bool crd = pf_text_is(mode, "CRD");
	pf_strided *s = begin_strided(infer, &shape);
	*s = (pf_strided){.rank = 6,
			  .axis = -1,
			  .perm = {-1},
			  .dims = {n, depth, h, b, w, b},
			  .strides = {c * h * w, (crd ? b * b : 1) * h * w, w, (crd ? b : b * depth) * h * w,
				      1, (crd ? 1 : depth) * h * w}};
	return pf_infer_output(infer, 0, x->type, &shape);
}

pf_status pf_setup_space_to_depth(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t b;
	pf_status status = block_size(infer, &b);
	if (status != PF_OK) {
		return status;
	}
	int64_t n = x->shape.dims[0], c = x->shape.dims[1], h = x->shape.dims[2], w = x->shape.dims[3];
	if (h % b || w % b) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its size is no multiple of %lld", (long long)b);
	}
	int64_t channels;
	if (__builtin_mul_overflow(c, b * b, &channels)) {
		return PF_INFER_FAIL(infer, PF_ERR_TOO_LARGE, "its output is too large");
	}
	pf_shape shape = {4, {n, channels, h / b, w / b}};
	pf_strided *s = begin_strided(infer, &shape);
	*s = (pf_strided){.rank = 6,
			  .axis = -1,
			  .perm = {-1},
			  .dims = {n, b, b, c, h / b, w / b},
			  .strides = {c * h * w, w, 1, h * w, b * w, b}};
	return pf_infer_output(infer, 0, x->type, &shape);
}
