#include "core/nn/tensor.h"

#include <stdio.h>

const char *pf_type_name(pf_type type)
{
	static const char *const names[] = {
#define TYPE_NAME(constant, name, bytes) name,
		PF_TYPE_LIST(TYPE_NAME)
#undef TYPE_NAME
	};
	return (unsigned)type < PF_TYPE_COUNT ? names[type] : "?";
}

size_t pf_type_bytes(pf_type type)
{
	static const size_t sizes[] = {
#define TYPE_BYTES(constant, name, bytes) bytes,
		PF_TYPE_LIST(TYPE_BYTES)
#undef TYPE_BYTES
	};
	return (unsigned)type < PF_TYPE_COUNT ? sizes[type] : 0;
}

bool pf_shape_check(const pf_shape *shape, int64_t *elements)
{
	int64_t product = 1;
	bool empty = false;
	for (int i = 0; i < shape->rank; i++) {
		if (shape->dims[i] < 0 || shape->dims[i] > PF_MAX_ELEMENTS) {
			return false;
		}
		/* A zero must not hide an overflow of the others: strides are products of those. */
		empty |= shape->dims[i] == 0;
		if (shape->dims[i] > 0 && (__builtin_mul_overflow(product, shape->dims[i], &product) ||
					   product > PF_MAX_ELEMENTS)) {
			return false;
		}
	}
	*elements = empty ? 0 : product;
	return true;
}

int64_t pf_shape_product(const pf_shape *shape, int from, int to)
{
	int64_t product = 1;
	for (int i = from; i < to; i++) {
		product *= shape->dims[i];
	}
	return product;
}

int64_t pf_shape_elements(const pf_shape *shape)
{
	return pf_shape_product(shape, 0, shape->rank);
}

bool pf_shape_equal(const pf_shape *a, const pf_shape *b)
{
	if (a->rank != b->rank) {
		return false;
	}
	for (int i = 0; i < a->rank; i++) {
		if (a->dims[i] != b->dims[i]) {
			return false;
		}
	}
	return true;
}

void pf_shape_strides(const pf_shape *shape, int64_t strides[PF_MAX_RANK])
{
	int64_t stride = 1;
	for (int i = shape->rank - 1; i >= 0; i--) {
		strides[i] = stride;
		stride *= shape->dims[i];
	}
}

bool pf_shape_broadcast(const pf_shape *a, const pf_shape *b, pf_shape *out)
{
	int rank = a->rank > b->rank ? a->rank : b->rank;
	pf_shape shape = {.rank = rank};
	for (int i = 0; i < rank; i++) {
		int ia = i - (rank - a->rank), ib = i - (rank - b->rank);
		int64_t da = ia >= 0 ? a->dims[ia] : 1, db = ib >= 0 ? b->dims[ib] : 1;
		if (da != db && da != 1 && db != 1) {
			return false;
		}
		shape.dims[i] = da == 1 ? db : da;
	}
	*out = shape;
	return true;
}

void pf_shape_broadcast_strides(const pf_shape *from, const pf_shape *to, int64_t strides[PF_MAX_RANK])
{
	int64_t own[PF_MAX_RANK] = {0};
	pf_shape_strides(from, own);
	int lead = to->rank - from->rank;
	for (int i = 0; i < to->rank; i++) {
		strides[i] = i < lead || from->dims[i - lead] == 1 ? 0 : own[i - lead];
	}
}

char *pf_shape_text(const pf_shape *shape, char *out, size_t capacity)
{
	size_t used = (size_t)snprintf(out, capacity, "[");
	for (int i = 0; i < shape->rank && used < capacity; i++) {
		used += (size_t)snprintf(out + used, capacity - used, "%s%lld", i ? "," : "",
					 (long long)shape->dims[i]);
	}
	if (used < capacity) {
		snprintf(out + used, capacity - used, "]");
	}
	return out;
}
