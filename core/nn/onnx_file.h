/* Reading model files: sizes capped, nothing outside the model's folder, unlikely bytes named for what they
 * are. */
#ifndef PF_NN_ONNX_FILE_H
#define PF_NN_ONNX_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* A read-only mapping of a regular file. */
typedef struct pf_file_view {
	const uint8_t *bytes;
	size_t size;
} pf_file_view;

pf_status pf_file_view_open(const char *file, uint64_t max_bytes, pf_file_view *view, pf_error *error);
void pf_file_view_close(pf_file_view *view);

/* Reads `size` bytes at `offset` of `location`, a path below the folder of `model`, into `out`. Refuses links
 * and ".." that lead out of it (PF_ERR_OUTSIDE) and what is not a regular file. */
pf_status pf_external_read(const char *model, const char *location, uint64_t offset, uint64_t size, void *out,
			   pf_error *error);

/* Fails where the bytes are plainly something else: empty, XML, HTML, JSON, ZIP; text too if they are known
 * to be malformed (a model can look like text at its beginning). */
pf_status pf_onnx_sniff(const uint8_t *bytes, size_t size, bool malformed, const char *file, pf_error *error);

#endif
