/* What the kernel says of a process's memory: /proc/PID/smaps_rollup. */
#ifndef HARNESS_SMAPS_H
#define HARNESS_SMAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In bytes. A page that n processes map counts as 1/n in `pss`: over all processes of a trial it counts once.
 * `shared` is the part of pss that lies in shared memory (memfd, shm, shared anonymous mappings); UINT64_MAX
 * where the kernel does not tell (before 5.4). `own` are pages that no other process maps. */
typedef struct pf_smaps {
	uint64_t rss, pss, shared, own;
} pf_smaps;

/* Takes them from the file's text. False, and nothing is changed, if Rss or Pss is missing or no number. */
bool pf_smaps_parse(const char *text, pf_smaps *out);

/* Of a process. False with errno: it is gone (ESRCH, ENOENT), or the kernel does not tell. Walks the
 * process's page tables: about 2 ms for each 100 MB that it has mapped. */
bool pf_smaps_read(pid_t pid, pf_smaps *out);

#endif
