/* The submitter: what it knows of the run is what counts; the streams are made of it, and can be again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cluster/cluster_message.h"
#include "photofinish/crew.h"

#define TRIED_FOR_NS 30000000000u /* a Redis that is gone */
#define TRIED_EVERY_NS 200000000u
#define REBUILDS_MOST 32 /* more of them are somebody's intention */
enum { READ_AT_ONCE = 64 };

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
	bool spoilt; /* what is in the results cannot be read */
	size_t left; /* photos that were added and are not done */
	uint64_t tended_ns, lost_ns, tried_ns;
	pf_cluster_counts counts;
};

static pf_burst burst_of(const pf_cluster *cluster, const struct shard *shard)
{
	return pf_burst_store_get(cluster->bursts, shard->burst);
}

/* Both connections are given up: what was under way there is unknown, and what was lost is made anew. */
static void lose(pf_cluster *cluster)
{
	pf_broker_close(cluster->commands);
	pf_broker_close(cluster->reader);
	cluster->commands = cluster->reader = NULL;
	cluster->reading = false;
	cluster->lost_ns = cluster->lost_ns ? cluster->lost_ns : pf_now_ns();
}

static pf_status send_shard(pf_cluster *cluster, size_t number, pf_error *error)
{
	const struct shard *shard = &cluster->shards[number];
	pf_burst burst = burst_of(cluster, shard);
	pf_shard_message message = {.number = number, .burst = burst.id, .count = 0};
	uint8_t bytes[PF_MESSAGE_MOST];
	for (uint32_t i = shard->first; i < shard->first + shard->count; i++) {
		if (!pf_result_is_done(cluster->table, burst.photos[i])) {
			message.photos[message.count++] = burst.photos[i];
		}
	}
	size_t size = pf_shard_write(&cluster->seal, &message, bytes);
	return size == 0 ? pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a seal")
			 : pf_broker_put(cluster->commands, error, "XADD %s * m %b", cluster->keys.tasks,
					 bytes, size);
}

static pf_status add_shard(pf_cluster *cluster, uint32_t burst, uint32_t first, uint32_t count,
			   pf_error *error)
{
	if (cluster->shard_count == cluster->shard_room) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "more shards than photos allow");
	}
	cluster->shards[cluster->shard_count++] = (struct shard){.burst = burst,
								 .first = first,
								 .count = count,
								 .left = count,
								 .next = cluster->first_of[burst]};
	cluster->first_of[burst] = (uint32_t)cluster->shard_count;
	cluster->counts.shards++;
	return cluster->commands ? send_shard(cluster, cluster->shard_count - 1, error) : PF_OK;
}

/* Replies to what was put: each is fine, or what is in Redis is not what it should be. */
static pf_status drain(pf_cluster *cluster, pf_error *error)
{
	pf_status status = PF_OK;
	redisReply *reply = NULL;
	do {
		status = pf_broker_next(cluster->commands, 0, &reply, error);
		if (status == PF_OK && reply) {
			status = pf_broker_judge(cluster->commands, reply, error);
			freeReplyObject(reply);
		}
	} while (status == PF_OK && reply);
	return status;
}

/* The same for all of them. */
static pf_status drain_all(pf_cluster *cluster, pf_error *error)
{
	while (pf_broker_pending(cluster->commands)) {
		redisReply *reply;
		pf_status status = pf_broker_next(cluster->commands, PF_BROKER_PATIENCE_MS, &reply, error);
		if (status == PF_OK && !reply) {
			status = pf_fail(error, PF_ERR_IO, NULL, "%s did not answer within %d s",
					 pf_broker_name(cluster->commands), PF_BROKER_PATIENCE_MS / 1000);
		}
		status = status == PF_OK ? pf_broker_judge(cluster->commands, reply, error) : status;
		freeReplyObject(reply);
		if (status != PF_OK) {
			return status;
		}
	}
	return PF_OK;
}

/* Makes the streams from what is not done. Results stay, so that who wrote them need not tell again, unless
 * what is there cannot be read: an entry that is too large, or a value of another kind. */
static pf_status build(pf_cluster *cluster, pf_error *error)
{
	pf_status status = pf_broker_put(cluster->commands, error, "DEL %s", cluster->keys.tasks);
	if (status == PF_OK) {
		status = pf_broker_put(cluster->commands, error,
				       "XGROUP CREATE %s " PF_CLUSTER_GROUP " 0 MKSTREAM",
				       cluster->keys.tasks);
	}
	if (status == PF_OK) {
		status = pf_broker_put(cluster->commands, error, "SET %s on", cluster->keys.run);
	}
	if (status == PF_OK && cluster->spoilt) {
		status = pf_broker_put(cluster->commands, error, "DEL %s", cluster->keys.results);
	}
	for (size_t i = 0; i < cluster->shard_count && status == PF_OK; i++) {
		if (cluster->shards[i].left && !cluster->shards[i].split) {
			status = send_shard(cluster, i, error);
		}
	}
	snprintf(cluster->last, sizeof cluster->last, "0-0");
	status = status == PF_OK ? drain_all(cluster, error) : status;
	cluster->spoilt = cluster->spoilt && status != PF_OK;
	return status;
}

static pf_status connect_both(pf_cluster *cluster, pf_error *error)
{
	pf_status status = pf_broker_open(&cluster->address, &cluster->commands, error);
	status = status == PF_OK ? pf_broker_open(&cluster->address, &cluster->reader, error) : status;
	return status == PF_OK ? build(cluster, error) : status;
}

/* What can pass, and be mended by making it anew. */
static bool may_pass(pf_status status)
{
	return status == PF_ERR_IO || status == PF_ERR_INVALID || status == PF_ERR_NOT_FOUND;
}

/* Loses the connections where `status` is a failure that may pass. */
static pf_status survive(pf_cluster *cluster, pf_status status, pf_error *error)
{
	if (!may_pass(status)) {
		return status;
	}
	cluster->spoilt = cluster->spoilt || status != PF_ERR_IO;
	lose(cluster);
	if (++cluster->counts.rebuilt > REBUILDS_MOST) {
		pf_error why = error ? *error : (pf_error){0};
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "Redis was lost %d times, at last: %s",
			       REBUILDS_MOST, why.message);
	}
	return PF_OK;
}

/* Lost: tries again now and then. */
static pf_status recover(pf_cluster *cluster, pf_error *error)
{
	uint64_t now = pf_now_ns();
	if (now - cluster->tried_ns < TRIED_EVERY_NS) {
		return PF_OK;
	}
	cluster->tried_ns = now;
	pf_status status = connect_both(cluster, error);
	if (status == PF_OK) {
		cluster->lost_ns = 0;
		return PF_OK;
	}
	pf_broker_close(cluster->commands);
	pf_broker_close(cluster->reader);
	cluster->commands = cluster->reader = NULL;
	return may_pass(status) && now - cluster->lost_ns < TRIED_FOR_NS ? PF_OK : status;
}

pf_status pf_cluster_open(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			  const pf_broker_address *address, const pf_cluster_seal *seal, uint32_t lease_ms,
			  pf_cluster **out, pf_error *error)
{
	pf_cluster *cluster = calloc(1, sizeof *cluster);
	*out = cluster;
	if (!cluster) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	cluster->env = env;
	cluster->dataset = dataset;
	cluster->sink = sink;
	cluster->address = *address;
	cluster->seal = *seal;
	cluster->lease_ms = lease_ms;
	cluster->shard_room = 2 * dataset->count; /* each photo in one of several, and in one of its own */
	cluster->shards = calloc(cluster->shard_room + 1, sizeof *cluster->shards);
	cluster->first_of = calloc(dataset->count + 1, sizeof *cluster->first_of);
	pf_cluster_name_keys(seal, &cluster->keys);
	pf_status status = cluster->shards && cluster->first_of
				   ? PF_OK
				   : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	status = status == PF_OK ? pf_burst_store_create(dataset->count, &cluster->bursts, error) : status;
	status = status == PF_OK ? pf_result_table_create(dataset->count, &cluster->table, error) : status;
	cluster->tended_ns = pf_now_ns();
	return status == PF_OK ? connect_both(cluster, error) : status;
}

void pf_cluster_disown(pf_cluster *cluster)
{
	lose(cluster);
}

void pf_cluster_close(pf_cluster *cluster)
{
	if (!cluster) {
		return;
	}
	if (cluster->commands) { /* hosts that wait for tasks see that there are none any more, and look */
		pf_error none;
		redisReply *reply;
		pf_broker_put(cluster->commands, &none, "SET %s over EX 60", cluster->keys.run);
		pf_broker_put(cluster->commands, &none, "DEL %s %s", cluster->keys.tasks,
			      cluster->keys.results);
		while (pf_broker_pending(cluster->commands) &&
		       pf_broker_next(cluster->commands, 1000, &reply, &none) == PF_OK && reply) {
			freeReplyObject(reply);
		}
	}
	pf_broker_close(cluster->commands);
	pf_broker_close(cluster->reader);
	pf_result_table_destroy(cluster->table);
	pf_burst_store_destroy(cluster->bursts);
	free(cluster->first_of);
	free(cluster->shards);
	free(cluster);
}

pf_status pf_cluster_add(void *context, const pf_burst *burst)
{
	pf_cluster *cluster = context;
	pf_error why;
	uint32_t place = (uint32_t)pf_burst_store_count(cluster->bursts);
	pf_status status = pf_burst_store_add(cluster->bursts, burst);
	status = status == PF_OK ? cluster->sink->burst_found(cluster->sink, burst) : status;
	cluster->left += status == PF_OK ? burst->count : 0;
	for (uint32_t first = 0; first < burst->count && status == PF_OK; first += PF_SHARD_MOST) {
		uint32_t count = burst->count - first < PF_SHARD_MOST ? burst->count - first : PF_SHARD_MOST;
		status = add_shard(cluster, place, first, count, &why);
	}
	if (status == PF_OK && cluster->commands) {
		status = survive(cluster, pf_broker_send(cluster->commands, &why), &why);
	}
	return status;
}

static pf_status forget_entry(pf_cluster *cluster, const char *entry, pf_error *error)
{
	pf_status status = pf_broker_put(cluster->commands, error, "XACK %s " PF_CLUSTER_GROUP " %s",
					 cluster->keys.tasks, entry);
	return status == PF_OK
		       ? pf_broker_put(cluster->commands, error, "XDEL %s %s", cluster->keys.tasks, entry)
		       : status;
}

static bool is_of(const pf_burst *burst, const struct shard *shard, uint32_t photo)
{
	for (uint32_t i = shard->first; i < shard->first + shard->count; i++) {
		if (burst->photos[i] == photo) {
			return true;
		}
	}
	return false;
}

/* All shards that a photo is of know that it is done: the one that it was told for, and its parts or whole.
 */
static void note_done(pf_cluster *cluster, uint32_t burst, uint32_t photo)
{
	pf_burst of = pf_burst_store_get(cluster->bursts, burst);
	cluster->left--;
	for (uint32_t i = cluster->first_of[burst]; i > 0; i = cluster->shards[i - 1].next) {
		struct shard *shard = &cluster->shards[i - 1];
		shard->left -= is_of(&of, shard, photo) ? 1 : 0;
	}
}

static pf_status take_result(pf_cluster *cluster, const pf_result_message *result, pf_error *error)
{
	if (result->shard >= cluster->shard_count) {
		cluster->counts.refused++;
		return PF_OK;
	}
	const struct shard *shard = &cluster->shards[result->shard];
	pf_burst burst = burst_of(cluster, shard);
	pf_status status = PF_OK;
	if (!is_of(&burst, shard, result->photo)) {
		cluster->counts.refused++;
		return PF_OK;
	}
	if (pf_result_is_done(cluster->table, result->photo)) {
		cluster->counts.duplicates++;
	} else {
		uint32_t photo;
		status = pf_result_take(cluster->table, cluster->env, cluster->sink, &burst, result->told,
					result->bytes, &photo);
		if (status == PF_ERR_INVALID) {
			cluster->counts.refused++;
			return PF_OK;
		}
		if (status != PF_OK) {
			return pf_fail(error, PF_ERR_INTERNAL, NULL, "the results cannot be handed on");
		}
		note_done(cluster, shard->burst, photo);
	}
	return shard->left == 0 ? forget_entry(cluster, result->entry, error) : status;
}

static pf_status take_results(pf_cluster *cluster, const redisReply *reply, pf_error *error)
{
	const redisReply *entries = pf_stream_entries(reply);
	pf_status status = PF_OK;
	static pf_result_message result; /* for one thread, and large */
	for (size_t i = 0; entries && i < entries->elements && status == PF_OK; i++) {
		const char *id;
		const redisReply *bytes = pf_entry_message(entries->element[i], &id);
		if (id) {
			snprintf(cluster->last, sizeof cluster->last, "%s", id);
		}
		if (bytes && pf_result_read(&cluster->seal, bytes->str, bytes->len, cluster->dataset->count,
					    &result)) {
			status = take_result(cluster, &result, error);
		} else {
			cluster->counts.refused++;
		}
	}
	if (entries && entries->elements && status == PF_OK) { /* what was read is not kept */
		status = pf_broker_put(cluster->commands, error, "XTRIM %s MINID ~ %s", cluster->keys.results,
				       cluster->last);
	}
	return status;
}

static pf_status read_results(pf_cluster *cluster, int wait_ms, pf_error *error)
{
	redisReply *reply = NULL;
	pf_status status = PF_OK;
	if (!cluster->reading) {
		status = pf_broker_put(cluster->reader, error, "XREAD COUNT %d BLOCK 500 STREAMS %s %s",
				       READ_AT_ONCE, cluster->keys.results, cluster->last);
		cluster->reading = status == PF_OK;
	}
	status = status == PF_OK ? pf_broker_next(cluster->reader, wait_ms, &reply, error) : status;
	if (status == PF_OK && reply) {
		cluster->reading = false;
		status = pf_broker_judge(cluster->reader, reply, error);
		status = status == PF_OK ? take_results(cluster, reply, error) : status;
		freeReplyObject(reply);
	}
	return status;
}

/* A photo that took its hosts with it. */
static pf_status quarantine(pf_cluster *cluster, const struct shard *shard, pf_error *error)
{
	pf_burst burst = burst_of(cluster, shard);
	uint32_t photo = burst.photos[shard->first];
	pf_error why;
	pf_fail(&why, PF_ERR_CRASHED, NULL, "%u hosts were lost with it", shard->expired);
	pf_status status = pf_result_put(cluster->table, cluster->sink, photo, burst.id, PF_ERR_CRASHED, NULL,
					 &why);
	uint32_t done = 0;
	for (uint32_t i = 0; i < burst.count; i++) {
		done += pf_result_is_done(cluster->table, burst.photos[i]) != 0;
	}
	cluster->counts.quarantined++;
	note_done(cluster, shard->burst, photo);
	if (status == PF_OK && done == burst.count) {
		status = pf_result_rank(cluster->table, cluster->env->scorer, cluster->env->traces,
					cluster->sink, &burst);
	}
	return status == PF_OK ? PF_OK
			       : pf_fail(error, PF_ERR_INTERNAL, NULL, "the results cannot be handed on");
}

/* The lease of an entry ran out: once may be anybody's fault. After the second time its photos are tried one
 * by one, and such a one is given up. */
static pf_status give_again(pf_cluster *cluster, size_t number, pf_error *error)
{
	struct shard *shard = &cluster->shards[number];
	pf_status status = PF_OK;
	if (shard->left == 0 || shard->split) {
		return PF_OK;
	}
	shard->expired++;
	if (shard->expired < PF_DEATHS_ALLOWED) {
		cluster->counts.again++;
		return send_shard(cluster, number, error);
	}
	if (shard->count == 1) {
		return quarantine(cluster, shard, error);
	}
	shard->split = true;
	uint32_t place = shard->burst, end = shard->first + shard->count;
	for (uint32_t i = shard->first; i < end && status == PF_OK; i++) {
		if (!pf_result_is_done(cluster->table,
				       pf_burst_store_get(cluster->bursts, place).photos[i])) {
			cluster->counts.again++;
			status = add_shard(cluster, place, i, 1, error);
		}
	}
	return status;
}

/* Of XAUTOCLAIM: [next, [entry...], [deleted...]]. */
static pf_status take_expired(pf_cluster *cluster, const redisReply *reply, pf_error *error)
{
	const redisReply *entries = reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 &&
						    reply->element[1]->type == REDIS_REPLY_ARRAY
					    ? reply->element[1]
					    : NULL;
	pf_status status = PF_OK;
	for (size_t i = 0; entries && i < entries->elements && status == PF_OK; i++) {
		const char *id;
		pf_shard_message message;
		const redisReply *bytes = pf_entry_message(entries->element[i], &id);
		status = id ? forget_entry(cluster, id, error) : PF_OK;
		if (bytes &&
		    pf_shard_read(&cluster->seal, bytes->str, bytes->len, cluster->dataset->count,
				  &message) &&
		    message.number < cluster->shard_count) {
			status = status == PF_OK ? give_again(cluster, message.number, error) : status;
		} else {
			cluster->counts.refused++;
		}
	}
	return status;
}

/* Four times in a lease. */
static pf_status tend(pf_cluster *cluster, pf_error *error)
{
	uint64_t now = pf_now_ns();
	redisReply *reply = NULL;
	if (now - cluster->tended_ns < cluster->lease_ms * 250000ull) {
		return PF_OK;
	}
	cluster->tended_ns = now;
	pf_status status = drain_all(cluster, error);
	if (status == PF_OK) { /* as a write, it learns of a memory that is full */
		status = pf_broker_ask(cluster->commands, &reply, error, "SET %s on", cluster->keys.run);
		freeReplyObject(reply);
	}
	if (status == PF_OK) {
		status = pf_broker_ask(cluster->commands, &reply, error,
				       "XAUTOCLAIM %s " PF_CLUSTER_GROUP " submitter %u 0-0 COUNT 64",
				       cluster->keys.tasks, cluster->lease_ms);
	}
	if (status == PF_OK) {
		status = take_expired(cluster, reply, error);
		freeReplyObject(reply);
	}
	return status == PF_OK ? drain_all(cluster, error) : status;
}

pf_status pf_cluster_step(pf_cluster *cluster, int wait_ms, pf_error *error)
{
	if (!cluster->commands) {
		pf_status status = recover(cluster, error);
		if (status != PF_OK || !cluster->commands) {
			struct timespec nap = {0, wait_ms > 0 ? 20000000 : 0};
			nanosleep(&nap, NULL);
			return status;
		}
	}
	pf_status status = drain(cluster, error);
	status = status == PF_OK ? read_results(cluster, wait_ms, error) : status;
	status = status == PF_OK ? pf_broker_send(cluster->commands, error) : status;
	status = status == PF_OK ? tend(cluster, error) : status;
	return survive(cluster, status, error);
}

bool pf_cluster_is_done(const pf_cluster *cluster)
{
	return cluster->left == 0;
}

pf_cluster_counts pf_cluster_count(const pf_cluster *cluster)
{
	return cluster->counts;
}
