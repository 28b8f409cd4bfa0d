/* Operators: the table that gives each ONNX operator its checks, its parameters and its plain kernel. */
#ifndef PF_NN_OP_H
#define PF_NN_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nn/tensor.h"
#include "photofinish/status.h"

struct pf_infer;
struct pf_node;

/* Element by element; x is the element, a and b the parameters. */
typedef enum pf_act_kind {
	PF_ACT_IDENTITY,
	PF_ACT_RELU,        /* max(x, 0) */
	PF_ACT_LEAKY_RELU,  /* x < 0 ? a x : x */
	PF_ACT_CLIP,        /* min(max(x, a), b) */
	PF_ACT_SIGMOID,     /* 1 / (1 + exp(-x)) */
	PF_ACT_HARDSIGMOID, /* min(max(a x + b, 0), 1) */
	PF_ACT_HARDSWISH,   /* x min(max(x / 6 + 1/2, 0), 1) */
	PF_ACT_SILU,        /* x / (1 + exp(-x)) */
	PF_ACT_TANH,
	PF_ACT_ELU,      /* x < 0 ? a (exp(x) - 1) : x */
	PF_ACT_SOFTPLUS, /* log(1 + exp(x)) */
	PF_ACT_GELU,     /* x (1 + erf(x / sqrt 2)) / 2 */
	PF_ACT_ERF,
	PF_ACT_EXP,
	PF_ACT_LOG,
	PF_ACT_SQRT,
	PF_ACT_NEG,
	PF_ACT_ABS,
	PF_ACT_RECIPROCAL,
	PF_ACT_FLOOR,
	PF_ACT_CEIL,
	PF_ACT_ROUND, /* halves to even */
	PF_ACT_SIGN,
	PF_ACT_SIN,
	PF_ACT_COS,
	PF_ACT_NOT,
} pf_act_kind;

typedef struct pf_act {
	pf_act_kind kind;
	double a, b;
} pf_act;

typedef enum pf_binary_kind {
	PF_BINARY_ADD,
	PF_BINARY_SUB,
	PF_BINARY_MUL,
	PF_BINARY_DIV,
	PF_BINARY_POW,
	PF_BINARY_MAX,
	PF_BINARY_MIN,
	PF_BINARY_MOD,
	PF_BINARY_PRELU,
	PF_BINARY_EQUAL, /* from here on the result is a bool */
	PF_BINARY_LESS,
	PF_BINARY_LESS_EQUAL,
	PF_BINARY_GREATER,
	PF_BINARY_GREATER_EQUAL,
	PF_BINARY_AND,
	PF_BINARY_OR,
	PF_BINARY_XOR,
} pf_binary_kind;

typedef enum pf_reduce_kind {
	PF_REDUCE_MEAN,
	PF_REDUCE_SUM,
	PF_REDUCE_MAX,
	PF_REDUCE_MIN,
	PF_REDUCE_L1,
	PF_REDUCE_L2,
	PF_REDUCE_SUM_SQUARE,
	PF_REDUCE_PROD,
} pf_reduce_kind;

typedef enum pf_op_kind {
	PF_OP_UNARY,
	PF_OP_BINARY,
	PF_OP_CONV,
	PF_OP_CONV_TRANSPOSE,
	PF_OP_MAX_POOL,
	PF_OP_AVERAGE_POOL,
	PF_OP_GLOBAL_AVERAGE_POOL,
	PF_OP_GLOBAL_MAX_POOL,
	PF_OP_BATCH_NORM,
	PF_OP_LAYER_NORM,
	PF_OP_INSTANCE_NORM,
	PF_OP_GEMM,
	PF_OP_MATMUL,
	PF_OP_SOFTMAX,
	PF_OP_LOG_SOFTMAX,
	PF_OP_REDUCE,
	PF_OP_ARG,
	PF_OP_TOPK,
	PF_OP_VIEW,    /* the same data under another shape */
	PF_OP_STRIDED, /* Transpose, Slice, Split, Expand, Tile, DepthToSpace, SpaceToDepth */
	PF_OP_CONCAT,
	PF_OP_PAD,
	PF_OP_GATHER,
	PF_OP_GATHER_ELEMENTS,
	PF_OP_GATHER_ND,
	PF_OP_RESIZE,
	PF_OP_CAST,
	PF_OP_WHERE,
	PF_OP_CONSTANT, /* computed while loading: Constant, ConstantOfShape, Shape, Size, Range */
	PF_OP_CHAIN,    /* a Max, Min or Sum of many, taken apart while loading */
} pf_op_kind;

/* Spatial windows: [0] is y, [1] is x. Tensors of rank 3 have y = 1. */
typedef struct pf_window {
	int64_t kernel[2], stride[2], dilation[2], pad_begin[2], pad_end[2], groups;
	bool include_pad; /* AveragePool */
} pf_window;

/* Output element o lies at offset + sum(index[i] * strides[i]) of the input, index running through dims. */
typedef struct pf_strided {
	int32_t rank;
	int64_t offset;
	int64_t dims[2 * PF_MAX_RANK], strides[2 * PF_MAX_RANK];
	int32_t axis; /* Split: the axis, each output beginning where the one before it ended; else -1 */
	int32_t perm[PF_MAX_RANK]; /* Transpose: the permutation; else perm[0] is -1 */
	bool is_slice;             /* a box of the input with step 1: starts[] is its corner */
	int64_t starts[PF_MAX_RANK];
} pf_strided;

typedef enum pf_resize_coordinate {
	PF_RESIZE_HALF_PIXEL,
	PF_RESIZE_PYTORCH_HALF_PIXEL,
	PF_RESIZE_ALIGN_CORNERS,
	PF_RESIZE_ASYMMETRIC,
	PF_RESIZE_TF_HALF_PIXEL_FOR_NN,
} pf_resize_coordinate;

typedef enum pf_resize_nearest {
	PF_NEAREST_ROUND_PREFER_FLOOR,
	PF_NEAREST_ROUND_PREFER_CEIL,
	PF_NEAREST_FLOOR,
	PF_NEAREST_CEIL,
} pf_resize_nearest;

typedef union pf_params {
	pf_act act;
	pf_binary_kind binary;
	pf_window window;
	pf_strided strided;
	struct {
		float epsilon;
		int32_t axis;
	} norm;
	struct {
		float alpha, beta;
		bool transpose_a, transpose_b;
	} gemm;
	struct { /* of each product; batches by broadcasting */
		int64_t m, n, k;
		int32_t batch_rank;
		int64_t batch[PF_MAX_RANK], a_strides[PF_MAX_RANK], b_strides[PF_MAX_RANK];
	} matmul;
	struct { /* the tensor as [outer, n, inner] */
		int64_t outer, n, inner;
	} softmax;
	struct {
		pf_reduce_kind kind;
		uint32_t axes; /* bit i: axis i is reduced */
	} reduce;
	struct {
		int32_t axis;
		bool least, last; /* ArgMin, select_last_index; TopK: smallest, unused */
		int64_t k;
	} arg;
	struct {
		int32_t axis, batch_dims;
	} index; /* Concat, Gather, GatherElements, GatherND */
	struct {
		int64_t begin[PF_MAX_RANK]; /* may be negative: cropping */
		enum { PF_PAD_CONSTANT, PF_PAD_REFLECT, PF_PAD_EDGE } mode;
	} pad;
	struct {
		double scale[PF_MAX_RANK];
		pf_resize_coordinate coordinate;
		pf_resize_nearest nearest;
		bool linear;
	} resize;
} pf_params;

/* What a plain kernel is given: all tensors dense, outputs not overlapping inputs unless the operator is
 * elementwise (then the output may be the first input's memory). */
typedef struct pf_call {
	const struct pf_node *node;
	const pf_tensor *in, *out;
	uint32_t ins, outs;
} pf_call;

/* False: an index that the model computed lies outside of what it indexes. */
typedef bool (*pf_kernel)(const pf_call *call);

typedef struct pf_op {
	const char *name; /* as in ONNX */
	pf_op_kind kind;
	int detail; /* pf_act_kind, pf_binary_kind, pf_reduce_kind */
	uint32_t least_inputs, most_inputs, most_outputs;
	pf_status (*setup)(struct pf_infer *infer);
	pf_kernel kernel; /* NULL: nothing to do in a run */
} pf_op;

const pf_op *pf_op_find(const char *name); /* NULL: unknown */
size_t pf_op_count(void);
const pf_op *pf_op_at(size_t index);                        /* in byte order of the names */
extern const pf_op pf_op_silu, pf_op_hardswish, pf_op_gelu; /* what fusing makes */

#endif
