/* What the submitter knows, for the files that it is made of. */
#ifndef PHOTOFINISH_CLUSTER_SUBMITTER_H
#define PHOTOFINISH_CLUSTER_SUBMITTER_H

#include "core/cluster/announcement.h"
#include "core/cluster/cluster_message.h"
#include "photofinish/crew.h"

/* What hosts were given. */
struct shard {
	uint32_t burst;        /* place in the store */
	uint32_t first, count; /* photos of it */
	uint32_t left;         /* that are not done */
	uint32_t expired;      /* leases: its host was lost, or lost it */
	uint32_t next;         /* shard of the same burst, and one; 0: none */
	bool split;            /* into shards of one photo, which stand for it */
};

struct pf_cluster {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_broker_address address;
	pf_cluster_seal seal;
	pf_cluster_keys keys;
	uint32_t lease_ms;
	pf_broker *commands, *reader; /* NULL: lost */
	bool reading;                 /* the reader was asked, and has not answered yet */
	char last[PF_ENTRY_ID];       /* entry of the results that was read last */
	pf_burst_store *bursts;
	pf_result_table *table;
	struct shard *shards;
	uint32_t *first_of; /* burst: its latest shard, and one */
	size_t shard_count, shard_room;
	bool spoilt;    /* what is in the results cannot be read */
	size_t left;    /* photos that were added and are not done */
	bool announced; /* to hosts elsewhere: the next says how */
	pf_announcement announcement;
	uint64_t tended_ns, lost_ns, tried_ns, asked_ns; /* asked: the reader */
	uint64_t heard_ns;                               /* of any host */
	pf_cluster_counts counts;
};

pf_burst pf_shard_burst(const pf_cluster *cluster, const struct shard *shard);

/* Puts an XADD of those of its photos that are not done. */
pf_status pf_shard_send(pf_cluster *cluster, size_t number, pf_error *error);
/* A new one, of `count` photos of the burst at place `burst` of the store, from its `first` one. */
pf_status pf_shard_add(pf_cluster *cluster, uint32_t burst, uint32_t first, uint32_t count, pf_error *error);

/* All shards that a photo is of know that it is done: the one that it was told for, and its parts or whole.
 */
void pf_cluster_note_done(pf_cluster *cluster, uint32_t burst, uint32_t photo);

pf_status pf_cluster_forget_entry(pf_cluster *cluster, const char *entry, pf_error *error);

/* Waits for the replies to all that was put: each is fine, or what is in Redis is not what it should be. */
pf_status pf_cluster_drain_all(pf_cluster *cluster, pf_error *error);

/* Four times in a lease: says that the run goes on, and gives others what its host let go. */
pf_status pf_cluster_tend(pf_cluster *cluster, pf_error *error);

#endif
