/* A look at the bytes of an ONNX file before protobuf-c unpacks them: nesting, lengths, and the memory that
 * unpacking will take. */
#ifndef PF_NN_ONNX_SCAN_H
#define PF_NN_ONNX_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* Walks the wire format along the official schema. Refuses malformed fields, messages nested deeper than 12,
 * and files whose unpacking would take more than 64 MiB + twice their size. *memory_bytes (may be NULL) is an
 * upper bound of what unpacking takes. */
pf_status pf_onnx_scan(const uint8_t *bytes, size_t size, const char *file, uint64_t *memory_bytes,
		       pf_error *error);

#endif
