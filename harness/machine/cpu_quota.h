/* How much processor time this process may take by its control groups: a limit that no affinity shows. */
#ifndef HARNESS_CPU_QUOTA_H
#define HARNESS_CPU_QUOTA_H

#include <stdint.h>

/* In processors (1.5: one and a half of one's time), the lowest limit of its groups, versions 1 and 2; 0
 * where there is none or it cannot be read. `root` stands before /proc and /sys (tests); NULL: "". */
double pf_cpu_quota(const char *root);

/* How long its group, and those above it that say so, were kept from running by such a limit, in ns since
 * they began; UINT64_MAX where none of them tells. */
uint64_t pf_cpu_throttled_ns(const char *root);

#endif
