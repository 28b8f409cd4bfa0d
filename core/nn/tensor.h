/* Shapes and tensors of the executor, with checked sizes. */
#ifndef PF_NN_TENSOR_H
#define PF_NN_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/network.h"

#define PF_MAX_ELEMENTS INT32_MAX /* of one tensor */

/* A view of dense data; `data` is NULL where a node leaves out an optional input. */
typedef struct pf_tensor {
	pf_type type;
	pf_shape shape;
	void *data;
} pf_tensor;

/* False where a dim is negative, or the product is above PF_MAX_ELEMENTS. */
bool pf_shape_check(const pf_shape *shape, int64_t *elements);

/* Product of dims [from, to). */
int64_t pf_shape_product(const pf_shape *shape, int from, int to);
bool pf_shape_equal(const pf_shape *a, const pf_shape *b);

/* Row-major strides in elements. */
void pf_shape_strides(const pf_shape *shape, int64_t strides[PF_MAX_RANK]);

/* NumPy's broadcasting. False where the shapes do not fit. */
bool pf_shape_broadcast(const pf_shape *a, const pf_shape *b, pf_shape *out);

/* Strides with which a tensor of shape `from` is read as one of shape `to` (0 along what is repeated). */
void pf_shape_broadcast_strides(const pf_shape *from, const pf_shape *to, int64_t strides[PF_MAX_RANK]);

/* "[1,17,64,48]". Returns `out`. */
char *pf_shape_text(const pf_shape *shape, char *out, size_t capacity);

#endif
