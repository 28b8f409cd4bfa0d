/* Where submitter and hosts of a cluster meet (cluster.h): a Redis, a secret, and what they have to have in
 * common. */
#ifndef PHOTOFINISH_CLUSTER_PLACE_H
#define PHOTOFINISH_CLUSTER_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "photofinish/dataset.h"
#include "photofinish/scorer.h"
#include "photofinish/status.h"

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

/* What a host has to have in common with a submitter, so that its scores are those of one machine. Plain
 * data. */
typedef struct pf_cluster_facts {
	uint8_t engine[PF_SHA256_BYTES]; /* pf_engine_digest */
	uint8_t config[PF_SHA256_BYTES]; /* pf_scorer_config_digest: configuration, models, libraries */
	char version[256];               /* pf_engine_version: with the kernels' set of instructions */
	char processor[800]; /* pf_processor_class: networks are executed by it, and cut by its caches */
} pf_cluster_facts;

PF_API pf_status pf_cluster_facts_of(const pf_scorer_config *config, pf_cluster_facts *out, pf_error *error);
/* What they differ in, for people: "the engine"; NULL where they do not. */
PF_API const char *pf_cluster_facts_differ(const pf_cluster_facts *a, const pf_cluster_facts *b);

/* Variables of the environment that hold them, so that no command line and no record does. */
#define PF_CLUSTER_REDIS "PHOTOFINISH_REDIS"
#define PF_CLUSTER_SECRET "PHOTOFINISH_CLUSTER_SECRET"
#define PF_SECRET_LEAST 16 /* bytes: who sees what goes through Redis could try shorter ones */

/* SHA-256 of a text that submitter and hosts share: who has it may announce runs, and tell outcomes.
 * PF_ERR_USAGE: it is NULL or too short. */
PF_API pf_status pf_cluster_secret(const char *text, uint8_t secret[32], pf_error *error);

#define PF_HOST_NAME 64
#define PF_LEASE_LEAST_MS 50
#define PF_LEASE_MOST_MS 600000

/* A run that is going on at that address. */
typedef struct pf_cluster_found {
	pf_cluster_seal seal;
	uint32_t lease_ms;
	bool hash_files; /* outcomes have to tell which bytes were scored */
	bool remember;   /* a score that was made for another run will do */
	pf_cluster_facts facts;
	pf_dataset *dataset; /* the finder's to free; its root is the submitter's */
} pf_cluster_found;

/* PF_ERR_NOT_FOUND: there is none. PF_ERR_INVALID: what is announced was sealed with another secret, or is
 * nothing. With `dataset` false *out has none. */
PF_API pf_status pf_cluster_find(const pf_broker_address *address, const uint8_t secret[32], bool dataset,
				 pf_cluster_found *out, pf_error *error);

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

#endif
