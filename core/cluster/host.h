/* What a host knows, for the files that it is made of. */
#ifndef PHOTOFINISH_CLUSTER_HOST_H
#define PHOTOFINISH_CLUSTER_HOST_H

#include "core/cluster/cluster_message.h"
#include "photofinish/crew.h"

#define PF_HOST_LOOKED_EVERY_NS 2000000000u /* whether the run goes on */
enum { HELD_MOST = 256 };

enum photo_state { OPEN, GIVEN, DONE };

/* A shard that is worked on here. */
struct held {
	char entry[PF_ENTRY_ID];
	pf_shard_message shard;
	uint32_t left; /* photos that were not told yet; 0: this place is free */
};

/* What a worker told of a photo, as it told it. */
struct kept {
	uint32_t bytes;
	uint8_t told[];
};

struct host {
	struct pf_env env;          /* of the pool: `isolate` is ours */
	const struct pf_env *outer; /* that was given */
	struct pf_env judge;        /* with a trace of this process's own in slot 0 */
	const pf_dataset *dataset;
	struct pf_sink sink; /* into which nothing goes */
	pf_broker_address address;
	pf_cluster_seal seal;
	pf_cluster_keys keys;
	char name[PF_HOST_NAME];
	uint32_t lease_ms;
	pf_broker *tasks, *results; /* NULL: lost */
	int waited, over_event;     /* an epoll of the tasks' connection and of the event that all is over */
	bool asked;                 /* for tasks */
	bool over;
	pf_status failed; /* that the pool is to end with */
	pf_error why;
	pf_burst_store *bursts;
	pf_result_table *table;
	uint8_t *states;    /* of photos */
	struct kept **kept; /* of photos that are done */
	pf_burst_worker worker;
	pf_pool_job job;
	struct held held[HELD_MOST];
	pf_host_memory memory;
	pf_host_counts counts;
	uint32_t patience_ms, gone_ms;
	uint64_t renewed_ns, tried_ns, looked_ns;
	uint64_t reached_ns, there_ns; /* Redis was, and the run in it */
	uint64_t asked_ns,
		unanswered_ns; /* of the tasks' connection, and of the other: since when it owes replies */
};

pf_status pf_host_connect(struct host *host);
void pf_host_lose(struct host *host); /* both connections: what was under way there is told again */

/* What is kept of the photo, for the shard that it is held for. Without Redis nothing: the lease runs out,
 * and it is asked for again. */
pf_status pf_host_tell(struct host *host, const struct held *held, uint32_t photo,
		       enum pf_result_again again);

/* Asks for as many shards as keep the workers busy: one at work and one ahead for each. */
void pf_host_want(struct host *host);

void pf_host_drop(struct host *host,
		  const char *entry);  /* one that is not ours, so that nobody takes it again */
void pf_host_renew(struct host *host); /* the leases of what is under way here */
void pf_host_look(struct host *host);  /* asks whether the run goes on, or is over: drain takes the answer */

/* Takes replies to results, renewals and questions: failures are met by telling again. With wait_ms > 0 until
 * there are none under way, or none came for so long. */
void pf_host_drain(struct host *host, int wait_ms);

void pf_host_end(struct host *host);           /* nothing more is taken */
void pf_host_lose_mute(struct host *host);     /* loses connections that owe an answer */
void pf_host_lose_patience(struct host *host); /* ends without a Redis, or a run, that comes back */

/* What was not scored is everybody's again, without waiting for the lease to end. */
void pf_host_give_back(struct host *host);

#endif
