/* Files written all or nothing, and names made fit to be shown. */
#ifndef PHOTOFINISH_FILE_H
#define PHOTOFINISH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file being written under a temporary name in the folder of its target. */
typedef struct pf_new_file {
	FILE *stream;
	char *target, *temporary;
} pf_new_file;

/* Opens the temporary file. End with commit or abandon. A target that is there and is a device or a FIFO
 * (/dev/stdout) is opened itself: it is written to as the stream is, and never renamed onto. A link is
 * followed. */
PF_API pf_status pf_new_file_open(pf_new_file *file, const char *target, pf_error *error);

/* Flushes, fsyncs, renames onto the target and fsyncs the folder; on failure the temporary file is gone and a
 * target that was there is as it was. With `replace` false an existing target is kept: PF_ERR_EXISTS. */
PF_API pf_status pf_new_file_commit(pf_new_file *file, bool replace, pf_error *error);
PF_API void pf_new_file_abandon(pf_new_file *file);

/* The folder that this library lies in, or the program that it is linked into, without a slash at the end:
 * `out`, or NULL where that cannot be told or does not fit. Any thread. */
PF_API const char *pf_own_folder(char *out, size_t capacity);

/* Path of a file or folder that belongs to the program: share/photofinish/NAME of the prefix that this
 * library was installed in, or `built_from` where that is not there. Returns `out`. */
PF_API const char *pf_data_file(const char *name, const char *built_from, char *out, size_t capacity);

/* Whether there is nothing of that name. False also where that cannot be told (an I/O error, a folder that
 * may not be searched): who opens it then says why, instead of doing without it. */
PF_API bool pf_file_is_absent(const char *path);

/* Opens a file to be read, as fopen(path, "rbe"). A FIFO, a device or a folder is refused
 * (PF_ERR_NOT_REGULAR), and never waited for. NULL: see *error, which may be NULL. */
PF_API FILE *pf_open_regular(const char *path, pf_error *error);

/* A file of `bytes` zeroes in memory, to be shared with other processes; closed by exec. Nobody can make it
 * shorter or longer: who has it mapped is safe from the others. -1 with errno. */
PF_API int pf_memory_file(const char *name, uint64_t bytes);

/* Writes all of it, in as many calls as it takes, also when signals come between. False with errno. */
PF_API bool pf_write_all(int fd, const void *bytes, size_t count);

/* Where what can be made anew is kept, in a folder of that name: below $PHOTOFINISH_DATA, $XDG_CACHE_HOME or
 * $HOME/.cache. False where none of them is set, or the path does not fit. */
PF_API bool pf_cache_folder(const char *name, char *out, size_t capacity);

/* mkdir -p; an existing folder is fine. */
PF_API pf_status pf_make_folders(const char *path, pf_error *error);

/* Writes `bytes` as valid UTF-8 fit for a terminal or a JSON string: C0, C1 and DEL, invalid UTF-8,
 * bidirectional controls and "\" become \xHH for each byte. Always ends `out` with a NUL; a name too long
 * ends in "...". `capacity` >= 4. Returns `out`. */
PF_API char *pf_escape(const char *bytes, char *out, size_t capacity);

/* The reverse, in place: \xHH to bytes. False where the text holds a malformed escape. */
PF_API bool pf_unescape(char *text);

#ifdef __cplusplus
}
#endif

#endif
