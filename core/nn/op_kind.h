/* What operators there are, by what has to be done for them. */
#ifndef PF_NN_OP_KIND_H
#define PF_NN_OP_KIND_H

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
	PF_ACT_SELU,             /* x > 0 ? b x : b a (exp(x) - 1) */
	PF_ACT_CELU,             /* x < 0 ? a (exp(x / a) - 1) : x */
	PF_ACT_SOFTSIGN,         /* x / (1 + |x|) */
	PF_ACT_THRESHOLDED_RELU, /* x > a ? x : 0 */
	PF_ACT_SHRINK,           /* x < -a ? x + b : x > a ? x - b : 0 */
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
	PF_OP_MEAN,
	PF_OP_LRN,
	PF_OP_HARDMAX,
	PF_OP_CUMSUM,
	PF_OP_SCATTER_ND,
	PF_OP_SCATTER_ELEMENTS,
	PF_OP_GRID_SAMPLE,
	PF_OP_NON_MAX_SUPPRESSION,
	PF_OP_QUANTIZED, /* QuantizeLinear and all that works on its integers */
	PF_OP_CONSTANT,  /* computed while loading: Constant, ConstantOfShape, Shape, Size, Range */
	PF_OP_CHAIN,     /* a Max, Min or Sum of many, taken apart while loading */
} pf_op_kind;

#endif
