/* A host: takes shards from Redis into a pool of workers, and tells what they find. The parent of the pool,
 * which never scores, holds the connections and renews the leases, however busy the machine is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/cluster/host.h"
#include "photofinish/containment.h"

#define RENEWED_NS(lease_ms) ((lease_ms)*200000ull)
#define TRIED_EVERY_NS 200000000u

static pf_status no_burst(struct pf_sink *sink, const pf_burst *burst)
{
	(void)sink;
	(void)burst;
	return PF_OK;
}

static pf_status no_photo(struct pf_sink *sink, const pf_photo_result *result)
{
	(void)sink;
	(void)result;
	return PF_OK;
}

static pf_status no_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	(void)sink;
	(void)burst;
	(void)ranks;
	return PF_OK;
}

static bool keep(struct host *host, uint32_t photo, const void *told, size_t bytes)
{
	struct kept *kept = malloc(sizeof *kept + bytes);
	if (kept) {
		kept->bytes = (uint32_t)bytes;
		memcpy(kept->told, told, bytes);
		host->kept[photo] = kept;
		host->states[photo] = DONE;
	}
	return kept != NULL;
}

/* A photo was told: whoever waits for it here hears of it. */
static void tell_all(struct host *host, uint32_t photo)
{
	for (size_t i = 0; i < HELD_MOST; i++) {
		struct held *held = &host->held[i];
		for (uint32_t k = 0; k < held->shard.count && held->left; k++) {
			if (held->shard.photos[k] == photo) {
				pf_host_tell(host, held, photo, PF_RESULT_FRESH);
				held->left--;
			}
		}
	}
}

/* What it remembers of a photo from an earlier life or another run: *again says which. */
static bool remember(struct host *host, uint32_t photo, uint32_t burst, enum pf_result_again *again)
{
	static uint8_t told[PF_POOL_TOLD_MOST]; /* for one thread */
	bool other = false;
	size_t bytes = host->memory.find ? host->memory.find(host->memory.context, photo, told, &other) : 0;
	if (!bytes || pf_result_retell(told, bytes, photo, burst) != PF_OK ||
	    !keep(host, photo, told, bytes)) {
		return false;
	}
	host->counts.remembered++;
	*again = other ? PF_RESULT_REMEMBERED : PF_RESULT_AGAIN;
	return true;
}

/* Photos that nobody here has had become a burst of the pool's; of the others it is told what is known. */
static pf_status take_shard(struct host *host, const char *entry, const pf_shard_message *shard,
			    pf_error *error)
{
	uint32_t fresh[PF_SHARD_MOST], count = 0;
	struct held *held = host->held;
	while (held < host->held + HELD_MOST && held->left) {
		held++;
	}
	if (held == host->held + HELD_MOST) {
		return PF_OK; /* more than was asked for: its lease runs out */
	}
	*held = (struct held){.shard = *shard, .left = shard->count};
	snprintf(held->entry, sizeof held->entry, "%s", entry);
	for (uint32_t i = 0; i < shard->count; i++) {
		uint32_t photo = shard->photos[i];
		enum pf_result_again again = PF_RESULT_AGAIN;
		if (host->states[photo] == DONE ||
		    (host->states[photo] == OPEN && remember(host, photo, shard->burst, &again))) {
			pf_host_tell(host, held, photo, again);
			held->left--;
		} else if (host->states[photo] == OPEN) {
			host->states[photo] = GIVEN;
			fresh[count++] = photo;
		}
	}
	const pf_burst burst = {.id = shard->burst, .count = count, .photos = fresh};
	pf_status status = count ? pf_burst_store_add(host->bursts, &burst) : PF_OK;
	return status == PF_OK ? PF_OK : pf_fail(error, PF_ERR_INTERNAL, NULL, "a shard cannot be taken");
}

static pf_status take_tasks(struct host *host, const redisReply *reply, pf_error *error)
{
	const redisReply *entries = pf_stream_entries(reply);
	pf_status status = PF_OK;
	for (size_t i = 0; entries && i < entries->elements && status == PF_OK; i++) {
		const char *id;
		pf_shard_message shard;
		const redisReply *bytes = pf_entry_message(entries->element[i], &id);
		if (bytes &&
		    pf_shard_read(&host->seal, bytes->str, bytes->len, host->dataset->count, &shard)) {
			status = take_shard(host, id, &shard, error);
		} else if (id) {
			host->counts.refused++;
			pf_host_drop(host, id);
		}
	}
	return status;
}

/* Something came, or all is over. */
static pf_status feed(void *context, size_t *units, bool *more, pf_error *error)
{
	struct host *host = context;
	redisReply *reply = NULL;
	pf_status status = PF_OK;
	pf_host_drain(host, 0);
	if (host->tasks && !host->over) {
		status = pf_broker_next(host->tasks, 0, &reply, &host->why);
		if (reply) {
			host->asked = false;
			status = pf_broker_judge(host->tasks, reply, &host->why);
		}
		if (status == PF_ERR_NOT_FOUND) { /* taken away: at the end, or to be made anew */
			status = PF_OK;
			pf_host_look(host);
			host->asked = true; /* until the next tick */
			host->tried_ns = pf_now_ns();
		} else if (status == PF_ERR_INVALID &&
			   host->results) { /* too large: the submitter will see */
			pf_broker_put(host->results, &host->why, "DEL %s", host->keys.tasks);
			pf_broker_send(host->results, &host->why);
		}
		if (status != PF_OK) {
			pf_host_lose(host);
			status = PF_OK;
		} else if (reply) {
			host->reached_ns = pf_now_ns();
			status = take_tasks(host, reply, error);
			pf_host_want(host);
		}
		freeReplyObject(reply);
	}
	*units = pf_burst_store_count(host->bursts);
	*more = !host->over;
	return status;
}

/* A few times a second. */
static void tick(void *context)
{
	struct host *host = context;
	uint64_t now = pf_now_ns();
	if (!host->tasks && now - host->tried_ns > TRIED_EVERY_NS) {
		pf_host_connect(host);
		host->tried_ns = pf_now_ns();
	} else if (host->tasks && host->asked && !pf_broker_pending(host->tasks) &&
		   now - host->tried_ns > TRIED_EVERY_NS / 4) {
		host->asked = false;
	}
	if (host->results && now - host->looked_ns > PF_HOST_LOOKED_EVERY_NS) {
		pf_host_look(host);
	}
	if (host->results && now - host->renewed_ns > RENEWED_NS(host->lease_ms)) {
		host->renewed_ns = now;
		pf_host_renew(host);
	}
	pf_host_drain(host, 0);
	pf_host_want(host);
	pf_host_lose_mute(host);
	pf_host_lose_patience(host);
	if (pf_cancelled(host->outer) && !host->over) {
		pf_host_end(host);
	}
}

/* In the parent: what the worker that has a burst told. */
static pf_status told(void *context, size_t unit, const void *what, size_t bytes, pf_error *error)
{
	struct host *host = context;
	pf_burst burst = pf_burst_store_get(host->bursts, unit);
	uint32_t photo;
	pf_status status = pf_result_take(host->table, &host->judge, &host->sink, &burst, what, bytes,
					  &photo);
	if (status != PF_OK || !what) {
		pf_host_want(host);
		return status;
	}
	if (!keep(host, photo, what, bytes)) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the results");
	}
	host->counts.scored++;
	if (host->memory.add) {
		host->memory.add(host->memory.context, photo, what, bytes);
	}
	tell_all(host, photo);
	pf_host_drain(host, 0);
	return PF_OK;
}

static pf_status died(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	struct host *host = context;
	pf_burst burst = pf_burst_store_get(host->bursts, unit);
	return pf_result_count_death(host->table, &burst, photo, signal, error);
}

/* In a worker: no way to Redis or to another program is left. */
static pf_status isolate(const struct pf_env *env, uint32_t slot, pf_error *error)
{
	struct host *host = (struct host *)(uintptr_t)env; /* its first member */
	const struct pf_env *outer = host->outer;
	close(host->waited); /* which it shares with the parent: nothing is taken out of it */
	host->waited = -1;
	close(host->over_event);
	pf_host_lose(host);
	if (host->memory.leave) {
		host->memory.leave(host->memory.context);
	}
	memset(&host->seal, 0, sizeof host->seal);
	memset(&host->address, 0, sizeof host->address);
	pf_status status = outer->isolate ? outer->isolate(outer, slot, error) : PF_OK;
	return status == PF_OK ? pf_contain_without(PF_ALLOW_NETWORK | PF_ALLOW_EXEC | PF_ALLOW_WRITE, error)
			       : status;
}

static pf_status open_worker(void *context, uint32_t slot, void **worker, pf_error *error)
{
	struct host *host = context;
	pf_status status = pf_burst_store_read_only(host->bursts, error);
	*worker = &host->worker;
	return status == PF_OK ? pf_burst_worker_open(&host->worker, &host->env, slot, host->dataset,
						      host->table, &host->sink, error)
			       : status;
}

static pf_status score_burst(void *context, void *worker, size_t unit, pf_error *error)
{
	struct host *host = context;
	pf_burst burst = pf_burst_store_get(host->bursts, unit);
	return pf_burst_score(worker, &burst, error);
}

static void close_worker(void *context, void *worker)
{
	(void)context;
	pf_burst_worker_close(worker);
}

static pf_status prepare(struct host *host, const struct pf_env *env, pf_error *error)
{
	size_t photos = host->dataset->count;
	host->outer = env;
	host->env = host->judge = *env;
	host->env.isolate = isolate;
	host->judge.traces = calloc(1, sizeof *host->judge.traces);
	host->states = calloc(photos + 1, 1);
	host->kept = calloc(photos + 1, sizeof *host->kept);
	host->sink = (struct pf_sink){sizeof host->sink, no_burst, no_photo, no_ranks};
	host->waited = epoll_create1(EPOLL_CLOEXEC);
	host->over_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = host->over_event};
	if (!host->judge.traces || !host->states || !host->kept) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a host");
	}
	if (host->waited < 0 || host->over_event < 0 ||
	    epoll_ctl(host->waited, EPOLL_CTL_ADD, host->over_event, &event)) {
		return pf_fail_errno(error, NULL, "cannot wait for Redis");
	}
	pf_trace_reset(host->judge.traces);
	pf_status status = pf_burst_store_create(photos, &host->bursts, error);
	return status == PF_OK ? pf_result_table_create(photos, &host->table, error) : status;
}

static void release(struct host *host)
{
	pf_host_lose(host);
	for (size_t i = 0; host->kept && i < host->dataset->count; i++) {
		free(host->kept[i]);
	}
	close(host->waited);
	close(host->over_event);
	free(host->kept);
	free(host->states);
	free(host->judge.traces);
	pf_result_table_destroy(host->table);
	pf_burst_store_destroy(host->bursts);
	free(host);
}

pf_status pf_cluster_host(const pf_host_order *order, pf_host_counts *counts, pf_error *error)
{
	struct host *host = calloc(1, sizeof *host);
	if (!host) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a host");
	}
	host->dataset = order->dataset;
	host->address = order->address;
	host->seal = order->seal;
	host->lease_ms = order->lease_ms;
	host->patience_ms = order->patience_ms;
	host->gone_ms = order->gone_ms;
	host->memory = order->memory;
	host->waited = host->over_event = -1;
	host->there_ns = host->reached_ns = pf_now_ns();
	snprintf(host->name, sizeof host->name, "%s", order->name);
	pf_cluster_name_keys(&order->seal, &host->keys);
	pf_status status = prepare(host, order->env, error);
	if (status == PF_OK) {
		status = pf_host_connect(host);
		if (status != PF_OK && error) {
			*error = host->why;
		}
	}
	if (status == PF_OK) {
		pf_host_want(host);
		pf_scorer_prepare(order->env->scorer, NULL); /* before the fork */
		host->job = (pf_pool_job){
			.units = order->dataset->count,
			.context = host,
			.open = open_worker,
			.unit = score_burst,
			.close = close_worker,
			.died = died,
			.tick = tick,
			.feed = feed,
			.feed_fd = host->waited,
			.told = told,
		};
		status = pf_pool_run(&host->env, &host->job, error);
		if (pf_cancelled(order->env)) {
			pf_host_give_back(host);
		}
		if (status == PF_OK && host->failed != PF_OK) {
			status = host->failed;
			*error = host->why;
		}
	}
	if (counts) {
		*counts = host->counts;
	}
	release(host);
	return status;
}
