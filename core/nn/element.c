#include "core/nn/element.h"

#include <math.h>

int64_t pf_to_int64(double value)
{
	return isnan(value) ? 0 : value <= -0x1p63 ? INT64_MIN : value >= 0x1p63 ? INT64_MAX : (int64_t)value;
}

int64_t pf_load_int(const pf_tensor *tensor, int64_t i)
{
	switch (tensor->type) {
	case PF_TYPE_INT64:
		return ((const int64_t *)tensor->data)[i];
	case PF_TYPE_INT32:
		return ((const int32_t *)tensor->data)[i];
	case PF_TYPE_INT8:
		return ((const int8_t *)tensor->data)[i];
	default:
		return ((const uint8_t *)tensor->data)[i];
	}
}

void pf_store_int(const pf_tensor *tensor, int64_t i, int64_t value)
{
	switch (tensor->type) {
	case PF_TYPE_INT64:
		((int64_t *)tensor->data)[i] = value;
		break;
	case PF_TYPE_INT32:
		((int32_t *)tensor->data)[i] = (int32_t)(uint32_t)value; /* wraps as NumPy does */
		break;
	case PF_TYPE_BOOL:
		((uint8_t *)tensor->data)[i] = value != 0;
		break;
	default:
		((uint8_t *)tensor->data)[i] = (uint8_t)value;
		break;
	}
}

int64_t pf_load_index(const pf_tensor *indices, int64_t i, int64_t dim)
{
	int64_t at = pf_load_int(indices, i);
	at = at < 0 && at >= -dim ? at + dim : at;
	return at >= 0 && at < dim ? at : -1;
}

bool pf_next_index(const pf_shape *shape, int64_t index[PF_MAX_RANK])
{
	for (int axis = shape->rank - 1; axis >= 0; axis--) {
		if (++index[axis] < shape->dims[axis]) {
			return true;
		}
		index[axis] = 0;
	}
	return false;
}
