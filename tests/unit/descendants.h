/* Processes that a process has started. */
#ifndef TESTS_DESCENDANTS_H
#define TESTS_DESCENDANTS_H

#include <stddef.h>
#include <sys/types.h>

/* Processes below `parent`, found by their parents in /proc; the deepest come last. Returns how many, at most
 * `capacity`. Fails the test where /proc cannot be read. */
size_t pf_find_descendants(pid_t parent, pid_t *found, size_t capacity);

#endif
