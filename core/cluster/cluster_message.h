/* What goes through Redis: sealed, so that nothing which others wrote there is taken in. A seal is
 * HMAC-SHA256 (RFC 2104) by the secret of the run over the run's number, the kind and the bytes. */
#ifndef PHOTOFINISH_CLUSTER_MESSAGE_H
#define PHOTOFINISH_CLUSTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cluster/broker.h"
#include "photofinish/cluster.h"
#include "photofinish/exec.h"

#define PF_SHARD_MOST 64 /* photos of one shard */
#define PF_SEAL_BYTES 32
#define PF_KEY_BYTES 96 /* of Redis */

enum pf_message_kind { PF_MESSAGE_SHARD = 1, PF_MESSAGE_RESULT, PF_MESSAGE_RUN };

/* A burst, or a part of it. */
typedef struct pf_shard_message {
	uint64_t number;                /* of the shard in its run */
	uint32_t burst;                 /* id */
	uint32_t count;                 /* 1..PF_SHARD_MOST */
	uint32_t photos[PF_SHARD_MOST]; /* manifest indices */
} pf_shard_message;

enum pf_result_again {
	PF_RESULT_FRESH,
	PF_RESULT_AGAIN,     /* scored for this run before this shard came, and told again */
	PF_RESULT_REMEMBERED /* scored for another run */
};

/* A photo's outcome, as a worker tells it to the parent of its pool (pf_result_take). */
typedef struct pf_result_message {
	uint64_t shard;
	uint32_t photo, bytes;
	uint32_t again;          /* enum pf_result_again */
	char host[PF_HOST_NAME]; /* that tells */
	char entry[PF_ENTRY_ID]; /* of the shard's entry */
	uint8_t told[PF_POOL_TOLD_MOST];
} pf_result_message;

/* Which run there is. Sealed by the secret alone: nobody knows its number before. */
typedef struct pf_announcement {
	uint8_t run[16];
	uint32_t lease_ms;
	uint32_t hash_files, remember;     /* 0 or 1, see pf_cluster_found */
	uint8_t manifest[PF_SHA256_BYTES]; /* SHA-256 of the packed dataset */
	pf_cluster_facts facts;
} pf_announcement;

#define PF_MESSAGE_MOST (sizeof(pf_result_message) + PF_SEAL_BYTES)

/* Keys of the run. */
typedef struct pf_cluster_keys {
	char tasks[PF_KEY_BYTES], results[PF_KEY_BYTES], run[PF_KEY_BYTES], manifest[PF_KEY_BYTES];
} pf_cluster_keys;
#define PF_CLUSTER_GROUP "hosts"

void pf_cluster_name_keys(const pf_cluster_seal *seal, pf_cluster_keys *keys);

/* Each returns the bytes that were written to `out`, seal and all. */
size_t pf_shard_write(const pf_cluster_seal *seal, const pf_shard_message *shard,
		      uint8_t out[PF_MESSAGE_MOST]);
size_t pf_result_write(const pf_cluster_seal *seal, const pf_result_message *result,
		       uint8_t out[PF_MESSAGE_MOST]);

size_t pf_announcement_write(const uint8_t secret[32], const pf_announcement *announcement,
			     uint8_t out[PF_MESSAGE_MOST]);
bool pf_announcement_read(const uint8_t secret[32], const void *bytes, size_t size, pf_announcement *out);

/* False for anything that is not whole, sealed by who has the secret, for this run, and in range: photos
 * below `photos`, no text without an end. */
bool pf_shard_read(const pf_cluster_seal *seal, const void *bytes, size_t size, size_t photos,
		   pf_shard_message *out);
bool pf_result_read(const pf_cluster_seal *seal, const void *bytes, size_t size, size_t photos,
		    pf_result_message *out);

#endif
