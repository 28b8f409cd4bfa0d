/* A host's connections: what goes through them, and what becomes of a host without them. */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/cluster/host.h"

#define GIVEN_BACK_WITHIN_MS 2000
enum { TASKS_WAIT_MS = 1000 };

void pf_host_lose(struct host *host)
{
	pf_broker *const both[] = {host->tasks, host->results};
	for (size_t i = 0; i < 2; i++) {
		if (both[i] && host->waited >= 0) { /* workers that were forked just now may still have it */
			epoll_ctl(host->waited, EPOLL_CTL_DEL, pf_broker_fd(both[i]), NULL);
		}
	}
	pf_broker_close(host->tasks);
	pf_broker_close(host->results);
	host->tasks = host->results = NULL;
	host->asked = false;
}

/* What is owed by the other end is owed from now on, unless something was already. */
static void owes(struct host *host)
{
	if (host->results && pf_broker_pending(host->results) == 1) {
		host->unanswered_ns = pf_now_ns();
	}
}

pf_status pf_host_tell(struct host *host, const struct held *held, uint32_t photo, enum pf_result_again again)
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
	snprintf(message.host, sizeof message.host, "%s", host->name);
	memcpy(message.told, kept->told, kept->bytes);
	size_t size = pf_result_write(&host->seal, &message, bytes);
	pf_status status = size ? pf_broker_put(host->results, &host->why, "XADD %s * m %b",
						host->keys.results, bytes, size)
				: PF_ERR_NO_MEMORY;
	owes(host);
	status = status == PF_OK ? pf_broker_send(host->results, &host->why) : status;
	if (status != PF_OK) {
		pf_host_lose(host);
	}
	return status;
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
void pf_host_want(struct host *host)
{
	size_t places;
	uint32_t under_way = shards_under_way(host, &places), most = 2 * host->env.workers;
	if (!host->tasks || host->asked || under_way >= most || !places || host->over) {
		return;
	}
	size_t count = most - under_way < places ? most - under_way : places;
	host->asked = pf_broker_put(host->tasks, &host->why,
				    "XREADGROUP GROUP " PF_CLUSTER_GROUP " %s COUNT %d BLOCK %d STREAMS %s >",
				    host->name, (int)count, TASKS_WAIT_MS, host->keys.tasks) == PF_OK;
	host->asked_ns = pf_now_ns();
	if (!host->asked || pf_broker_send(host->tasks, &host->why) != PF_OK) {
		pf_host_lose(host);
	}
}

pf_status pf_host_connect(struct host *host)
{
	pf_status status = pf_broker_open(&host->address, &host->tasks, &host->why);
	status = status == PF_OK ? pf_broker_open(&host->address, &host->results, &host->why) : status;
	for (size_t i = 0; i < 2 && status == PF_OK; i++) {
		int fd = pf_broker_fd(i ? host->results : host->tasks);
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
		if (epoll_ctl(host->waited, EPOLL_CTL_ADD, fd, &event)) {
			status = pf_fail_errno(&host->why, NULL, "cannot wait for Redis");
		}
	}
	if (status != PF_OK) {
		pf_host_lose(host);
		return status;
	}
	host->reached_ns = pf_now_ns();
	host->looked_ns = 0;
	return PF_OK;
}

void pf_host_end(struct host *host)
{
	uint64_t one = 1;
	host->over = true;
	if (write(host->over_event, &one, sizeof one) < 0) {
		host->failed = pf_fail_errno(&host->why, NULL, "cannot end");
	}
}

/* Lets go of an entry that is not ours, so that nobody takes it again. */
void pf_host_drop(struct host *host, const char *entry)
{
	if (host->results) {
		pf_broker_put(host->results, &host->why, "XACK %s " PF_CLUSTER_GROUP " %s", host->keys.tasks,
			      entry);
		pf_broker_put(host->results, &host->why, "XDEL %s %s", host->keys.tasks, entry);
	}
}

/* Whether the run goes on, or is over: drain takes the answer. */
void pf_host_look(struct host *host)
{
	host->looked_ns = pf_now_ns();
	if (host->results) {
		pf_broker_put(host->results, &host->why, "GET %s", host->keys.run);
		owes(host);
	}
}

/* Leases of what is under way here begin anew. */
void pf_host_renew(struct host *host)
{
	for (size_t i = 0; i < HELD_MOST && host->results; i++) {
		if (host->held[i].left &&
		    pf_broker_put(host->results, &host->why, "XCLAIM %s " PF_CLUSTER_GROUP " %s 0 %s JUSTID",
				  host->keys.tasks, host->name, host->held[i].entry) != PF_OK) {
			pf_host_lose(host);
		}
		owes(host);
	}
}

/* Of all that is put, only the question for the run is answered by such a text. */
static void note_run(struct host *host, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "over") == 0 && !host->over) {
		pf_host_end(host);
	} else if (reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "on") == 0) {
		host->there_ns = pf_now_ns();
	}
}

/* Replies to results, renewals and questions: failures are met by telling again. */
void pf_host_drain(struct host *host, int wait_ms)
{
	redisReply *reply = NULL;
	do {
		pf_status status = host->results ? pf_broker_next(host->results, wait_ms, &reply, &host->why)
						 : PF_OK;
		if (reply) {
			host->reached_ns = host->unanswered_ns = pf_now_ns();
			note_run(host, reply);
			pf_status said = pf_broker_judge(host->results, reply, &host->why);
			status = said == PF_ERR_NOT_FOUND ? PF_OK : said;
			freeReplyObject(reply);
		}
		if (status != PF_OK) {
			pf_host_lose(host);
			return;
		}
	} while (host->results && reply && (wait_ms == 0 || pf_broker_pending(host->results)));
}

/* A connection that somebody cut between here and there says nothing for ever. */
void pf_host_lose_mute(struct host *host)
{
	uint64_t now = pf_now_ns();
	bool tasks = host->tasks && host->asked && pf_broker_pending(host->tasks) &&
		     now - host->asked_ns > (TASKS_WAIT_MS + PF_BROKER_PATIENCE_MS) * 1000000ull;
	bool results = host->results && pf_broker_pending(host->results) &&
		       now - host->unanswered_ns > PF_BROKER_PATIENCE_MS * 1000000ull;
	if (tasks || results) {
		pf_fail(&host->why, PF_ERR_IO, NULL, "%s did not answer within %d s",
			pf_broker_name(host->results), PF_BROKER_PATIENCE_MS / 1000);
		pf_host_lose(host);
	}
}

/* Nobody waits for a Redis, or a run, that does not come back. */
void pf_host_lose_patience(struct host *host)
{
	uint64_t now = pf_now_ns();
	char name[PF_BROKER_NAME];
	if (host->over) {
		return;
	}
	pf_broker_address_text(&host->address, name);
	if (host->patience_ms && now - host->reached_ns > host->patience_ms * 1000000ull) {
		host->failed = pf_fail(&host->why, PF_ERR_IO, NULL, "%s was gone for %u s", name,
				       host->patience_ms / 1000);
		pf_host_end(host);
	} else if (host->gone_ms && host->results && now - host->there_ns > host->gone_ms * 1000000ull &&
		   now - host->reached_ns < PF_HOST_LOOKED_EVERY_NS) {
		host->failed = pf_fail(&host->why, PF_ERR_NOT_FOUND, NULL, "the run at %s was gone for %u s",
				       name, host->gone_ms / 1000);
		pf_host_end(host);
	}
}

/* Stopped on request: what was not scored is everybody's again, without waiting for the lease to end. */
void pf_host_give_back(struct host *host)
{
	for (size_t i = 0; i < HELD_MOST && host->results; i++) {
		const struct held *held = &host->held[i];
		uint8_t bytes[PF_MESSAGE_MOST];
		size_t size = held->left ? pf_shard_write(&host->seal, &held->shard, bytes) : 0;
		if (size && pf_broker_put(host->results, &host->why, "XADD %s NOMKSTREAM * m %b",
					  host->keys.tasks, bytes, size) == PF_OK) {
			pf_host_drop(host, held->entry);
		}
	}
	if (host->results && pf_broker_pending(host->results)) {
		pf_host_drain(host, GIVEN_BACK_WITHIN_MS);
	}
}
