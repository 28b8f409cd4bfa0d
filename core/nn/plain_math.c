/* Matrix products, softmax, reductions, searches for the largest. */
#include <math.h>
#include <string.h>

#include "core/nn/graph.h"
#include "core/nn/plain.h"

/* c (m x n, dense) += alpha a b; a and b by their row and column strides. */
static void product(int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t a_row,
		    int64_t a_column, const float *b, int64_t b_row, int64_t b_column, float *c)
{
	for (int64_t i = 0; i < m; i++) {
		for (int64_t l = 0; l < k; l++) {
			float factor = alpha * a[i * a_row + l * a_column];
			const float *row = b + l * b_row;
			float *out = c + i * n;
			if (b_column == 1) {
				for (int64_t j = 0; j < n; j++) {
					out[j] += factor * row[j];
				}
			} else {
				for (int64_t j = 0; j < n; j++) {
					out[j] += factor * row[j * b_column];
				}
			}
		}
	}
}

bool pf_plain_gemm(const pf_call *call)
{
	const pf_shape *a = &call->in[0].shape, *b = &call->in[1].shape, *y = &call->out[0].shape;
	const pf_params *p = &call->node->params;
	int64_t m = y->dims[0], n = y->dims[1], k = a->dims[!p->gemm.transpose_a], strides[PF_MAX_RANK];
	float *c = call->out[0].data;
	bool biased = call->ins > 2 && call->in[2].data;
	if (biased) {
		pf_shape_broadcast_strides(&call->in[2].shape, y, strides);
	}
	for (int64_t i = 0; i < m; i++) {
		for (int64_t j = 0; j < n; j++) {
			c[i * n + j] = biased ? p->gemm.beta *
							((const float *)call->in[2]
								 .data)[i * strides[0] + j * strides[1]]
					      : 0;
		}
	}
	int64_t a_row = p->gemm.transpose_a ? 1 : a->dims[1], a_column = p->gemm.transpose_a ? a->dims[1] : 1;
	int64_t b_row = p->gemm.transpose_b ? 1 : b->dims[1], b_column = p->gemm.transpose_b ? b->dims[1] : 1;
	product(m, n, k, p->gemm.alpha, call->in[0].data, a_row, a_column, call->in[1].data, b_row, b_column,
		c);
	pf_plain_epilogues(call);
	return true;
}

bool pf_plain_matmul(const pf_call *call)
{
	const pf_params *p = &call->node->params;
	int64_t m = p->matmul.m, n = p->matmul.n, k = p->matmul.k, batches = 1, index[PF_MAX_RANK] = {0};
	for (int i = 0; i < p->matmul.batch_rank; i++) {
		batches *= p->matmul.batch[i];
	}
	const float *a = call->in[0].data, *b = call->in[1].data;
	float *c = call->out[0].data;
	for (int64_t i = 0; i < batches; i++) {
		memset(c, 0, (size_t)(m * n) * sizeof *c);
		product(m, n, k, 1, a, k, 1, b, n, 1, c);
		c += m * n;
		for (int axis = p->matmul.batch_rank - 1; axis >= 0; axis--) {
			a += p->matmul.a_strides[axis];
			b += p->matmul.b_strides[axis];
			if (++index[axis] < p->matmul.batch[axis]) {
				break;
			}
			a -= p->matmul.a_strides[axis] * index[axis];
			b -= p->matmul.b_strides[axis] * index[axis];
			index[axis] = 0;
		}
	}
	pf_plain_epilogues(call);
	return true;
}

bool pf_plain_softmax(const pf_call *call)
{
	const pf_params *p = &call->node->params;
	bool logarithm = call->node->op->kind == PF_OP_LOG_SOFTMAX;
	int64_t n = p->softmax.n, inner = p->softmax.inner;
	for (int64_t i = 0; i < p->softmax.outer * inner; i++) {
		const float *x = (const float *)call->in[0].data + i / inner * n * inner + i % inner;
		float *y = (float *)call->out[0].data + i / inner * n * inner + i % inner;
		float most = -INFINITY;
		for (int64_t k = 0; k < n; k++) {
			most = x[k * inner] > most ? x[k * inner] : most;
		}
		double sum = 0;
		for (int64_t k = 0; k < n; k++) {
			float shifted = x[k * inner] - most, raised = expf(shifted);
			sum += raised;
			y[k * inner] = logarithm ? shifted : raised;
		}
		float factor = (float)(1 / sum), shift = (float)log(sum);
		for (int64_t k = 0; k < n; k++) {
			y[k * inner] = logarithm ? y[k * inner] - shift : y[k * inner] * factor;
		}
	}
	return true;
}

/* 1 for the first of the largest, 0 for all others. */
bool pf_plain_hardmax(const pf_call *call)
{
	const pf_params *p = &call->node->params;
	int64_t n = p->softmax.n, inner = p->softmax.inner;
	for (int64_t i = 0; i < p->softmax.outer * inner; i++) {
		const float *x = (const float *)call->in[0].data + i / inner * n * inner + i % inner;
		float *y = (float *)call->out[0].data + i / inner * n * inner + i % inner;
		int64_t best = 0;
		for (int64_t k = 0; k < n; k++) {
			best = x[k * inner] > x[best * inner] ? k : best;
			y[k * inner] = 0;
		}
		if (n) {
			y[best * inner] = 1;
		}
	}
	return true;
}

/* Sizes and strides of the axes that stay and of those that are reduced. */
typedef struct reduction {
	int32_t kept, reduced;
	int64_t kept_dims[PF_MAX_RANK], kept_strides[PF_MAX_RANK];
	int64_t dims[PF_MAX_RANK], strides[PF_MAX_RANK];
	int64_t count; /* elements for each output */
} reduction;

static reduction plan_reduction(const pf_shape *shape, uint32_t axes)
{
	reduction r = {.count = 1};
	int64_t strides[PF_MAX_RANK];
	pf_shape_strides(shape, strides);
	for (int i = 0; i < shape->rank; i++) {
		if (axes >> i & 1) {
			r.dims[r.reduced] = shape->dims[i];
			r.strides[r.reduced++] = strides[i];
			r.count *= shape->dims[i];
		} else {
			r.kept_dims[r.kept] = shape->dims[i];
			r.kept_strides[r.kept++] = strides[i];
		}
	}
	return r;
}

static int64_t offset_of(int64_t flat, int32_t rank, const int64_t *dims, const int64_t *strides)
{
	int64_t offset = 0;
	for (int i = rank - 1; i >= 0; i--) {
		offset += flat % dims[i] * strides[i];
		flat /= dims[i];
	}
	return offset;
}

static double element(const pf_tensor *tensor, int64_t i)
{
	switch (tensor->type) {
	case PF_TYPE_FLOAT:
		return ((const float *)tensor->data)[i];
	case PF_TYPE_INT32:
		return ((const int32_t *)tensor->data)[i];
	default:
		return (double)((const int64_t *)tensor->data)[i];
	}
}

static double accumulate(pf_reduce_kind kind, double sum, double value)
{
	switch (kind) {
	case PF_REDUCE_MAX:
		return value > sum ? value : sum;
	case PF_REDUCE_MIN:
		return value < sum ? value : sum;
	case PF_REDUCE_L1:
		return sum + fabs(value);
	case PF_REDUCE_L2:
	case PF_REDUCE_SUM_SQUARE:
		return sum + value * value;
	case PF_REDUCE_PROD:
		return sum * value;
	default:
		return sum + value;
	}
}

static void store(const pf_tensor *tensor, int64_t i, double value)
{
	/* Integers that a double does not hold exactly are no shapes. */
	if (tensor->type == PF_TYPE_FLOAT) {
		((float *)tensor->data)[i] = (float)value;
		return;
	}
	double most = tensor->type == PF_TYPE_INT32 ? INT32_MAX : 0x1p62;
	int64_t whole = (int64_t)(value > most ? most : value < -most ? -most : value);
	if (tensor->type == PF_TYPE_INT32) {
		((int32_t *)tensor->data)[i] = (int32_t)whole;
	} else {
		((int64_t *)tensor->data)[i] = whole;
	}
}

bool pf_plain_reduce(const pf_call *call)
{
	pf_reduce_kind kind = call->node->params.reduce.kind;
	reduction r = plan_reduction(&call->in[0].shape, call->node->params.reduce.axes);
	int64_t outputs = pf_shape_elements(&call->out[0].shape);
	for (int64_t i = 0; i < outputs; i++) {
		int64_t base = offset_of(i, r.kept, r.kept_dims, r.kept_strides);
		double sum = kind == PF_REDUCE_MAX    ? -INFINITY
			     : kind == PF_REDUCE_MIN  ? INFINITY
			     : kind == PF_REDUCE_PROD ? 1
						      : 0;
		for (int64_t k = 0; k < r.count; k++) {
			int64_t at = base + offset_of(k, r.reduced, r.dims, r.strides);
			sum = accumulate(kind, sum, element(&call->in[0], at));
		}
		sum = kind == PF_REDUCE_L2 ? sqrt(sum) : kind == PF_REDUCE_MEAN ? sum / (double)r.count : sum;
		store(&call->out[0], i, sum);
	}
	if (call->out[0].type == PF_TYPE_FLOAT) {
		pf_plain_epilogues(call);
	}
	return true;
}

bool pf_plain_arg(const pf_call *call)
{
	const pf_params *p = &call->node->params;
	const pf_shape *shape = &call->in[0].shape;
	int64_t n = shape->dims[p->arg.axis], inner = pf_shape_product(shape, p->arg.axis + 1, shape->rank);
	int64_t outputs = pf_shape_elements(&call->out[0].shape);
	for (int64_t i = 0; i < outputs; i++) {
		int64_t base = i / inner * n * inner + i % inner, found = 0;
		double best = element(&call->in[0], base);
		for (int64_t k = 1; k < n; k++) {
			double value = element(&call->in[0], base + k * inner);
			bool better = p->arg.least ? value < best : value > best;
			if (better || (p->arg.last && value == best)) {
				best = value;
				found = k;
			}
		}
		((int64_t *)call->out[0].data)[i] = found;
	}
	return true;
}

/* By insertion: k is small where this is used. Equal values keep the order of their indices. */
bool pf_plain_topk(const pf_call *call)
{
	const pf_params *p = &call->node->params;
	const pf_shape *shape = &call->in[0].shape;
	int64_t n = shape->dims[p->arg.axis], k = p->arg.k;
	int64_t inner = pf_shape_product(shape, p->arg.axis + 1, shape->rank);
	int64_t rows = k ? pf_shape_elements(&call->out[0].shape) / k : 0;
	int64_t *indices = call->outs > 1 ? call->out[1].data : NULL;
	for (int64_t r = 0; r < rows; r++) {
		const float *x = (const float *)call->in[0].data + r / inner * n * inner + r % inner;
		int64_t base = r / inner * k * inner + r % inner, filled = 0;
		float *y = (float *)call->out[0].data + base;
		for (int64_t i = 0; i < n; i++) {
			float value = x[i * inner];
			int64_t at = filled < k ? filled : k;
			while (at > 0 &&
			       (p->arg.least ? value < y[(at - 1) * inner] : value > y[(at - 1) * inner])) {
				at--;
				if (at + 1 < k) {
					y[(at + 1) * inner] = y[at * inner];
					if (indices) {
						indices[base + (at + 1) * inner] = indices[base + at * inner];
					}
				}
			}
			if (at < k) {
				y[at * inner] = value;
				if (indices) {
					indices[base + at * inner] = i;
				}
				filled += filled < k;
			}
		}
	}
	return true;
}
