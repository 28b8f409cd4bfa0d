/* A folder of its own for a test, and small helpers around files. All failures end the test through cmocka.
 */
#ifndef PHOTOFINISH_TEMP_FOLDER_H
#define PHOTOFINISH_TEMP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#define PF_TEMP_PATH 4200

/* Makes a new folder below $TMPDIR or /tmp; removed with all that is in it by pf_temp_remove. */
void pf_temp_make(char path[256]);
void pf_temp_remove(const char *path);

/* "folder/name" in one of eight static buffers. */
const char *pf_temp_path(const char *folder, const char *name);

/* Writes or reads a whole file. What is read ends in a NUL and is freed by the caller. */
void pf_temp_write(const char *path, const void *bytes, size_t count);
char *pf_temp_read(const char *path, size_t *count);

/* Entries of a folder other than "." and "..". */
size_t pf_temp_entries(const char *path);
bool pf_temp_exists(const char *path);

#endif
