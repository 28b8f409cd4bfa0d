#include <string.h>

#include "core/nn/infer.h"
#include "core/nn/plain.h"

#define ANY UINT32_MAX
#define UNARY(name, act)                                                        \
	{                                                                       \
		name, PF_OP_UNARY, act, 1, 1, 1, pf_setup_unary, pf_plain_unary \
	}
#define BINARY(name, binary)                                                          \
	{                                                                             \
		name, PF_OP_BINARY, binary, 2, 2, 1, pf_setup_binary, pf_plain_binary \
	}
#define REDUCE(name, reduce)                                                          \
	{                                                                             \
		name, PF_OP_REDUCE, reduce, 1, 2, 1, pf_setup_reduce, pf_plain_reduce \
	}
#define STRIDED(name, most, outputs, setup)                                       \
	{                                                                         \
		name, PF_OP_STRIDED, 0, 1, most, outputs, setup, pf_plain_strided \
	}
#define VIEW(name, most, outputs, setup)                                    \
	{                                                                   \
		name, PF_OP_VIEW, 0, 1, most, outputs, setup, pf_plain_view \
	}
#define MADE(name, least, most, setup)                               \
	{                                                            \
		name, PF_OP_CONSTANT, 0, least, most, 1, setup, NULL \
	}

const pf_op pf_op_silu = UNARY("SiLU", PF_ACT_SILU);
const pf_op pf_op_hardswish = UNARY("HardSwish", PF_ACT_HARDSWISH);
const pf_op pf_op_gelu = UNARY("Gelu", PF_ACT_GELU);
const pf_op pf_op_align = VIEW("Align", 2, 1, pf_setup_align);

/* In byte order of the names, for the search. */
static const pf_op table[] = {
	UNARY("Abs", PF_ACT_ABS),
	BINARY("Add", PF_BINARY_ADD),
	BINARY("And", PF_BINARY_AND),
	{"ArgMax", PF_OP_ARG, 0, 1, 1, 1, pf_setup_arg, pf_plain_arg},
	{"ArgMin", PF_OP_ARG, 1, 1, 1, 1, pf_setup_arg, pf_plain_arg},
	{"AveragePool", PF_OP_AVERAGE_POOL, 0, 1, 1, 1, pf_setup_pool, pf_plain_average_pool},
	{"BatchNormalization", PF_OP_BATCH_NORM, 0, 5, 5, 5, pf_setup_batch_norm, pf_plain_batch_norm},
	{"Cast", PF_OP_CAST, 0, 1, 1, 1, pf_setup_cast, pf_plain_cast},
	UNARY("Ceil", PF_ACT_CEIL),
	UNARY("Celu", PF_ACT_CELU),
	{"Clip", PF_OP_UNARY, PF_ACT_CLIP, 1, 3, 1, pf_setup_clip, pf_plain_unary},
	{"Concat", PF_OP_CONCAT, 0, 1, ANY, 1, pf_setup_concat, pf_plain_concat},
	MADE("Constant", 0, 0, pf_setup_constant),
	MADE("ConstantOfShape", 1, 1, pf_setup_constant_of_shape),
	{"Conv", PF_OP_CONV, 0, 2, 3, 1, pf_setup_conv, pf_plain_conv},
	{"ConvInteger", PF_OP_QUANTIZED, 0, 2, 4, 1, pf_setup_conv_integer, pf_plain_integer_conv},
	{"ConvTranspose", PF_OP_CONV_TRANSPOSE, 0, 2, 3, 1, pf_setup_conv_transpose, pf_plain_conv_transpose},
	UNARY("Cos", PF_ACT_COS),
	{"CumSum", PF_OP_CUMSUM, 0, 2, 2, 1, pf_setup_cumsum, pf_plain_cumsum},
	STRIDED("DepthToSpace", 1, 1, pf_setup_depth_to_space),
	{"DequantizeLinear", PF_OP_QUANTIZED, 0, 2, 3, 1, pf_setup_dequantize, pf_plain_dequantize},
	BINARY("Div", PF_BINARY_DIV),
	VIEW("Dropout", 3, 2, pf_setup_dropout),
	{"DynamicQuantizeLinear", PF_OP_QUANTIZED, 0, 1, 1, 3, pf_setup_dynamic_quantize,
	 pf_plain_dynamic_quantize},
	UNARY("Elu", PF_ACT_ELU),
	BINARY("Equal", PF_BINARY_EQUAL),
	UNARY("Erf", PF_ACT_ERF),
	UNARY("Exp", PF_ACT_EXP),
	STRIDED("Expand", 2, 1, pf_setup_expand),
	VIEW("Flatten", 1, 1, pf_setup_flatten),
	UNARY("Floor", PF_ACT_FLOOR),
	{"Gather", PF_OP_GATHER, 0, 2, 2, 1, pf_setup_gather, pf_plain_gather},
	{"GatherElements", PF_OP_GATHER_ELEMENTS, 0, 2, 2, 1, pf_setup_gather_elements,
	 pf_plain_gather_elements},
	{"GatherND", PF_OP_GATHER_ND, 0, 2, 2, 1, pf_setup_gather_nd, pf_plain_gather_nd},
	UNARY("Gelu", PF_ACT_GELU),
	{"Gemm", PF_OP_GEMM, 0, 2, 3, 1, pf_setup_gemm, pf_plain_gemm},
	{"GlobalAveragePool", PF_OP_GLOBAL_AVERAGE_POOL, 0, 1, 1, 1, pf_setup_global_pool,
	 pf_plain_global_pool},
	{"GlobalMaxPool", PF_OP_GLOBAL_MAX_POOL, 1, 1, 1, 1, pf_setup_global_pool, pf_plain_global_pool},
	BINARY("Greater", PF_BINARY_GREATER),
	BINARY("GreaterOrEqual", PF_BINARY_GREATER_EQUAL),
	{"GridSample", PF_OP_GRID_SAMPLE, 0, 2, 2, 1, pf_setup_grid_sample, pf_plain_grid_sample},
	UNARY("HardSigmoid", PF_ACT_HARDSIGMOID),
	UNARY("HardSwish", PF_ACT_HARDSWISH),
	{"Hardmax", PF_OP_HARDMAX, 0, 1, 1, 1, pf_setup_softmax, pf_plain_hardmax},
	VIEW("Identity", 1, 1, pf_setup_identity),
	{"InstanceNormalization", PF_OP_INSTANCE_NORM, 0, 3, 3, 1, pf_setup_instance_norm,
	 pf_plain_instance_norm},
	{"LRN", PF_OP_LRN, 0, 1, 1, 1, pf_setup_lrn, pf_plain_lrn},
	{"LayerNormalization", PF_OP_LAYER_NORM, 0, 2, 3, 1, pf_setup_layer_norm, pf_plain_layer_norm},
	UNARY("LeakyRelu", PF_ACT_LEAKY_RELU),
	BINARY("Less", PF_BINARY_LESS),
	BINARY("LessOrEqual", PF_BINARY_LESS_EQUAL),
	UNARY("Log", PF_ACT_LOG),
	{"LogSoftmax", PF_OP_LOG_SOFTMAX, 1, 1, 1, 1, pf_setup_softmax, pf_plain_softmax},
	{"MatMul", PF_OP_MATMUL, 0, 2, 2, 1, pf_setup_matmul, pf_plain_matmul},
	{"MatMulInteger", PF_OP_QUANTIZED, 0, 2, 4, 1, pf_setup_matmul_integer, pf_plain_integer_matmul},
	{"Max", PF_OP_BINARY, PF_BINARY_MAX, 1, ANY, 1, pf_setup_binary, pf_plain_binary},
	{"MaxPool", PF_OP_MAX_POOL, 0, 1, 1, 1, pf_setup_pool, pf_plain_max_pool},
	{"Mean", PF_OP_MEAN, 0, 1, ANY, 1, pf_setup_mean, pf_plain_mean},
	{"Min", PF_OP_BINARY, PF_BINARY_MIN, 1, ANY, 1, pf_setup_binary, pf_plain_binary},
	BINARY("Mod", PF_BINARY_MOD),
	BINARY("Mul", PF_BINARY_MUL),
	UNARY("Neg", PF_ACT_NEG),
	{"NonMaxSuppression", PF_OP_NON_MAX_SUPPRESSION, 0, 2, 5, 1, pf_setup_non_max_suppression,
	 pf_plain_non_max_suppression},
	UNARY("Not", PF_ACT_NOT),
	BINARY("Or", PF_BINARY_OR),
	BINARY("PRelu", PF_BINARY_PRELU),
	{"Pad", PF_OP_PAD, 0, 1, 4, 1, pf_setup_pad, pf_plain_pad},
	BINARY("Pow", PF_BINARY_POW),
	{"QLinearConv", PF_OP_QUANTIZED, 1, 8, 9, 1, pf_setup_qlinear_conv, pf_plain_integer_conv},
	{"QLinearMatMul", PF_OP_QUANTIZED, 1, 8, 8, 1, pf_setup_qlinear_matmul, pf_plain_integer_matmul},
	{"QuantizeLinear", PF_OP_QUANTIZED, 0, 2, 3, 1, pf_setup_quantize, pf_plain_quantize},
	MADE("Range", 3, 3, pf_setup_range),
	UNARY("Reciprocal", PF_ACT_RECIPROCAL),
	REDUCE("ReduceL1", PF_REDUCE_L1),
	REDUCE("ReduceL2", PF_REDUCE_L2),
	REDUCE("ReduceMax", PF_REDUCE_MAX),
	REDUCE("ReduceMean", PF_REDUCE_MEAN),
	REDUCE("ReduceMin", PF_REDUCE_MIN),
	REDUCE("ReduceProd", PF_REDUCE_PROD),
	REDUCE("ReduceSum", PF_REDUCE_SUM),
	REDUCE("ReduceSumSquare", PF_REDUCE_SUM_SQUARE),
	UNARY("Relu", PF_ACT_RELU),
	VIEW("Reshape", 2, 1, pf_setup_reshape),
	{"Resize", PF_OP_RESIZE, 0, 1, 4, 1, pf_setup_resize, pf_plain_resize},
	UNARY("Round", PF_ACT_ROUND),
	{"Scatter", PF_OP_SCATTER_ELEMENTS, 0, 3, 3, 1, pf_setup_scatter_elements, pf_plain_scatter_elements},
	{"ScatterElements", PF_OP_SCATTER_ELEMENTS, 0, 3, 3, 1, pf_setup_scatter_elements,
	 pf_plain_scatter_elements},
	{"ScatterND", PF_OP_SCATTER_ND, 0, 3, 3, 1, pf_setup_scatter_nd, pf_plain_scatter_nd},
	UNARY("Selu", PF_ACT_SELU),
	MADE("Shape", 1, 1, pf_setup_shape),
	UNARY("Shrink", PF_ACT_SHRINK),
	UNARY("Sigmoid", PF_ACT_SIGMOID),
	UNARY("Sign", PF_ACT_SIGN),
	UNARY("Sin", PF_ACT_SIN),
	MADE("Size", 1, 1, pf_setup_size),
	STRIDED("Slice", 5, 1, pf_setup_slice),
	{"Softmax", PF_OP_SOFTMAX, 0, 1, 1, 1, pf_setup_softmax, pf_plain_softmax},
	UNARY("Softplus", PF_ACT_SOFTPLUS),
	UNARY("Softsign", PF_ACT_SOFTSIGN),
	STRIDED("SpaceToDepth", 1, 1, pf_setup_space_to_depth),
	STRIDED("Split", 2, 64, pf_setup_split),
	UNARY("Sqrt", PF_ACT_SQRT),
	VIEW("Squeeze", 2, 1, pf_setup_squeeze),
	BINARY("Sub", PF_BINARY_SUB),
	{"Sum", PF_OP_BINARY, PF_BINARY_ADD, 1, ANY, 1, pf_setup_binary, pf_plain_binary},
	UNARY("Tanh", PF_ACT_TANH),
	UNARY("ThresholdedRelu", PF_ACT_THRESHOLDED_RELU),
	STRIDED("Tile", 2, 1, pf_setup_tile),
	{"TopK", PF_OP_TOPK, 0, 1, 2, 2, pf_setup_topk, pf_plain_topk},
	STRIDED("Transpose", 1, 1, pf_setup_transpose),
	VIEW("Unsqueeze", 2, 1, pf_setup_unsqueeze),
	{"Upsample", PF_OP_RESIZE, 0, 1, 2, 1, pf_setup_upsample, pf_plain_resize},
	{"Where", PF_OP_WHERE, 0, 3, 3, 1, pf_setup_where, pf_plain_where},
	BINARY("Xor", PF_BINARY_XOR),
};

const pf_op *pf_op_find(const char *name)
{
	size_t low = 0, high = sizeof table / sizeof *table;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, table[middle].name);
		if (order == 0) {
			return &table[middle];
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return NULL;
}

size_t pf_op_count(void)
{
	return sizeof table / sizeof *table;
}

const pf_op *pf_op_at(size_t index)
{
	return &table[index];
}
