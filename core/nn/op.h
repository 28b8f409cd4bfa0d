/* Operators: the table that gives each ONNX operator its checks, its parameters and its plain kernel. */
#ifndef PF_NN_OP_H
#define PF_NN_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nn/op_params.h"
#include "core/nn/tensor.h"
#include "photofinish/status.h"

struct pf_infer;
struct pf_node;

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
extern const pf_op
	pf_op_align; /* before operator set 7: gives input 0 trailing ones, so that it lies along input 1 */

#endif
