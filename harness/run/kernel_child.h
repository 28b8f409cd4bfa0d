/* The scoring kernel alone in a process, for tools that slow it down (callgrind). */
#ifndef HARNESS_KERNEL_CHILD_H
#define HARNESS_KERNEL_CHILD_H

#include <stdint.h>

/* Descriptors that the process finds: a pf_scorer_config as it lies in memory, and a manifest. */
enum { PF_KERNEL_FD_CONFIG = 3, PF_KERNEL_FD_MANIFEST = 4, PF_KERNEL_PHOTOS = 3 };

/* The function that scores one photo. The process calls it for the photos that are counted and for no other:
 * the first one is scored in parts before, so that what happens once (networks made ready) is not counted. */
#define PF_KERNEL_FUNCTION "pf_scorer_photo"

/* What the hidden command "kernel" does: scores photos by their manifest indices and writes a line for each
 * to standard output: index, status, total score in hexadecimal. Returns the exit status. */
int pf_kernel_child(const uint32_t *photos, uint32_t count);

#endif
