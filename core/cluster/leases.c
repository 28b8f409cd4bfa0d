/* The submitter's leases: shards whose hosts are heard of no more, and hosts that never come. */
#include "core/cluster/submitter.h"

#define HOSTLESS_NS 60000000000u

/* A photo that took its hosts with it. */
static pf_status quarantine(pf_cluster *cluster, const struct shard *shard, pf_error *error)
{
	pf_burst burst = pf_shard_burst(cluster, shard);
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
	pf_cluster_note_done(cluster, shard->burst, photo);
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
		return pf_shard_send(cluster, number, error);
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
			status = pf_shard_add(cluster, place, i, 1, error);
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
		if (!id) { /* somebody removed it: nil, from Redis 6.2 */
			continue;
		}
		status = pf_cluster_forget_entry(cluster, id, error);
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

/* Without any, a run would go on for ever. One that has been given something is there, or its lease ends. */
static pf_status look_for_hosts(pf_cluster *cluster, pf_error *error)
{
	uint64_t now = pf_now_ns();
	redisReply *reply = NULL;
	if (cluster->left == 0 || now - cluster->heard_ns < HOSTLESS_NS) {
		return PF_OK;
	}
	pf_status status = pf_broker_ask(cluster->commands, &reply, error, "XPENDING %s " PF_CLUSTER_GROUP,
					 cluster->keys.tasks);
	bool none = status == PF_OK && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
		    reply->element[0]->type == REDIS_REPLY_INTEGER && reply->element[0]->integer == 0;
	freeReplyObject(reply);
	if (none) {
		return pf_fail(
			error, PF_ERR_UNAVAILABLE, NULL,
			"no host has taken a photo from %s for %u s: start photofinish work, see what it says",
			pf_broker_name(cluster->commands), (unsigned)(HOSTLESS_NS / 1000000000u));
	}
	cluster->heard_ns = now;
	return status;
}

/* Four times in a lease. */
pf_status pf_cluster_tend(pf_cluster *cluster, pf_error *error)
{
	uint64_t now = pf_now_ns();
	redisReply *reply = NULL;
	if (now - cluster->tended_ns < cluster->lease_ms * 250000ull) {
		return PF_OK;
	}
	cluster->tended_ns = now;
	pf_status status = pf_cluster_drain_all(cluster, error);
	if (status == PF_OK) { /* as a write, it learns of a memory that is full */
		status = pf_broker_ask(cluster->commands, &reply, error, "SET %s on EX %d", cluster->keys.run,
				       PF_ANNOUNCED_FOR_S);
		freeReplyObject(reply);
	}
	if (status == PF_OK && cluster->announced) {
		status = pf_announced_renew(cluster->commands, &cluster->keys, error);
		status = status == PF_OK ? look_for_hosts(cluster, error) : status;
	}
	if (status == PF_OK) {
		reply = NULL;
		status = pf_broker_ask(cluster->commands, &reply, error,
				       "XAUTOCLAIM %s " PF_CLUSTER_GROUP " submitter %u 0-0 COUNT 64",
				       cluster->keys.tasks, cluster->lease_ms);
	}
	if (status == PF_OK) {
		status = take_expired(cluster, reply, error);
		freeReplyObject(reply);
	}
	return status == PF_OK ? pf_cluster_drain_all(cluster, error) : status;
}
