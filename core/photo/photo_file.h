/* The bytes of a photo's file in a buffer that grows and is reused. */
#ifndef PHOTOFINISH_PHOTO_FILE_H
#define PHOTOFINISH_PHOTO_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* What is read first: enough for the gates to refuse most hostile files without reading the rest. */
#define PF_FILE_HEAD_BYTES (64u * 1024u)
/* Largest file that is read at all. A 200 MP photo at the best quality stays below 250 MB. */
#define PF_FILE_MAX_BYTES (1024ull * 1024u * 1024u)

/* Zero it before the first use; the owner frees it with pf_file_buffer_release. One thread at a time. */
typedef struct pf_file_buffer {
	uint8_t *data;
	size_t bytes; /* valid bytes, from the start of the file */
	size_t capacity_bytes;
} pf_file_buffer;

void pf_file_buffer_release(pf_file_buffer *buffer); /* frees the memory and zeroes the struct */

/* PF_ERR_TOO_LARGE above PF_FILE_MAX_BYTES. */
pf_status pf_file_check_size(uint64_t bytes, const char *file, pf_error *error);

/* Reads on until `upto_bytes` of the file are in the buffer or the file ends; whoever starts a file sets
 * buffer->bytes to 0 first. A file that shrank meanwhile gives fewer bytes (and is then found truncated), one
 * that grew gives no more than asked for. `file` names it in errors. Fails with PF_ERR_TOO_LARGE above
 * PF_FILE_MAX_BYTES, PF_ERR_IO, PF_ERR_NO_MEMORY. */
pf_status pf_file_buffer_extend(pf_file_buffer *buffer, int fd, uint64_t upto_bytes, const char *file,
				pf_error *error);

#endif
