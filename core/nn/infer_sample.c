/* GridSample and NonMaxSuppression. */
#include <stdlib.h>

#include "core/nn/infer.h"

static unsigned place_of(const char *name, const char *const *names, unsigned count)
{
	unsigned i = 0;
	while (i < count && !pf_text_is(name, names[i])) {
		i++;
	}
	return i;
}

pf_status pf_setup_grid_sample(pf_infer *infer)
{
	/* Operator set 16 says bilinear and bicubic, 20 linear and cubic. */
	static const char *const modes[] = {"linear", "nearest", "cubic", "bilinear", "nearest", "bicubic"};
	static const char *const paddings[] = {"zeros", "border", "reflection"};
	const pf_tensor *x = pf_infer_input(infer, 0), *grid = pf_infer_input(infer, 1);
	pf_params *p = &infer->node->params;
	char mode[16], padding[16];
	pf_attr_string(infer, "mode", "linear", mode, sizeof mode);
	pf_attr_string(infer, "padding_mode", "zeros", padding, sizeof padding);
	p->sample.align_corners = pf_attr_int(infer, "align_corners", 0) != 0;
	pf_status status = pf_infer_floats(infer, 0, 2);
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	unsigned m = place_of(mode, modes, 6), d = place_of(padding, paddings, 3);
	if (m == 6 || d == 3) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "mode %s is not supported",
				     m == 6 ? mode : padding);
	}
	p->sample.mode = (pf_sample_mode)(m % 3);
	p->sample.padding = (pf_sample_padding)d;
	if (x->shape.rank != 4) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "inputs of %d dimensions are not supported",
				     x->shape.rank);
	}
	if (grid->shape.rank != 4 || grid->shape.dims[0] != x->shape.dims[0] || grid->shape.dims[3] != 2 ||
	    pf_shape_elements(&x->shape) == 0) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its grid does not fit its input");
	}
	pf_shape shape = {4, {x->shape.dims[0], x->shape.dims[1], grid->shape.dims[1], grid->shape.dims[2]}};
	status = pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape);
	if (status == PF_OK) {
		infer->node->work = 16 * (uint64_t)pf_shape_elements(&shape);
	}
	return status;
}

/* Gives the node an output of our own, whose first number is that of the rows and whose rest is working
 * memory, so that a run allocates nothing. */
static pf_status add_notes(pf_infer *infer, int64_t boxes, int32_t *notes)
{
	pf_node *node = infer->node;
	pf_shape shape = {1, {boxes + 1}};
	int32_t *links = malloc(((size_t)node->input_count + 4) * sizeof *links);
	if (!links) {
		return pf_fail(infer->error, PF_ERR_NO_MEMORY, infer->graph->file, "not enough memory");
	}
	pf_status status = pf_graph_add_value(infer->graph, node->name, notes, infer->error);
	if (status != PF_OK) {
		free(links);
		return status;
	}
	links[0] = node->outputs[0];
	links[1] = *notes;
	memcpy(links + 2, node->inputs, node->input_count * sizeof *links);
	free(node->outputs);
	node->outputs = links;
	node->inputs = links + 2;
	node->output_count = 2;
	infer->graph->values[*notes].producer = (int32_t)(node - infer->graph->nodes);
	return pf_infer_output(infer, 1, PF_TYPE_INT32, &shape);
}

static pf_status check_boxes(pf_infer *infer, const pf_shape *boxes, const pf_shape *scores)
{
	int64_t centre = pf_attr_int(infer, "center_point_box", 0);
	pf_status status = pf_infer_floats(infer, 0, 2);
	if (status == PF_OK) {
		status = pf_infer_floats(infer, 3, 5);
	}
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (centre != 0 && centre != 1) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "center_point_box %lld is out of range",
				     (long long)centre);
	}
	infer->node->params.centre_boxes = centre == 1;
	if (boxes->rank != 3 || scores->rank != 3 || boxes->dims[0] != scores->dims[0] ||
	    boxes->dims[1] != scores->dims[2] || boxes->dims[2] != 4) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its boxes and scores do not fit");
	}
	for (uint32_t i = 3; i < 5; i++) {
		if (pf_node_has_input(infer->node, i) &&
		    pf_shape_elements(&pf_infer_input(infer, i)->shape) != 1) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "input %u must be one number", i);
		}
	}
	return PF_OK;
}

/* Its number of rows depends on data: the most there can be are laid out, and a run says how many there are.
 */
pf_status pf_setup_non_max_suppression(pf_infer *infer)
{
	const pf_shape boxes = pf_infer_input(infer, 0)->shape, scores = pf_infer_input(infer, 1)->shape;
	int64_t most = 0, rows;
	size_t count = 0;
	int32_t notes = PF_NO_VALUE;
	pf_status status = check_boxes(infer, &boxes, &scores);
	if (status == PF_OK) {
		status = pf_infer_ints(infer, 2, &most, 1, &count);
	}
	if (status != PF_OK) {
		return status;
	}
	most = most < 0 ? 0 : most > boxes.dims[1] ? boxes.dims[1] : most;
	if (__builtin_mul_overflow(scores.dims[0] * scores.dims[1], most, &rows) ||
	    rows > PF_MAX_ELEMENTS / 3) {
		return PF_INFER_FAIL(infer, PF_ERR_TOO_LARGE, "its output is too large");
	}
	pf_shape shape = {2, {rows, 3}};
	status = add_notes(infer, boxes.dims[1], &notes);
	if (status == PF_OK) {
		status = pf_infer_output(infer, 0, PF_TYPE_INT64, &shape);
	}
	if (status == PF_OK) {
		pf_value *value = &infer->graph->values[infer->node->outputs[0]];
		value->rows = notes;
		value->rows_axis = 0;
		/* Every box against every one that was taken, and sorting. */
		infer->node->work = (uint64_t)pf_shape_elements(&scores) * (uint64_t)(most + 32);
	}
	return status;
}
