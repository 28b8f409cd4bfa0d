/* What all processes of a group take at a moment, cheap enough to be asked ten times a second. */
#ifndef HARNESS_GROUP_MEMORY_H
#define HARNESS_GROUP_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes. The sum of their resident sizes, in which pages that they share count in each (microseconds); where
 * that is more than `enough`, the sum of their PSS, in which such pages count once (milliseconds). */
uint64_t pf_group_memory(pid_t group, uint64_t enough);

#endif
