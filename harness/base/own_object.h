/* Objects of harness/preload/, which lie beside the program or where an installed one has them. */
#ifndef HARNESS_OWN_OBJECT_H
#define HARNESS_OWN_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* The path of the object `name`, for the program at `executable` (NULL: this one). False: it is not there;
 * `path` then holds the program's folder. */
bool pf_own_object(const char *executable, const char *name, char *path, size_t capacity);

#endif
