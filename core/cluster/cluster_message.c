#include "core/cluster/cluster_message.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

void pf_cluster_name_keys(const pf_cluster_seal *seal, pf_cluster_keys *keys)
{
	char run[2 * sizeof seal->run + 1];
	for (size_t i = 0; i < sizeof seal->run; i++) {
		snprintf(run + 2 * i, 3, "%02x", seal->run[i]);
	}
	snprintf(keys->tasks, PF_KEY_BYTES, "photofinish:{%s}:tasks", run);
	snprintf(keys->results, PF_KEY_BYTES, "photofinish:{%s}:results", run);
	snprintf(keys->run, PF_KEY_BYTES, "photofinish:{%s}:run", run);
	snprintf(keys->manifest, PF_KEY_BYTES, "photofinish:{%s}:manifest", run);
}

/* HMAC by two plain hashes would do as well; this one allocates, and says so by false. */
static bool seal_of(const pf_cluster_seal *seal, uint8_t kind, const void *bytes, size_t size,
		    uint8_t out[PF_SEAL_BYTES])
{
	uint8_t all[sizeof seal->run + 1 + PF_MESSAGE_MOST];
	unsigned length = PF_SEAL_BYTES;
	memcpy(all, seal->run, sizeof seal->run);
	all[sizeof seal->run] = kind;
	memcpy(all + sizeof seal->run + 1, bytes, size);
	return HMAC(EVP_sha256(), seal->secret, sizeof seal->secret, all, sizeof seal->run + 1 + size, out,
		    &length) != NULL;
}

static size_t close_message(const pf_cluster_seal *seal, uint8_t kind, uint8_t *out, size_t size)
{
	return seal_of(seal, kind, out, size, out + size) ? size + PF_SEAL_BYTES : 0;
}

/* The size of what is sealed, 0 where the seal is not right. */
static size_t open_message(const pf_cluster_seal *seal, uint8_t kind, const void *bytes, size_t size)
{
	uint8_t wanted[PF_SEAL_BYTES];
	if (size <= PF_SEAL_BYTES || size > PF_MESSAGE_MOST) {
		return 0;
	}
	size -= PF_SEAL_BYTES;
	bool right = seal_of(seal, kind, bytes, size, wanted) &&
		     CRYPTO_memcmp(wanted, (const uint8_t *)bytes + size, PF_SEAL_BYTES) == 0;
	return right ? size : 0;
}

size_t pf_shard_write(const pf_cluster_seal *seal, const pf_shard_message *shard,
		      uint8_t out[PF_MESSAGE_MOST])
{
	size_t size = offsetof(pf_shard_message, photos) + shard->count * sizeof *shard->photos;
	memcpy(out, shard, size);
	return close_message(seal, PF_MESSAGE_SHARD, out, size);
}

size_t pf_result_write(const pf_cluster_seal *seal, const pf_result_message *result,
		       uint8_t out[PF_MESSAGE_MOST])
{
	size_t size = offsetof(pf_result_message, told) + result->bytes;
	memcpy(out, result, size);
	return close_message(seal, PF_MESSAGE_RESULT, out, size);
}

bool pf_shard_read(const pf_cluster_seal *seal, const void *bytes, size_t size, size_t photos,
		   pf_shard_message *out)
{
	size_t head = offsetof(pf_shard_message, photos),
	       open = open_message(seal, PF_MESSAGE_SHARD, bytes, size);
	if (open < head || open > sizeof *out) {
		return false;
	}
	memcpy(out, bytes, open);
	bool right = out->count > 0 && out->count <= PF_SHARD_MOST &&
		     open == head + out->count * sizeof *out->photos;
	for (uint32_t i = 0; right && i < out->count; i++) {
		right = out->photos[i] < photos;
		for (uint32_t k = 0; right && k < i; k++) {
			right = out->photos[k] != out->photos[i];
		}
	}
	return right;
}

bool pf_result_read(const pf_cluster_seal *seal, const void *bytes, size_t size, size_t photos,
		    pf_result_message *out)
{
	size_t head = offsetof(pf_result_message, told);
	size_t open = open_message(seal, PF_MESSAGE_RESULT, bytes, size);
	if (open < head || open > sizeof *out) {
		return false;
	}
	memcpy(out, bytes, open);
	return out->bytes <= sizeof out->told && open == head + out->bytes && out->photo < photos &&
	       memchr(out->entry, 0, sizeof out->entry) && memchr(out->host, 0, sizeof out->host) &&
	       out->again <= PF_RESULT_REMEMBERED;
}

size_t pf_announcement_write(const uint8_t secret[32], const pf_announcement *announcement,
			     uint8_t out[PF_MESSAGE_MOST])
{
	pf_cluster_seal seal = {.run = {0}};
	memcpy(seal.secret, secret, sizeof seal.secret);
	memcpy(out, announcement, sizeof *announcement);
	return close_message(&seal, PF_MESSAGE_RUN, out, sizeof *announcement);
}

bool pf_announcement_read(const uint8_t secret[32], const void *bytes, size_t size, pf_announcement *out)
{
	pf_cluster_seal seal = {.run = {0}};
	memcpy(seal.secret, secret, sizeof seal.secret);
	if (open_message(&seal, PF_MESSAGE_RUN, bytes, size) != sizeof *out) {
		return false;
	}
	memcpy(out, bytes, sizeof *out);
	return memchr(out->facts.version, 0, sizeof out->facts.version) &&
	       memchr(out->facts.processor, 0, sizeof out->facts.processor) &&
	       out->lease_ms >= PF_LEASE_LEAST_MS && out->lease_ms <= PF_LEASE_MOST_MS;
}
