#include "core/nn/onnx_scan.h"

#include <onnx.pb-c.h>
#include <stdbool.h>

#define MAX_DEPTH 12
#define FREE_MEMORY (64u << 20)
#define SCANNED_BYTES 96u /* protobuf-c's notes on one field while it unpacks (40), allocators' overhead */

typedef struct scan {
	const uint8_t *begin, *at;
	const char *file;
	uint64_t memory, budget;
	pf_error *error;
} scan;

static pf_status malformed(const scan *s, const char *what)
{
	pf_status status = pf_fail(s->error, PF_ERR_INVALID, s->file,
				   "not an ONNX file, or a damaged one: %s", what);
	if (s->error) {
		s->error->offset = s->at - s->begin;
	}
	return status;
}

static bool varint(scan *s, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 70 && s->at < end; shift += 7) {
		uint8_t byte = *s->at++;
		if (shift < 64) {
			*value |= (uint64_t)(byte & 0x7f) << shift;
		}
		if (!(byte & 0x80)) {
			return true;
		}
	}
	return false;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *message, uint64_t id)
{
	for (unsigned i = 0; message && i < message->n_fields; i++) {
		if (message->fields[i].id == id) {
			return &message->fields[i];
		}
	}
	return NULL;
}

static size_t element_bytes(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

/* Memory of a packed list: every varint is at least one byte. */
static uint64_t packed_memory(const ProtobufCFieldDescriptor *field, const uint8_t *data, uint64_t length)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return length;
	default:
		break;
	}
	uint64_t elements = 0;
	for (uint64_t i = 0; i < length; i++) {
		elements += !(data[i] & 0x80);
	}
	return elements * element_bytes(field->type);
}

static pf_status scan_message(scan *s, const uint8_t *end, const ProtobufCMessageDescriptor *message,
			      int depth);

static pf_status scan_bytes(scan *s, const uint8_t *end, const ProtobufCFieldDescriptor *field, int depth)
{
	uint64_t length;
	if (!varint(s, end, &length) || length > (uint64_t)(end - s->at)) {
		return malformed(s, "a field is longer than the file");
	}
	const uint8_t *data = s->at;
	if (field && field->type == PROTOBUF_C_TYPE_MESSAGE) {
		return scan_message(s, data + length, field->descriptor, depth + 1);
	}
	s->at += length;
	if (!field || field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES) {
		s->memory += length + 32;
	} else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		s->memory += packed_memory(field, data, length);
	}
	return PF_OK;
}

static pf_status scan_field(scan *s, const uint8_t *end, const ProtobufCMessageDescriptor *message, int depth)
{
	uint64_t tag, value;
	if (!varint(s, end, &tag)) {
		return malformed(s, "a field has no end");
	}
	const ProtobufCFieldDescriptor *field = find_field(message, tag >> 3);
	s->memory += SCANNED_BYTES;
	if (field && field->label == PROTOBUF_C_LABEL_REPEATED) {
		s->memory += element_bytes(field->type);
	}
	if (s->memory > s->budget) {
		return pf_fail(s->error, PF_ERR_MEMORY_LIMIT, s->file,
			       "unpacking the file would take more than %llu MiB",
			       (unsigned long long)(s->budget >> 20));
	}
	switch (tag & 7) {
	case 0:
		return varint(s, end, &value) ? PF_OK : malformed(s, "a number has no end");
	case 1:
	case 5: {
		ptrdiff_t width = (tag & 7) == 1 ? 8 : 4;
		if (end - s->at < width) {
			return malformed(s, "a number has no end");
		}
		s->at += width;
		return PF_OK;
	}
	case 2:
		return scan_bytes(s, end, field, depth);
	default:
		return malformed(s, "an unknown kind of field");
	}
}

static pf_status scan_message(scan *s, const uint8_t *end, const ProtobufCMessageDescriptor *message,
			      int depth)
{
	if (depth > MAX_DEPTH) {
		return pf_fail(s->error, PF_ERR_TOO_LARGE, s->file, "messages are nested deeper than %d",
			       MAX_DEPTH);
	}
	s->memory += message->sizeof_message + 32;
	while (s->at < end) {
		pf_status status = scan_field(s, end, message, depth);
		if (status != PF_OK) {
			return status;
		}
	}
	return PF_OK;
}

pf_status pf_onnx_scan(const uint8_t *bytes, size_t size, const char *file, uint64_t *memory_bytes,
		       pf_error *error)
{
	scan s = {.begin = bytes,
		  .at = bytes,
		  .file = file,
		  .budget = FREE_MEMORY + 2 * (uint64_t)size,
		  .error = error};
	pf_status status = scan_message(&s, bytes + size, &onnx__model_proto__descriptor, 0);
	if (status == PF_OK && memory_bytes) {
		*memory_bytes = s.memory;
	}
	return status;
}
