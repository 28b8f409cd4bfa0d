/* Scoring over several hosts, with Redis Streams between them: a submitter adds shards of bursts to one
 * stream and takes outcomes from another; hosts take shards and tell outcomes. What lies in Redis can be lost
 * at any time: the submitter makes it anew from what it knows, and hosts tell again what they have scored.
 * docs/cluster.md says how; a build without hiredis has none of it. */
#ifndef PHOTOFINISH_CLUSTER_H
#define PHOTOFINISH_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/burst.h"
#include "photofinish/cluster_place.h"
#include "photofinish/dataset.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* The submitter's side of a run; for one thread. */
typedef struct pf_cluster pf_cluster;

/* What became of a run so far. */
typedef struct pf_cluster_counts {
	uint64_t shards, again; /* that were added; of those, how many once more */
	uint64_t duplicates;    /* outcomes of photos that were done */
	uint64_t refused;       /* entries of streams that were not ours */
	uint64_t rebuilt;       /* times that all of Redis was made anew */
	uint64_t quarantined;   /* photos that were given up with their hosts */
	uint64_t remembered;    /* photos that hosts had scored for another run */
} pf_cluster_counts;

/* Outcomes and ranks go to the sink, spans to env->traces. Everything must outlive the run. `lease_ms`: a
 * shard whose host has said nothing for so long is given to another one. PF_ERR_UNAVAILABLE, PF_ERR_IO: Redis
 * cannot be used, or reached. */
PF_API pf_status pf_cluster_open(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
				 const pf_broker_address *address, const pf_cluster_seal *seal,
				 uint32_t lease_ms, pf_cluster **out, pf_error *error);
/* Makes the run known to hosts elsewhere (pf_cluster_find), as long as it goes on. `remember`: a score that a
 * host made for another run will do. From then on a minute without a host is an error (PF_ERR_UNAVAILABLE).
 * PF_ERR_UNAVAILABLE: another run is known there. */
PF_API pf_status pf_cluster_announce(pf_cluster *cluster, bool remember, pf_error *error);
/* Takes its streams away, and so ends its hosts. NULL is fine. */
PF_API void pf_cluster_close(pf_cluster *cluster);

/* In a process that was forked since: gives up the connections, which are the submitter's. */
PF_API void pf_cluster_disown(pf_cluster *cluster);

/* pf_burst_fn whose context is a pf_cluster: tells the sink of the burst and adds its shards. */
PF_API pf_status pf_cluster_add(void *cluster, const pf_burst *burst);

/* Takes in what hosts told, waiting up to wait_ms for it, looks after leases, and makes Redis anew where that
 * is needed; a Redis that is gone is tried again for 30 s. */
PF_API pf_status pf_cluster_step(pf_cluster *cluster, int wait_ms, pf_error *error);
PF_API bool pf_cluster_is_done(const pf_cluster *cluster); /* every photo that was added */
PF_API pf_cluster_counts pf_cluster_count(const pf_cluster *cluster);

/* What a host has scored, kept beyond its runs; called in its own process. NULL functions are not called. */
typedef struct pf_host_memory {
	void *context;
	/* A copy of what was told of a photo with the same bytes, PF_POOL_TOLD_MOST at most; 0: nothing.
	 * *other: for another run. */
	size_t (*find)(void *context, uint32_t photo, uint8_t *told, bool *other);
	void (*add)(void *context, uint32_t photo, const void *told, size_t bytes);
	void (*leave)(void *context); /* in a worker, which has no business there */
} pf_host_memory;

typedef struct pf_host_order {
	const struct pf_env *env;
	const pf_dataset *dataset;
	pf_broker_address address;
	pf_cluster_seal seal;
	const char *name; /* that no other host of the run has */
	uint32_t lease_ms;
	uint32_t patience_ms; /* without a word of Redis: then it fails; 0: for ever */
	uint32_t gone_ms;     /* the same without the run there: PF_ERR_NOT_FOUND */
	pf_host_memory memory;
} pf_host_order;

typedef struct pf_host_counts {
	uint64_t scored, remembered, refused; /* photos; the same by its memory; entries that were not ours */
} pf_host_counts;

/* A host: takes shards and has them scored by env->workers processes (pf_pool_run) of this process, which
 * itself scores nothing: it renews leases. Returns when the run is over. Workers lose the connections, and
 * what reaching and starting a server takes (pf_contain_without). *counts may be NULL. */
PF_API pf_status pf_cluster_host(const pf_host_order *order, pf_host_counts *counts, pf_error *error);

#endif
