/* CumSum and the scatters. */
#include "core/nn/infer.h"

static bool is_index(pf_type type)
{
	return type == PF_TYPE_INT64 || type == PF_TYPE_INT32;
}

pf_status pf_setup_cumsum(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_params *p = &infer->node->params;
	int64_t axis = 0;
	size_t count = 0;
	p->cumsum.exclusive = pf_attr_int(infer, "exclusive", 0) != 0;
	p->cumsum.reverse = pf_attr_int(infer, "reverse", 0) != 0;
	if (x->type != PF_TYPE_FLOAT && !is_index(x->type)) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "type %s is not supported",
				     pf_type_name(x->type));
	}
	pf_status status = pf_infer_ints(infer, 1, &axis, 1, &count);
	if (status == PF_OK && count != 1) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its axis is not one number");
	}
	if (status == PF_OK) {
		status = pf_infer_axis(infer, axis, x->shape.rank, &p->cumsum.axis);
	}
	infer->node->input_count = 1;
	return status == PF_OK ? pf_infer_output(infer, 0, x->type, &x->shape) : status;
}

/* What both scatters share: types, and how several writes to one element are joined. */
static pf_status check_scatter(pf_infer *infer)
{
	static const char *const names[] = {"none", "add", "mul", "max", "min"};
	const pf_tensor *x = pf_infer_input(infer, 0), *updates = pf_infer_input(infer, 2);
	char reduction[16];
	unsigned kind = 0;
	pf_attr_string(infer, "reduction", "none", reduction, sizeof reduction);
	while (kind < 5 && !pf_text_is(reduction, names[kind])) {
		kind++;
	}
	if (infer->status != PF_OK) {
		return infer->status;
	}
	if (kind == 5) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "reduction %s is not supported", reduction);
	}
	if (!is_index(pf_infer_input(infer, 1)->type)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its indices are not integers");
	}
	if (updates->type != x->type || (kind && x->type == PF_TYPE_BOOL)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its updates have the wrong type");
	}
	infer->node->params.scatter.kind = (pf_scatter_kind)kind;
	return PF_OK;
}

static pf_status do_not_fit(pf_infer *infer)
{
	return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its indices and updates do not fit its input");
}

pf_status pf_setup_scatter_elements(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *indices = pf_infer_input(infer, 1),
			*updates = pf_infer_input(infer, 2);
	pf_status status = check_scatter(infer);
	if (status == PF_OK) {
		status = pf_infer_axis(infer, pf_attr_int(infer, "axis", 0), x->shape.rank,
				       &infer->node->params.scatter.axis);
	}
	if (status != PF_OK) {
		return status;
	}
	bool fits = indices->shape.rank == x->shape.rank && pf_shape_equal(&indices->shape, &updates->shape);
	for (int i = 0; fits && i < x->shape.rank; i++) {
		fits = i == infer->node->params.scatter.axis || indices->shape.dims[i] <= x->shape.dims[i];
	}
	return fits ? pf_infer_output(infer, 0, x->type, &x->shape) : do_not_fit(infer);
}

/* updates has the shape indices.shape[:-1] + data.shape[indices.shape[-1]:]. */
pf_status pf_setup_scatter_nd(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0), *updates = pf_infer_input(infer, 2);
	const pf_shape *indices = &pf_infer_input(infer, 1)->shape;
	pf_status status = check_scatter(infer);
	if (status != PF_OK) {
		return status;
	}
	int64_t depth = indices->rank ? indices->dims[indices->rank - 1] : 0;
	if (depth < 1 || depth > x->shape.rank || indices->rank - 1 + x->shape.rank - depth > PF_MAX_RANK) {
		return do_not_fit(infer);
	}
	pf_shape wanted = {0};
	for (int i = 0; i < indices->rank - 1; i++) {
		wanted.dims[wanted.rank++] = indices->dims[i];
	}
	for (int i = (int)depth; i < x->shape.rank; i++) {
		wanted.dims[wanted.rank++] = x->shape.dims[i];
	}
	return pf_shape_equal(&wanted, &updates->shape) ? pf_infer_output(infer, 0, x->type, &x->shape)
							: do_not_fit(infer);
}
