/* How hosts find a run: one sealed entry that says which, and the manifest. */
#include "core/cluster/announcement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "photofinish/engine_file.h"
#include "photofinish/file.h"
#include "photofinish/instruction_sets.h"
#include "photofinish/sha256.h"

pf_status pf_cluster_facts_of(const pf_scorer_config *config, pf_cluster_facts *out, pf_error *error)
{
	*out = (pf_cluster_facts){.version = ""};
	snprintf(out->version, sizeof out->version, "%s", pf_engine_version());
	pf_processor_class(out->processor, sizeof out->processor);
	pf_status status = pf_engine_digest(out->engine, error);
	return status == PF_OK ? pf_scorer_config_digest(config, out->config, error) : status;
}

const char *pf_cluster_facts_differ(const pf_cluster_facts *a, const pf_cluster_facts *b)
{
	return strncmp(a->version, b->version, sizeof a->version) != 0
		       ? "libraries or the instruction set in use"
	       : strncmp(a->processor, b->processor, sizeof a->processor) != 0 ? "the processors"
	       : memcmp(a->engine, b->engine, sizeof a->engine) != 0           ? "the engine"
	       : memcmp(a->config, b->config, sizeof a->config) != 0
		       ? "configuration, models or their libraries"
		       : NULL;
}

pf_status pf_cluster_secret(const char *text, uint8_t secret[32], pf_error *error)
{
	if (!text || strlen(text) < PF_SECRET_LEAST) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       PF_CLUSTER_SECRET
			       " has to be set, to a text of %d bytes at least that submitter and "
			       "hosts share (openssl rand -hex 16)",
			       PF_SECRET_LEAST);
	}
	pf_sha256_of(text, strlen(text), secret);
	return PF_OK;
}

/* In memory: the manifest's bytes. The caller frees them. */
static char *pack(const pf_dataset *dataset, size_t *size)
{
	char *bytes = NULL;
	FILE *stream = open_memstream(&bytes, size);
	bool whole = stream && pf_dataset_pack(dataset, stream) == PF_OK;
	whole = stream && fclose(stream) == 0 && whole;
	if (!whole) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

pf_status pf_announce(pf_broker *broker, const pf_cluster_seal *seal, const pf_announcement *what,
		      const pf_dataset *dataset, pf_error *error)
{
	uint8_t bytes[PF_MESSAGE_MOST];
	pf_cluster_keys keys;
	pf_announcement announcement = *what;
	size_t size = 0;
	char *manifest = pack(dataset, &size);
	if (!manifest || size > PF_MANIFEST_MOST) {
		free(manifest);
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "the list of photos is too large for Redis");
	}
	pf_cluster_name_keys(seal, &keys);
	memcpy(announcement.run, seal->run, sizeof announcement.run);
	pf_sha256_of(manifest, size, announcement.manifest);
	size_t sealed = pf_announcement_write(seal->secret, &announcement, bytes);
	pf_status status = sealed ? pf_broker_put(broker, error, "SET %s %b EX %d", keys.manifest, manifest,
						  size, PF_KEPT_FOR_S)
				  : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a seal");
	free(manifest);
	return status == PF_OK ? pf_broker_put(broker, error, "SET " PF_ANNOUNCED " %b EX %d", bytes, sealed,
					       PF_ANNOUNCED_FOR_S)
			       : status;
}

pf_status pf_announced_renew(pf_broker *broker, const pf_cluster_keys *keys, pf_error *error)
{
	redisReply *reply = NULL;
	pf_status status = pf_broker_ask(broker, &reply, error, "EXPIRE " PF_ANNOUNCED " %d",
					 PF_ANNOUNCED_FOR_S);
	bool there = status == PF_OK && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
	freeReplyObject(reply);
	if (status == PF_OK && !there) {
		return pf_fail(error, PF_ERR_NOT_FOUND, NULL, "the run is not known any more at %s",
			       pf_broker_name(broker));
	}
	/* Of a submitter that is killed, nothing stays for ever. */
	const char *const kept[] = {keys->tasks, keys->results, keys->manifest};
	for (size_t i = 0; i < sizeof kept / sizeof *kept && status == PF_OK; i++) {
		reply = NULL;
		status = pf_broker_ask(broker, &reply, error, "EXPIRE %s %d", kept[i], PF_KEPT_FOR_S);
		freeReplyObject(reply);
	}
	return status;
}

static pf_status read_announcement(pf_broker *broker, const uint8_t secret[32], pf_announcement *out,
				   pf_error *error)
{
	redisReply *reply = NULL;
	pf_status status = pf_broker_ask(broker, &reply, error, "GET " PF_ANNOUNCED);
	if (status == PF_OK && reply->type == REDIS_REPLY_NIL) {
		status = pf_fail(error, PF_ERR_NOT_FOUND, NULL, "no run is going on at %s",
				 pf_broker_name(broker));
	} else if (status == PF_OK && (reply->type != REDIS_REPLY_STRING ||
				       !pf_announcement_read(secret, reply->str, reply->len, out))) {
		status = pf_fail(error, PF_ERR_INVALID, NULL,
				 "what is announced at %s was not sealed with this secret",
				 pf_broker_name(broker));
	}
	freeReplyObject(reply);
	return status;
}

static pf_status read_manifest(pf_broker *broker, const pf_announcement *announcement,
			       const pf_cluster_keys *keys, pf_dataset **out, pf_error *error)
{
	redisReply *reply = NULL;
	uint8_t digest[PF_SHA256_BYTES];
	pf_broker_let(broker, PF_MANIFEST_MOST + (1u << 16));
	pf_status status = pf_broker_ask(broker, &reply, error, "GET %s", keys->manifest);
	if (status != PF_OK) {
		return status;
	}
	bool right = reply->type == REDIS_REPLY_STRING;
	if (right) {
		pf_sha256_of(reply->str, reply->len, digest);
		right = memcmp(digest, announcement->manifest, sizeof digest) == 0;
	}
	int file = right ? memfd_create("manifest", MFD_CLOEXEC) : -1;
	if (!right) {
		status = pf_fail(error, PF_ERR_NOT_FOUND, NULL, "the run's list of photos is not at %s",
				 pf_broker_name(broker));
	} else if (file < 0 || !pf_write_all(file, reply->str, reply->len)) {
		status = pf_fail_errno(error, NULL, "cannot keep the run's list of photos");
	} else {
		status = pf_dataset_unpack(file, out, error);
	}
	if (file >= 0) {
		close(file);
	}
	freeReplyObject(reply);
	return status;
}

pf_status pf_cluster_find(const pf_broker_address *address, const uint8_t secret[32], bool dataset,
			  pf_cluster_found *out, pf_error *error)
{
	pf_broker *broker = NULL;
	pf_announcement announcement = {.lease_ms = 0};
	pf_cluster_keys keys;
	*out = (pf_cluster_found){.dataset = NULL};
	pf_status status = pf_broker_open(address, &broker, error);
	status = status == PF_OK ? read_announcement(broker, secret, &announcement, error) : status;
	if (status == PF_OK) {
		memcpy(out->seal.run, announcement.run, sizeof out->seal.run);
		memcpy(out->seal.secret, secret, sizeof out->seal.secret);
		out->lease_ms = announcement.lease_ms;
		out->hash_files = announcement.hash_files != 0;
		out->remember = announcement.remember != 0;
		out->facts = announcement.facts;
		pf_cluster_name_keys(&out->seal, &keys);
	}
	if (status == PF_OK && dataset) {
		status = read_manifest(broker, &announcement, &keys, &out->dataset, error);
	}
	pf_broker_close(broker);
	return status;
}
