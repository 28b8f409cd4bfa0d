/* A host: takes shards from Redis into a pool of workers, and tells what they find. The parent of the pool,
 * which never scores, holds the connections and renews the leases, however busy the machine is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/cluster/cluster_message.h"
#include "photofinish/containment.h"
#include "photofinish/crew.h"

#define RENEWED_NS(lease_ms) ((lease_ms)*200000ull)
#define TRIED_EVERY_NS 200000000u
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
	char name[64];
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
	uint64_t renewed_ns, tried_ns;
};

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

static void lose(struct host *host)
{
	if (host->tasks && host->waited >= 0) { /* workers that were forked just now may still have it */
		epoll_ctl(host->waited, EPOLL_CTL_DEL, pf_broker_fd(host->tasks), NULL);
	}
	pf_broker_close(host->tasks);
	pf_broker_close(host->results);
	host->tasks = host->results = NULL;
	host->asked = false;
}

static pf_status put_result(struct host *host, const struct held *held, uint32_t photo, bool again)
{
	static pf_result_message message; /* for one thread, and large */
	uint8_t bytes[PF_MESSAGE_MOST];
	const struct kept *kept = host->kept[photo];
	if (!host->results) {
		return PF_OK; /* its lease runs out, and it is asked for again */
	}
	message = (pf_result_message){
		.shard = held->shard.number, .photo = photo, .bytes = kept->bytes, .again = again};
	snprintf(message.entry, sizeof message.entry, "%s", held->entry);
	memcpy(message.told, kept->told, kept->bytes);
	size_t size = pf_result_write(&host->seal, &message, bytes);
	pf_status status = size ? pf_broker_put(host->results, &host->why, "XADD %s * m %b",
						host->keys.results, bytes, size)
				: PF_ERR_NO_MEMORY;
	status = status == PF_OK ? pf_broker_send(host->results, &host->why) : status;
	if (status != PF_OK) {
		lose(host);
	}
	return status;
}

/* A photo was told: whoever waits for it here hears of it. */
static void tell_all(struct host *host, uint32_t photo)
{
	for (size_t i = 0; i < HELD_MOST; i++) {
		struct held *held = &host->held[i];
		for (uint32_t k = 0; k < held->shard.count && held->left; k++) {
			if (held->shard.photos[k] == photo) {
				put_result(host, held, photo, false);
				held->left--;
			}
		}
	}
}

static uint32_t shards_under_way(const struct host *host, size_t *free_places)
{
	uint32_t shards = 0;
	*free_places = 0;
	for (size_t i = 0; i < HELD_MOST; i++) {
		shards += host->held[i].left ? 1 : 0;
		*free_places += host->held[i].left ? 0 : 1;
	}
	return shards;
}

/* Asks for as many shards as keep the workers busy: one at work and one ahead for each. */
static void want(struct host *host)
{
	size_t places;
	uint32_t under_way = shards_under_way(host, &places), most = 2 * host->env.workers;
	if (!host->tasks || host->asked || under_way >= most || !places || host->over) {
		return;
	}
	size_t count = most - under_way < places ? most - under_way : places;
	host->asked = pf_broker_put(host->tasks, &host->why,
				    "XREADGROUP GROUP " PF_CLUSTER_GROUP
				    " %s COUNT %d BLOCK 1000 STREAMS %s >",
				    host->name, (int)count, host->keys.tasks) == PF_OK;
	if (!host->asked || pf_broker_send(host->tasks, &host->why) != PF_OK) {
		lose(host);
	}
}

static pf_status connect_both(struct host *host)
{
	pf_status status = pf_broker_open(&host->address, &host->tasks, &host->why);
	status = status == PF_OK ? pf_broker_open(&host->address, &host->results, &host->why) : status;
	if (status == PF_OK) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = pf_broker_fd(host->tasks)};
		if (epoll_ctl(host->waited, EPOLL_CTL_ADD, event.data.fd, &event)) {
			status = pf_fail_errno(&host->why, NULL, "cannot wait for Redis");
		}
	}
	if (status != PF_OK) {
		lose(host);
	}
	return status;
}

static void end(struct host *host)
{
	uint64_t one = 1;
	host->over = true;
	if (write(host->over_event, &one, sizeof one) < 0) {
		host->failed = pf_fail_errno(&host->why, NULL, "cannot end");
	}
}

/* Lets go of an entry that is not ours, so that nobody takes it again. */
static void drop(struct host *host, const char *entry)
{
	if (host->results) {
		pf_broker_put(host->results, &host->why, "XACK %s " PF_CLUSTER_GROUP " %s", host->keys.tasks,
			      entry);
		pf_broker_put(host->results, &host->why, "XDEL %s %s", host->keys.tasks, entry);
	}
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
		if (host->states[photo] == DONE) {
			put_result(host, held, photo, true);
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
			drop(host, id);
		}
	}
	return status;
}

/* Whether the run is over: asked where the tasks are gone. */
static void look_for_end(struct host *host)
{
	redisReply *reply = NULL;
	pf_broker *asking = NULL;
	if (pf_broker_open(&host->address, &asking, &host->why) == PF_OK &&
	    pf_broker_ask(asking, &reply, &host->why, "GET %s", host->keys.run) == PF_OK &&
	    reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "over") == 0) {
		end(host);
	}
	freeReplyObject(reply);
	pf_broker_close(asking);
}

/* Something came, or all is over. */
static pf_status feed(void *context, size_t *units, bool *more, pf_error *error)
{
	struct host *host = context;
	redisReply *reply = NULL;
	pf_status status = PF_OK;
	if (host->tasks && !host->over) {
		status = pf_broker_next(host->tasks, 0, &reply, &host->why);
		if (reply) {
			host->asked = false;
			status = pf_broker_judge(host->tasks, reply, &host->why);
		}
		if (status == PF_ERR_NOT_FOUND) { /* taken away: at the end, or to be made anew */
			status = PF_OK;
			look_for_end(host);
			host->asked = true; /* until the next tick */
			host->tried_ns = pf_now_ns();
		} else if (status == PF_ERR_INVALID &&
			   host->results) { /* too large: the submitter will see */
			pf_broker_put(host->results, &host->why, "DEL %s", host->keys.tasks);
			pf_broker_send(host->results, &host->why);
		}
		if (status != PF_OK) {
			lose(host);
			status = PF_OK;
		} else if (reply) {
			status = take_tasks(host, reply, error);
			want(host);
		}
		freeReplyObject(reply);
	}
	*units = pf_burst_store_count(host->bursts);
	*more = !host->over;
	return status;
}

/* Leases of what is under way here begin anew. */
static void renew(struct host *host)
{
	for (size_t i = 0; i < HELD_MOST && host->results; i++) {
		if (host->held[i].left &&
		    pf_broker_put(host->results, &host->why, "XCLAIM %s " PF_CLUSTER_GROUP " %s 0 %s JUSTID",
				  host->keys.tasks, host->name, host->held[i].entry) != PF_OK) {
			lose(host);
		}
	}
}

/* Replies to results and renewals: failures are met by telling again. */
static void drain(struct host *host)
{
	redisReply *reply = NULL;
	do {
		pf_status status = host->results ? pf_broker_next(host->results, 0, &reply, &host->why)
						 : PF_OK;
		if (reply) {
			pf_status said = pf_broker_judge(host->results, reply, &host->why);
			status = said == PF_ERR_NOT_FOUND ? PF_OK : said;
			freeReplyObject(reply);
		}
		if (status != PF_OK) {
			lose(host);
			return;
		}
	} while (host->results && reply);
}

/* A few times a second. */
static void tick(void *context)
{
	struct host *host = context;
	uint64_t now = pf_now_ns();
	if (!host->tasks && now - host->tried_ns > TRIED_EVERY_NS) {
		host->tried_ns = now;
		connect_both(host);
	} else if (host->tasks && host->asked && !pf_broker_pending(host->tasks) &&
		   now - host->tried_ns > TRIED_EVERY_NS / 4) {
		host->asked = false;
	}
	if (host->results && now - host->renewed_ns > RENEWED_NS(host->lease_ms)) {
		host->renewed_ns = now;
		renew(host);
	}
	drain(host);
	want(host);
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
		want(host);
		return status;
	}
	struct kept *kept = malloc(sizeof *kept + bytes);
	if (!kept) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the results");
	}
	kept->bytes = (uint32_t)bytes;
	memcpy(kept->told, what, bytes);
	host->kept[photo] = kept;
	host->states[photo] = DONE;
	tell_all(host, photo);
	drain(host);
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
	lose(host);
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
	lose(host);
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

pf_status pf_cluster_host(const struct pf_env *env, const pf_dataset *dataset,
			  const pf_broker_address *address, const pf_cluster_seal *seal, const char *name,
			  uint32_t lease_ms, pf_error *error)
{
	struct host *host = calloc(1, sizeof *host);
	if (!host) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a host");
	}
	host->dataset = dataset;
	host->address = *address;
	host->seal = *seal;
	host->lease_ms = lease_ms;
	host->waited = host->over_event = -1;
	snprintf(host->name, sizeof host->name, "%s", name);
	pf_cluster_name_keys(seal, &host->keys);
	pf_status status = prepare(host, env, error);
	status = status == PF_OK ? connect_both(host) : status;
	if (status == PF_OK) {
		want(host);
		pf_scorer_prepare(env->scorer, NULL); /* before the fork */
		host->job = (pf_pool_job){
			.units = dataset->count,
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
	} else if (error && !error->code) {
		*error = host->why;
	}
	release(host);
	return status;
}
