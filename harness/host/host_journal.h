/* The journal of a host: what it scored, by the bytes of the photo as far as path, size and time tell, and by
 * what scored them. It outlives runs, and Redis. For one process at a time. */
#ifndef HARNESS_HOST_JOURNAL_H
#define HARNESS_HOST_JOURNAL_H

#include "photofinish/cluster.h"

typedef struct pf_host_journal pf_host_journal;

/* Opens or begins it. What stands behind its last whole entry (of a host that was killed) is cut off.
 * PF_ERR_UNAVAILABLE: another host has it; PF_ERR_INVALID: it is no journal. */
pf_status pf_host_journal_open(const char *path, pf_host_journal **out, pf_error *error);
void pf_host_journal_close(pf_host_journal *journal); /* NULL is fine */

/* What pf_cluster_host asks, in the run *found, which must outlive it. What was scored for other runs is told
 * where found->remember allows it. Only scores are kept, no failures. A journal that cannot be written to any
 * more is left as it is: the run goes on. */
pf_status pf_host_journal_memory(pf_host_journal *journal, const pf_cluster_found *found, pf_host_memory *out,
				 pf_error *error);

#endif
