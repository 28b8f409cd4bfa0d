/* The parameters of each kind of operator. */
#ifndef PF_NN_OP_PARAMS_H
#define PF_NN_OP_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nn/op_kind.h"
#include "photofinish/network.h"

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

typedef enum pf_scatter_kind {
	PF_SCATTER_NONE, /* the last of several writes to one element stays */
	PF_SCATTER_ADD,
	PF_SCATTER_MUL,
	PF_SCATTER_MAX,
	PF_SCATTER_MIN,
} pf_scatter_kind;

typedef enum pf_sample_mode { PF_SAMPLE_LINEAR, PF_SAMPLE_NEAREST, PF_SAMPLE_CUBIC } pf_sample_mode;
typedef enum pf_sample_padding { PF_SAMPLE_ZEROS, PF_SAMPLE_BORDER, PF_SAMPLE_REFLECTION } pf_sample_padding;

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
		int64_t size; /* channels */
		float alpha, beta, bias;
	} lrn;
	struct {
		int32_t axis;
		bool exclusive, reverse;
	} cumsum;
	struct {
		int32_t axis; /* of ScatterElements */
		pf_scatter_kind kind;
	} scatter;
	struct {
		pf_sample_mode mode;
		pf_sample_padding padding;
		bool align_corners;
	} sample;
	bool centre_boxes; /* NonMaxSuppression: boxes as x centre, y centre, width, height */
	struct {
		int64_t begin[PF_MAX_RANK]; /* may be negative: cropping */
		float value;                /* of operator sets before 11; else input 2 */
		enum { PF_PAD_CONSTANT, PF_PAD_REFLECT, PF_PAD_EDGE } mode;
	} pad;
	struct {
		double scale[PF_MAX_RANK];
		pf_resize_coordinate coordinate;
		pf_resize_nearest nearest;
		bool linear;
	} resize;
} pf_params;

#endif
