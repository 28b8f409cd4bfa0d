/* Memory that a test shares with the processes it forks, a pf_env in it, and waiting for processes to be
 * gone. */
#ifndef PHOTOFINISH_SHARED_MEMORY_H
#define PHOTOFINISH_SHARED_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "photofinish/variant.h"

/* Zeroed; unmapped when the process ends. */
void *pf_shared_alloc(size_t bytes);

/* An environment of `workers` workers with traces and a cancel flag in shared memory. */
struct pf_env pf_shared_env(uint32_t workers, atomic_int **cancel);

/* Ends the test unless process `pid` (not a child: see pf_adopt_orphans) is gone within ten seconds. */
void pf_wait_until_gone(pid_t pid);

/* Makes this process the one that orphans fall to, so that those left behind show as its children. */
void pf_adopt_orphans(void);

/* Ends the test if this process has a child, dead or alive; waits ten seconds for those on their way out. */
void pf_check_no_children(void);

#endif
