/* Where results go: a file, written all or nothing, or "-", standard output. */
#ifndef HARNESS_OUTPUT_H
#define HARNESS_OUTPUT_H

#include <stdbool.h>

#include "photofinish/file.h"

static inline bool pf_output_is_stdout(const char *path)
{
	return path && path[0] == '-' && path[1] == '\0';
}

/* True once something that went to standard output was lost because nobody reads it any more (a pipe into
 * head): no failure to tell of. */
bool pf_output_reader_is_gone(void);

/* Opens `path`; on failure nothing is open. Write to file->stream, then close. */
pf_status pf_output_open(pf_new_file *file, const char *path, pf_error *error);

/* Commits the file (replacing one that is there) if `status` is PF_OK, else drops it. Returns the first
 * failure. */
pf_status pf_output_close(pf_new_file *file, pf_status status, pf_error *error);

/* The same for a part of the results, of a run that was stopped or failed, which says of itself that it is
 * one: it replaces nothing but an empty file and another part, as which `is_part` (NULL: nothing is) knows
 * the file at `path`. PF_ERR_EXISTS, and the file is dropped, where something else stands there. */
pf_status pf_output_close_part(pf_new_file *file, pf_status status, bool (*is_part)(const char *path),
			       pf_error *error);

/* PF_OK if a file can be made at `path` (NULL and "-" always can): asked before long work, not after it. */
pf_status pf_output_check(const char *path, pf_error *error);

#endif
