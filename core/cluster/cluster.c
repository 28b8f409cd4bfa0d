/* The submitter: what it knows of the run is what counts; the streams are made of it, and can be again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cluster/submitter.h"
#include "photofinish/crew.h"

#define TRIED_FOR_NS 30000000000u /* a Redis that is gone */
#define TRIED_EVERY_NS 200000000u
#define REBUILDS_MOST 32 /* more of them are somebody's intention */
enum { READ_AT_ONCE = 64, READ_WAIT_MS = 500 };

pf_burst pf_shard_burst(const pf_cluster *cluster, const struct shard *shard)
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

pf_status pf_shard_send(pf_cluster *cluster, size_t number, pf_error *error)
{
	const struct shard *shard = &cluster->shards[number];
	pf_burst burst = pf_shard_burst(cluster, shard);
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

pf_status pf_shard_add(pf_cluster *cluster, uint32_t burst, uint32_t first, uint32_t count, pf_error *error)
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
	return cluster->commands ? pf_shard_send(cluster, cluster->shard_count - 1, error) : PF_OK;
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

pf_status pf_cluster_drain_all(pf_cluster *cluster, pf_error *error)
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
		status = pf_broker_put(cluster->commands, error, "SET %s on EX %d", cluster->keys.run,
				       PF_ANNOUNCED_FOR_S);
	}
	if (status == PF_OK && cluster->announced) {
		status = pf_announce(cluster->commands, &cluster->seal, &cluster->announcement,
				     cluster->dataset, error);
	}
	if (status == PF_OK && cluster->spoilt) {
		status = pf_broker_put(cluster->commands, error, "DEL %s", cluster->keys.results);
	}
	for (size_t i = 0; i < cluster->shard_count && status == PF_OK; i++) {
		if (cluster->shards[i].left && !cluster->shards[i].split) {
			status = pf_shard_send(cluster, i, error);
		}
	}
	snprintf(cluster->last, sizeof cluster->last, "0-0");
	status = status == PF_OK ? pf_cluster_drain_all(cluster, error) : status;
	cluster->spoilt = cluster->spoilt && status != PF_OK;
	cluster->heard_ns = pf_now_ns(); /* hosts have to come again */
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

/* One whose submitter was killed is known for a while. */
static pf_status wait_for_other(pf_cluster *cluster, pf_error *error)
{
	const struct timespec nap = {0, 200000000};
	uint64_t begin = pf_now_ns();
	for (;;) {
		pf_cluster_found other;
		pf_status status = pf_cluster_find(&cluster->address, cluster->seal.secret, false, &other,
						   error);
		if (status == PF_ERR_NOT_FOUND) {
			return PF_OK;
		}
		if (status != PF_OK && status != PF_ERR_INVALID) {
			return status;
		}
		if (pf_cancelled(cluster->env)) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		if (pf_now_ns() - begin > (PF_ANNOUNCED_FOR_S + 1) * 1000000000ull) {
			return pf_fail(
				error, PF_ERR_UNAVAILABLE, NULL,
				"another run goes on at %s: wait for its end, or use another database of it",
				pf_broker_name(cluster->commands));
		}
		nanosleep(&nap, NULL);
	}
}

pf_status pf_cluster_announce(pf_cluster *cluster, bool remember, pf_error *error)
{
	pf_announcement *own = &cluster->announcement;
	pf_status status = wait_for_other(cluster, error);
	*own = (pf_announcement){.lease_ms = cluster->lease_ms,
				 .hash_files = cluster->env->scorer->hash_files != 0,
				 .remember = remember};
	status = status == PF_OK ? pf_cluster_facts_of(cluster->env->scorer, &own->facts, error) : status;
	cluster->announced = status == PF_OK;
	return status == PF_OK ? build(cluster, error) : status;
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
		pf_broker_put(cluster->commands, &none, "DEL %s %s %s", cluster->keys.tasks,
			      cluster->keys.results, cluster->keys.manifest);
		if (cluster->announced) {
			pf_broker_put(cluster->commands, &none, "DEL " PF_ANNOUNCED);
		}
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
		status = pf_shard_add(cluster, place, first, count, &why);
	}
	if (status == PF_OK && cluster->commands) {
		status = survive(cluster, pf_broker_send(cluster->commands, &why), &why);
	}
	return status;
}

pf_status pf_cluster_forget_entry(pf_cluster *cluster, const char *entry, pf_error *error)
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

void pf_cluster_note_done(pf_cluster *cluster, uint32_t burst, uint32_t photo)
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
	pf_burst burst = pf_shard_burst(cluster, shard);
	pf_status status = PF_OK;
	if (!is_of(&burst, shard, result->photo)) {
		cluster->counts.refused++;
		return PF_OK;
	}
	if (pf_result_is_done(cluster->table, result->photo)) {
		cluster->counts.duplicates++;
	} else {
		cluster->counts.remembered += result->again == PF_RESULT_REMEMBERED;
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
		pf_cluster_note_done(cluster, shard->burst, photo);
	}
	return shard->left == 0 ? pf_cluster_forget_entry(cluster, result->entry, error) : status;
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
			cluster->heard_ns = pf_now_ns();
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
		status = pf_broker_put(cluster->reader, error, "XREAD COUNT %d BLOCK %d STREAMS %s %s",
				       READ_AT_ONCE, READ_WAIT_MS, cluster->keys.results, cluster->last);
		cluster->reading = status == PF_OK;
		cluster->asked_ns = pf_now_ns();
	}
	status = status == PF_OK ? pf_broker_next(cluster->reader, wait_ms, &reply, error) : status;
	if (status == PF_OK && reply) {
		cluster->reading = false;
		status = pf_broker_judge(cluster->reader, reply, error);
		status = status == PF_OK ? take_results(cluster, reply, error) : status;
		freeReplyObject(reply);
	} else if (status == PF_OK &&
		   pf_now_ns() - cluster->asked_ns > (READ_WAIT_MS + PF_BROKER_PATIENCE_MS) * 1000000ull) {
		status = pf_fail(error, PF_ERR_IO, NULL, "%s did not answer within %d s",
				 pf_broker_name(cluster->reader), PF_BROKER_PATIENCE_MS / 1000);
	}
	return status;
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
	status = status == PF_OK ? pf_cluster_tend(cluster, error) : status;
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
