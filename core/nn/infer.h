/* What the set-up functions of operators share. Each set-up checks its node, fills its parameters and states
 * the types and shapes of its outputs. */
#ifndef PF_NN_INFER_H
#define PF_NN_INFER_H

#include <string.h>

#include "core/nn/graph.h"
#include "core/nn/onnx.h"

#define PF_INFER_FAIL(infer, code, ...) \
	pf_node_fail((infer)->graph, (infer)->node, (infer)->error, code, __VA_ARGS__)

static inline bool pf_text_is(const char *text, const char *other)
{
	return strcmp(text, other) == 0;
}

const pf_tensor *pf_infer_input(const pf_infer *infer, uint32_t i);

/* States an output; too large a one fails. Outputs that the node leaves out are passed over. */
pf_status pf_infer_output(pf_infer *infer, uint32_t i, pf_type type, const pf_shape *shape);

/* States an output that is a constant and allocates it under the cap on folded bytes. */
pf_status pf_infer_constant(pf_infer *infer, uint32_t i, pf_type type, const pf_shape *shape, void **data);

/* The integers of a constant input of rank 0 or 1; *count 0 where it is left out. */
pf_status pf_infer_ints(pf_infer *infer, uint32_t i, int64_t *out, size_t capacity, size_t *count);

/* Fails unless input `i` is a constant float; a left-out one gives `absent`. */
pf_status pf_infer_scalar(pf_infer *infer, uint32_t i, double absent, double *out);

/* -rank..rank-1 to 0..rank-1. */
pf_status pf_infer_axis(pf_infer *infer, int64_t axis, int32_t rank, int32_t *out);

/* Fails where input `i` (if it is there) is not a float. */
pf_status pf_infer_floats(pf_infer *infer, uint32_t from, uint32_t to);

/* Reads axes from attribute or input 1 (`by_input`) as a mask; all of them where there are none. */
pf_status pf_infer_axes(pf_infer *infer, bool by_input, int32_t rank, uint32_t *mask, bool *stated);

/* infer_spatial.c, infer_math.c: windows, parameters and output of a convolution of input 0 with the weights
 * in input `weights`, of a product of inputs 0 and `second`, after their types were checked. */
pf_status pf_infer_conv(pf_infer *infer, uint32_t weights, pf_type type);
pf_status pf_infer_matmul(pf_infer *infer, uint32_t second, pf_type type);

/* infer_rows.c: after a node's set-up, where its outputs' rows depend on data; refuses what cannot be told.
 */
pf_status pf_infer_rows(pf_infer *infer);

pf_status pf_setup_align(pf_infer *infer);
pf_status pf_setup_mean(pf_infer *infer);
pf_status pf_setup_lrn(pf_infer *infer);
pf_status pf_setup_cumsum(pf_infer *infer);
pf_status pf_setup_scatter_elements(pf_infer *infer);
pf_status pf_setup_scatter_nd(pf_infer *infer);
pf_status pf_setup_grid_sample(pf_infer *infer);
pf_status pf_setup_non_max_suppression(pf_infer *infer);
pf_status pf_setup_quantize(pf_infer *infer);
pf_status pf_setup_dequantize(pf_infer *infer);
pf_status pf_setup_dynamic_quantize(pf_infer *infer);
pf_status pf_setup_qlinear_conv(pf_infer *infer);
pf_status pf_setup_conv_integer(pf_infer *infer);
pf_status pf_setup_matmul_integer(pf_infer *infer);
pf_status pf_setup_qlinear_matmul(pf_infer *infer);
pf_status pf_setup_unary(pf_infer *infer);
pf_status pf_setup_clip(pf_infer *infer);
pf_status pf_setup_binary(pf_infer *infer);
pf_status pf_setup_where(pf_infer *infer);
pf_status pf_setup_cast(pf_infer *infer);
pf_status pf_setup_conv(pf_infer *infer);
pf_status pf_setup_conv_transpose(pf_infer *infer);
pf_status pf_setup_pool(pf_infer *infer);
pf_status pf_setup_global_pool(pf_infer *infer);
pf_status pf_setup_batch_norm(pf_infer *infer);
pf_status pf_setup_layer_norm(pf_infer *infer);
pf_status pf_setup_instance_norm(pf_infer *infer);
pf_status pf_setup_gemm(pf_infer *infer);
pf_status pf_setup_matmul(pf_infer *infer);
pf_status pf_setup_softmax(pf_infer *infer);
pf_status pf_setup_reduce(pf_infer *infer);
pf_status pf_setup_arg(pf_infer *infer);
pf_status pf_setup_topk(pf_infer *infer);
pf_status pf_setup_identity(pf_infer *infer);
pf_status pf_setup_dropout(pf_infer *infer);
pf_status pf_setup_reshape(pf_infer *infer);
pf_status pf_setup_flatten(pf_infer *infer);
pf_status pf_setup_squeeze(pf_infer *infer);
pf_status pf_setup_unsqueeze(pf_infer *infer);
pf_status pf_setup_transpose(pf_infer *infer);
pf_status pf_setup_slice(pf_infer *infer);
pf_status pf_setup_split(pf_infer *infer);
pf_status pf_setup_expand(pf_infer *infer);
pf_status pf_setup_tile(pf_infer *infer);
pf_status pf_setup_depth_to_space(pf_infer *infer);
pf_status pf_setup_space_to_depth(pf_infer *infer);
pf_status pf_setup_concat(pf_infer *infer);
pf_status pf_setup_pad(pf_infer *infer);
pf_status pf_setup_gather(pf_infer *infer);
pf_status pf_setup_gather_elements(pf_infer *infer);
pf_status pf_setup_gather_nd(pf_infer *infer);
pf_status pf_setup_resize(pf_infer *infer);
pf_status pf_setup_upsample(pf_infer *infer);
pf_status pf_setup_constant(pf_infer *infer);
pf_status pf_setup_constant_of_shape(pf_infer *infer);
pf_status pf_setup_shape(pf_infer *infer);
pf_status pf_setup_size(pf_infer *infer);
pf_status pf_setup_range(pf_infer *infer);

#endif
