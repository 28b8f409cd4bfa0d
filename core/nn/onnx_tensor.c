#include <errno.h>
#include <onnx.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/onnx.h"
#include "core/nn/onnx_file.h"
#include "photofinish/file.h"

bool pf_onnx_type(int32_t data_type, pf_type *type)
{
	switch (data_type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
	case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
		*type = PF_TYPE_FLOAT;
		return true;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
		*type = PF_TYPE_INT32;
		return true;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		*type = PF_TYPE_INT64;
		return true;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
		*type = PF_TYPE_UINT8;
		return true;
	case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
		*type = PF_TYPE_BOOL;
		return true;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
		*type = PF_TYPE_INT8;
		return true;
	default:
		return false;
	}
}

static size_t stored_bytes(int32_t data_type)
{
	switch (data_type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
		return 1;
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
	case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
		return 2;
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		return 8;
	default:
		return 4;
	}
}

/* IEEE 754 binary16 to binary32. */
static float from_half(uint16_t half)
{
	uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 31, fraction = half & 1023;
	float value;
	if (exponent == 0) {
		value = (float)fraction * 0x1p-24f;
		return sign ? -value : value;
	}
	uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* From little-endian bytes of the file's type to the executor's. `out` may not overlap `raw`. */
static void convert_raw(int32_t data_type, const uint8_t *raw, int64_t elements, pf_tensor *out)
{
	float *floats = out->data;
	for (int64_t i = 0; i < elements; i++) {
		if (data_type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE) {
			double value;
			memcpy(&value, raw + 8 * i, 8);
			floats[i] = (float)value;
		} else {
			uint16_t half;
			memcpy(&half, raw + 2 * i, 2);
			uint32_t bits = (uint32_t)half << 16;
			if (data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16) {
				floats[i] = from_half(half);
			} else {
				memcpy(&floats[i], &bits, 4);
			}
		}
	}
}

static void take_raw(int32_t data_type, const uint8_t *raw, int64_t elements, pf_tensor *out)
{
	size_t stored = stored_bytes(data_type);
	if (stored == pf_type_bytes(out->type)) {
		memcpy(out->data, raw, (size_t)elements * stored);
	} else {
		convert_raw(data_type, raw, elements, out);
	}
	if (out->type == PF_TYPE_BOOL) {
		for (int64_t i = 0; i < elements; i++) {
			((uint8_t *)out->data)[i] = ((uint8_t *)out->data)[i] != 0;
		}
	}
}

/* The typed lists: 16-bit floats, small integers and bools stand in int32_data. */
static bool take_typed(const Onnx__TensorProto *proto, int64_t elements, pf_tensor *out)
{
	size_t wanted = (size_t)elements;
	switch (proto->data_type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
		if (proto->n_float_data == wanted) {
			memcpy(out->data, proto->float_data, wanted * sizeof(float));
		}
		return proto->n_float_data == wanted;
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
		for (size_t i = 0; i < wanted && proto->n_double_data == wanted; i++) {
			((float *)out->data)[i] = (float)proto->double_data[i];
		}
		return proto->n_double_data == wanted;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		if (proto->n_int64_data == wanted) {
			memcpy(out->data, proto->int64_data, wanted * sizeof(int64_t));
		}
		return proto->n_int64_data == wanted;
	default:
		break;
	}
	for (size_t i = 0; i < wanted && proto->n_int32_data == wanted; i++) {
		int32_t value = proto->int32_data[i];
		uint32_t bits = (uint32_t)value << 16;
		switch (proto->data_type) {
		case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
			((float *)out->data)[i] = from_half((uint16_t)value);
			break;
		case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
			memcpy((float *)out->data + i, &bits, sizeof bits);
			break;
		case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
			((int32_t *)out->data)[i] = value;
			break;
		default:
			((uint8_t *)out->data)[i] = out->type == PF_TYPE_BOOL ? value != 0 : (uint8_t)value;
			break;
		}
	}
	return proto->n_int32_data == wanted;
}

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == 0 && text[0] != '-';
}

static pf_status take_external(const Onnx__TensorProto *proto, const pf_graph *graph, const char *folder_of,
			       uint64_t *external_bytes, int64_t elements, pf_tensor *out, pf_error *error)
{
	const char *location = NULL;
	uint64_t offset = 0, bytes = (uint64_t)elements * stored_bytes(proto->data_type), length = bytes;
	bool sound = true;
	for (size_t i = 0; i < proto->n_external_data; i++) {
		const char *key = proto->external_data[i]->key, *value = proto->external_data[i]->value;
		if (!key || !value) {
			continue;
		}
		if (!strcmp(key, "location")) {
			location = value;
		} else if (!strcmp(key, "offset")) {
			sound &= parse_number(value, &offset);
		} else if (!strcmp(key, "length")) {
			sound &= parse_number(value, &length);
		}
	}
	if (!location || !sound || length != bytes) {
		return pf_fail(error, PF_ERR_INVALID, graph->file,
			       "a tensor's external data are described wrongly");
	}
	if (!folder_of) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, graph->file,
			       "the model has external data and was not loaded from a file");
	}
	*external_bytes += bytes;
	if (*external_bytes > graph->options.max_file_bytes) {
		return pf_fail(error, PF_ERR_TOO_LARGE, graph->file,
			       "the external data are larger than %llu MiB",
			       (unsigned long long)(graph->options.max_file_bytes >> 20));
	}
	uint8_t *raw = malloc(bytes + 1);
	if (!raw) {
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	pf_status status = pf_external_read(folder_of, location, offset, bytes, raw, error);
	if (status == PF_OK) {
		take_raw(proto->data_type, raw, elements, out);
	}
	free(raw);
	return status;
}

static pf_status check_header(const Onnx__TensorProto *proto, const pf_graph *graph, const char *name,
			      pf_tensor *out, int64_t *elements, pf_error *error)
{
	if (!pf_onnx_type(proto->data_type, &out->type)) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, graph->file,
			       "tensor \"%s\": data type %d is not supported", name, proto->data_type);
	}
	if (proto->n_dims > PF_MAX_RANK) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, graph->file,
			       "tensor \"%s\": more than %d dimensions", name, PF_MAX_RANK);
	}
	if (proto->segment) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, graph->file,
			       "tensor \"%s\": segments are not supported", name);
	}
	out->shape.rank = (int32_t)proto->n_dims;
	for (size_t i = 0; i < proto->n_dims; i++) {
		out->shape.dims[i] = proto->dims[i];
	}
	if (!pf_shape_check(&out->shape, elements)) {
		return pf_fail(error, PF_ERR_TOO_LARGE, graph->file,
			       "tensor \"%s\": its dimensions are negative or too large", name);
	}
	return PF_OK;
}

pf_status pf_onnx_tensor(const struct Onnx__TensorProto *proto, const pf_graph *graph, const char *folder_of,
			 uint64_t *external_bytes, pf_tensor *out, pf_error *error)
{
	char name[96];
	pf_escape(proto->name ? proto->name : "", name, sizeof name);
	*out = (pf_tensor){0};
	int64_t elements = 0;
	pf_status status = check_header(proto, graph, name, out, &elements, error);
	if (status != PF_OK) {
		return status;
	}
	bool external = proto->has_data_location && proto->data_location == 1;
	uint64_t stored = (uint64_t)elements * stored_bytes(proto->data_type);
	/* Nothing is allocated for data that are not there. */
	size_t typed = proto->n_float_data + proto->n_int32_data + proto->n_int64_data + proto->n_double_data;
	if (!external && (proto->has_raw_data ? proto->raw_data.len != stored : typed != (size_t)elements)) {
		return pf_fail(error, PF_ERR_INVALID, graph->file,
			       "tensor \"%s\": its data do not have the size that its dimensions ask for",
			       name);
	}
	if (external && stored > graph->options.max_file_bytes) {
		return pf_fail(error, PF_ERR_TOO_LARGE, graph->file, "tensor \"%s\": too large", name);
	}
	size_t bytes = (size_t)elements * pf_type_bytes(out->type);
	out->data = aligned_alloc(64, (bytes + 64) / 64 * 64);
	if (!out->data) {
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	if (external) {
		status = take_external(proto, graph, folder_of, external_bytes, elements, out, error);
	} else if (proto->has_raw_data) {
		if (elements) {
			take_raw(proto->data_type, proto->raw_data.data, elements, out);
		}
	} else if (elements && !take_typed(proto, elements, out)) {
		status = pf_fail(error, PF_ERR_INVALID, graph->file,
				 "tensor \"%s\": its data are not of its data type", name);
	}
	if (status != PF_OK) {
		free(out->data);
		out->data = NULL;
	}
	return status;
}
