#include "core/photo/photo_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void pf_file_buffer_release(pf_file_buffer *buffer)
{
	free(buffer->data);
	*buffer = (pf_file_buffer){0};
}

/* Grows with slack, so that a worker's buffer settles after a few photos. */
static pf_status make_room(pf_file_buffer *buffer, size_t bytes, const char *file, pf_error *error)
{
	if (bytes <= buffer->capacity_bytes) {
		return PF_OK;
	}
	size_t capacity = bytes <= PF_FILE_HEAD_BYTES ? PF_FILE_HEAD_BYTES : bytes + bytes / 4;
	uint8_t *grown = malloc(capacity);
	if (!grown) {
		return pf_fail(error, PF_ERR_NO_MEMORY, file, "cannot allocate %zu bytes for the file",
			       capacity);
	}
	if (buffer->bytes > 0) {
		memcpy(grown, buffer->data, buffer->bytes);
	}
	free(buffer->data);
	buffer->data = grown;
	buffer->capacity_bytes = capacity;
	return PF_OK;
}

pf_status pf_file_check_size(uint64_t bytes, const char *file, pf_error *error)
{
	if (bytes > PF_FILE_MAX_BYTES) {
		return pf_fail(error, PF_ERR_TOO_LARGE, file, "the file has %llu bytes, the limit is %llu",
			       (unsigned long long)bytes, PF_FILE_MAX_BYTES);
	}
	return PF_OK;
}

pf_status pf_file_buffer_extend(pf_file_buffer *buffer, int fd, uint64_t upto_bytes, const char *file,
				pf_error *error)
{
	pf_status status = pf_file_check_size(upto_bytes, file, error);
	if (status == PF_OK) {
		status = make_room(buffer, (size_t)upto_bytes, file, error);
	}
	if (status != PF_OK) {
		return status;
	}
	while (buffer->bytes < upto_bytes) {
		ssize_t got = pread(fd, buffer->data + buffer->bytes, (size_t)upto_bytes - buffer->bytes,
				    (off_t)buffer->bytes);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return pf_fail_errno(error, file, "cannot read");
		}
		if (got == 0) {
			break;
		}
		buffer->bytes += (size_t)got;
	}
	return PF_OK;
}
