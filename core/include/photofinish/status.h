/* Status codes and error details: the one place that owns every code, its name and its message.
 * All functions of the library return pf_status; results go through out-pointers. */
#ifndef PHOTOFINISH_STATUS_H
#define PHOTOFINISH_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PF_API __attribute__((visibility("default")))

/* X(constant, name in records, what it means) */
#define PF_STATUS_LIST(X)                                                                                 \
	X(PF_OK, "ok", "no error")                                                                        \
	X(PF_ERR_NO_MEMORY, "no-memory", "not enough memory")                                             \
	X(PF_ERR_IO, "io", "a system call failed")                                                        \
	X(PF_ERR_NOT_FOUND, "not-found", "the file does not exist")                                       \
	X(PF_ERR_NOT_REGULAR, "not-regular", "not a regular file")                                        \
	X(PF_ERR_OUTSIDE, "outside", "the link leads out of the dataset's folder")                        \
	X(PF_ERR_EMPTY, "empty", "the file is empty")                                                     \
	X(PF_ERR_NOT_JPEG, "not-jpeg", "the file is not a JPEG")                                          \
	X(PF_ERR_TRUNCATED, "truncated", "the file ends before the image does")                           \
	X(PF_ERR_DAMAGED, "damaged", "the image data are damaged")                                        \
	X(PF_ERR_TOO_LARGE, "too-large", "the image declares more pixels than the limit")                 \
	X(PF_ERR_TOO_MANY_SCANS, "too-many-scans", "the image has more progressive scans than the limit") \
	X(PF_ERR_MEMORY_LIMIT, "memory-limit", "decoding would pass the memory limit")                    \
	X(PF_ERR_UNSUPPORTED, "unsupported", "the coding process or colour space is not supported")       \
	X(PF_ERR_CHANGED, "changed", "the file differs from the manifest")                                \
	X(PF_ERR_INVALID, "invalid", "malformed input")                                                   \
	X(PF_ERR_USAGE, "usage", "wrong use of a command or an option")                                   \
	X(PF_ERR_EXISTS, "exists", "the target already exists")                                           \
	X(PF_ERR_NO_SPACE, "no-space", "not enough free disk space")                                      \
	X(PF_ERR_CRASHED, "crashed", "the process working on it crashed")                                 \
	X(PF_ERR_TIMEOUT, "timeout", "the time limit passed")                                             \
	X(PF_ERR_CANCELLED, "cancelled", "stopped on request")                                            \
	X(PF_ERR_UNAVAILABLE, "unavailable", "not available on this machine")                             \
	X(PF_ERR_INTERNAL, "internal", "a library call failed unexpectedly")

#define PF_STATUS_ENUM(constant, name, text) constant,
typedef enum pf_status { PF_STATUS_LIST(PF_STATUS_ENUM) PF_STATUS_COUNT } pf_status;
#undef PF_STATUS_ENUM

/* Details of a failure, owned by the caller. Untouched on success. `file` holds the bytes of the path as
 * they are: escape them before showing them. */
typedef struct pf_error {
	pf_status code;
	int sys_errno;     /* 0 where no system call was involved */
	int64_t offset;    /* byte offset in `file`, -1 where it has no meaning */
	char file[512];    /* empty where no file was involved; cut (never overrun) if longer */
	char message[256]; /* one line, no final stop, no new line */
} pf_error;

/* Name as in records ("too-large") and meaning ("the image declares ..."); never NULL, any value allowed. */
PF_API const char *pf_status_name(pf_status status);
PF_API const char *pf_status_text(pf_status status);

/* Status of the given name, or PF_STATUS_COUNT. */
PF_API pf_status pf_status_from_name(const char *name);

/* Fills *error (which may be NULL) and returns `code`, so that callers can `return pf_fail(...)`.
 * `file` may be NULL. The message is formatted as by printf. */
PF_API pf_status pf_fail(pf_error *error, pf_status code, const char *file, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* As pf_fail with errno's value and text appended to the message. Picks the code by errno:
 * ENOENT not-found, ENOMEM no-memory, ENOSPC no-space, EEXIST exists, otherwise io. */
PF_API pf_status pf_fail_errno(pf_error *error, const char *file, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif

#endif
