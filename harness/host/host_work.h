/* A machine as a host of cluster: it finds runs, checks that its scores would be theirs, and works for them.
 */
#ifndef HARNESS_HOST_WORK_H
#define HARNESS_HOST_WORK_H

#include "photofinish/cluster.h"

typedef struct pf_work {
	const char *redis;   /* its address, for people */
	const char *folder;  /* absolute: where the photos of runs are found here */
	const char *journal; /* a file; NULL: none */
	char name[PF_HOST_NAME];
	uint32_t workers;
	uint64_t photo_timeout_ns;
	pf_broker_address address;
	uint8_t secret[32];
	pf_scorer_config config;
	pf_cluster_facts facts; /* of the configuration */
} pf_work;

/* Works for one run: the one that goes on now, or the next one, which is waited for. It is scored in a
 * process of its own, contained as a trial is, which may use sockets and read the folder. PF_ERR_INVALID: the
 * run cannot have this host's scores, this host's photos, or its secret. PF_ERR_NOT_FOUND: its submitter is
 * gone. PF_ERR_IO: Redis cannot be reached, or not any more for a minute. PF_ERR_CANCELLED: an interrupt
 * came; what was begun has been told, what was not is given back. For one thread. */
pf_status pf_work_one(const pf_work *work, pf_host_counts *counts, pf_error *error);

#endif
