/* The plain kernels: simple loops in plain C over dense tensors, the truth that other backends are compared
 * with. Sums of floats are kept in floats for convolutions and products, in doubles for reductions. */
#ifndef PF_NN_PLAIN_H
#define PF_NN_PLAIN_H

#include <stdbool.h>

#include "core/nn/op.h"

bool pf_plain_unary(const pf_call *call);
bool pf_plain_binary(const pf_call *call);
bool pf_plain_where(const pf_call *call);
bool pf_plain_cast(const pf_call *call);
bool pf_plain_conv(const pf_call *call);
bool pf_plain_conv_transpose(const pf_call *call);
bool pf_plain_max_pool(const pf_call *call);
bool pf_plain_average_pool(const pf_call *call);
bool pf_plain_global_pool(const pf_call *call);
bool pf_plain_batch_norm(const pf_call *call);
bool pf_plain_layer_norm(const pf_call *call);
bool pf_plain_instance_norm(const pf_call *call);
bool pf_plain_gemm(const pf_call *call);
bool pf_plain_matmul(const pf_call *call);
bool pf_plain_softmax(const pf_call *call);
bool pf_plain_reduce(const pf_call *call);
bool pf_plain_arg(const pf_call *call);
bool pf_plain_topk(const pf_call *call);
bool pf_plain_view(const pf_call *call);
bool pf_plain_strided(const pf_call *call);
bool pf_plain_concat(const pf_call *call);
bool pf_plain_pad(const pf_call *call);
bool pf_plain_gather(const pf_call *call);
bool pf_plain_gather_elements(const pf_call *call);
bool pf_plain_gather_nd(const pf_call *call);
bool pf_plain_resize(const pf_call *call);
bool pf_plain_mean(const pf_call *call);
bool pf_plain_lrn(const pf_call *call);
bool pf_plain_hardmax(const pf_call *call);
bool pf_plain_cumsum(const pf_call *call);
bool pf_plain_scatter_elements(const pf_call *call);
bool pf_plain_scatter_nd(const pf_call *call);
bool pf_plain_grid_sample(const pf_call *call);
bool pf_plain_non_max_suppression(const pf_call *call);
bool pf_plain_quantize(const pf_call *call);
bool pf_plain_dequantize(const pf_call *call);
bool pf_plain_dynamic_quantize(const pf_call *call);
bool pf_plain_integer_conv(const pf_call *call);   /* QLinearConv, ConvInteger */
bool pf_plain_integer_matmul(const pf_call *call); /* QLinearMatMul, MatMulInteger */

/* y[i] = act(x[i]); x may be y. */
void pf_plain_act(const pf_act *act, const float *x, float *y, int64_t count);

/* Resize: where element `o` of an axis comes from, before rounding, and the element that nearest takes. */
double pf_resize_source(const pf_params *params, int axis, int64_t o, int64_t in, int64_t out);
int64_t pf_resize_nearest_index(const pf_params *params, int axis, int64_t o, int64_t in, int64_t out);
/* Between which two elements linear interpolation takes `o`. */
typedef struct pf_resize_tap {
	int64_t low, high;
	float share; /* of high */
} pf_resize_tap;
pf_resize_tap pf_resize_linear_tap(const pf_params *params, int axis, int64_t o, int64_t in, int64_t out);

/* What follows a node's operator, in place on its first output. */
void pf_plain_epilogues(const pf_call *call);

#endif
