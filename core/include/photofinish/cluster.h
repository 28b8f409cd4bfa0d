/* Scoring over several hosts, with Redis Streams between them: a submitter adds shards of bursts to one
 * stream and takes outcomes from another; hosts take shards and tell outcomes. What lies in Redis can be lost
 * at any time: the submitter makes it anew from what it knows, and hosts tell again what they have scored.
 * docs/cluster.md says how; a build without hiredis has none of it. */
#ifndef PHOTOFINISH_CLUSTER_H
#define PHOTOFINISH_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "photofinish/burst.h"
#include "photofinish/dataset.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Where Redis listens. Plain data. */
typedef struct pf_broker_address {
	char path[108]; /* of a Unix socket; "": host and port */
	char host[256];
	int port;
	char user[128], password[256]; /* "": none */
	int database;
} pf_broker_address;

/* redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or unix:PATH. PF_ERR_USAGE says what is wrong. */
PF_API pf_status pf_broker_address_read(const char *url, pf_broker_address *out, pf_error *error);

#define PF_BROKER_NAME 384
/* "redis at HOST:PORT", for people: without a password. */
PF_API const char *pf_broker_address_text(const pf_broker_address *address, char out[PF_BROKER_NAME]);

/* Who has the secret may tell outcomes of the run. Plain data. */
typedef struct pf_cluster_seal {
	uint8_t run[16]; /* a number that no other run has */
	uint8_t secret[32];
} pf_cluster_seal;

/* Both drawn by the kernel. */
PF_API pf_status pf_cluster_seal_draw(pf_cluster_seal *out, pf_error *error);

/* A redis-server of our own: on a Unix socket in `folder` (which has to be there, and is the caller's to
 * remove), without a port, without files of its own, killed with the thread that started it. */
typedef struct pf_own_broker {
	pid_t pid; /* 0: none */
	pf_broker_address address;
	uint64_t peak_rss_bytes; /* of those that were reaped */
} pf_own_broker;

/* Starts it and waits until it answers. PF_ERR_UNAVAILABLE where redis-server is not installed. */
PF_API pf_status pf_own_broker_start(pf_own_broker *broker, const char *folder, pf_error *error);
PF_API bool pf_own_broker_is_gone(pf_own_broker *broker); /* reaps it where it ended */
PF_API void pf_own_broker_stop(pf_own_broker *broker);

/* The submitter's side of a run; for one thread. */
typedef struct pf_cluster pf_cluster;

/* What became of a run so far. */
typedef struct pf_cluster_counts {
	uint64_t shards, again; /* that were added; of those, how many once more */
	uint64_t duplicates;    /* outcomes of photos that were done */
	uint64_t refused;       /* entries of streams that were not ours */
	uint64_t rebuilt;       /* times that all of Redis was made anew */
	uint64_t quarantined;   /* photos that were given up with their hosts */
} pf_cluster_counts;

/* Outcomes and ranks go to the sink, spans to env->traces. Everything must outlive the run. `lease_ms`: a
 * shard whose host has said nothing for so long is given to another one. PF_ERR_UNAVAILABLE, PF_ERR_IO: Redis
 * cannot be used, or reached. */
PF_API pf_status pf_cluster_open(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
				 const pf_broker_address *address, const pf_cluster_seal *seal,
				 uint32_t lease_ms, pf_cluster **out, pf_error *error);
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

/* A host: takes shards and has them scored by env->workers processes (pf_pool_run) of this process, which
 * itself scores nothing: it renews leases. Returns when the run is over. Workers lose the connections, and
 * what reaching and starting a server takes (pf_contain_without). */
PF_API pf_status pf_cluster_host(const struct pf_env *env, const pf_dataset *dataset,
				 const pf_broker_address *address, const pf_cluster_seal *seal,
				 const char *name, uint32_t lease_ms, pf_error *error);

#endif
