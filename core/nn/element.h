/* Single elements of tensors of any type, for plain kernels that are not worth a loop for each type. */
#ifndef PF_NN_ELEMENT_H
#define PF_NN_ELEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nn/tensor.h"

/* Towards zero; what lies outside becomes the nearest that there is, NaN becomes 0. */
int64_t pf_to_int64(double value);

/* Element `i` of a tensor of any type but float. Stores wrap. */
int64_t pf_load_int(const pf_tensor *tensor, int64_t i);
void pf_store_int(const pf_tensor *tensor, int64_t i, int64_t value);

/* Index `i` of a list of integers, negative ones counted from the end; -1 where it is out of [0, dim). */
int64_t pf_load_index(const pf_tensor *indices, int64_t i, int64_t dim);

/* The next element in row-major order; false (and all 0) after the last. */
bool pf_next_index(const pf_shape *shape, int64_t index[PF_MAX_RANK]);

#endif
