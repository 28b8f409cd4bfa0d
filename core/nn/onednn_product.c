/* Gemm and MatMul by oneDNN's matrix product on dense data. */
#include <string.h>

#include "core/nn/onednn.h"
#include "core/nn/plain.h"

static bool run_gemm(const pf_step *step)
{
	const pf_call *call = pf_plain_call(step);
	const pf_params *p = &call->node->params;
	const pf_shape *a = &call->in[0].shape, *b = &call->in[1].shape, *y = &call->out[0].shape;
	int64_t m = y->dims[0], n = y->dims[1], k = a->dims[!p->gemm.transpose_a];
	float *c = call->out[0].data;
	float beta = 0;
	if (call->ins > 2 && call->in[2].data) {
		int64_t strides[PF_MAX_RANK];
		pf_shape_broadcast_strides(&call->in[2].shape, y, strides);
		for (int64_t i = 0; i < m; i++) {
			for (int64_t j = 0; j < n; j++) {
				c[i * n + j] =
					((const float *)call->in[2].data)[i * strides[0] + j * strides[1]];
			}
		}
		beta = p->gemm.beta;
	}
	dnnl_sgemm(p->gemm.transpose_a ? 'T' : 'N', p->gemm.transpose_b ? 'T' : 'N', m, n, k, p->gemm.alpha,
		   call->in[0].data, a->dims[1], call->in[1].data, b->dims[1], beta, c, n);
	pf_plain_epilogues(call);
	return true;
}

static bool run_matmul(const pf_step *step)
{
	const pf_call *call = pf_plain_call(step);
	const pf_params *p = &call->node->params;
	int64_t m = p->matmul.m, n = p->matmul.n, k = p->matmul.k, index[PF_MAX_RANK] = {0};
	const float *a = call->in[0].data, *b = call->in[1].data;
	float *c = call->out[0].data, *end = c + pf_shape_elements(&call->out[0].shape);
	for (; c < end; c += m * n) {
		dnnl_sgemm('N', 'N', m, n, k, 1, a, k, b, n, 0, c, n);
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

pf_status pf_onednn_product(pf_onednn_node *n)
{
	pf_status status = PF_OK;
	for (uint32_t i = 0; status == PF_OK && i < n->node->input_count; i++) {
		if (pf_node_has_input(n->node, i)) {
			status = pf_onednn_make_dense(n, n->node->inputs[i]);
		}
	}
	if (status == PF_OK) {
		status = pf_plain_emit(n->program, n->index, n->error);
	}
	if (status == PF_OK) {
		pf_step *step = &n->program->steps[n->program->step_count - 1];
		step->run = n->node->op->kind == PF_OP_GEMM ? run_gemm : run_matmul;
		n->done = true;
	}
	return status;
}
