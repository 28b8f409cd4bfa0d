/* The process that has the workers: a trial that goes on, fed with photos and heard by a thread of its own;
 * started again when it ends. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/serve/server.h"
#include "harness/trial/queries.h"
#include "photofinish/exec.h"
#include "photofinish/file.h"
#include "photofinish/intake.h"
#include "photofinish/sha256.h"

enum { POISON_MOST = 4096 };
#define AGAIN_NS 300000000 /* between an end and the next start */

static bool is_poison(const pf_server *server, const uint8_t sha256[PF_SHA256_BYTES])
{
	for (size_t i = 0; i < server->poison_count; i++) {
		if (memcmp(server->poison[i], sha256, PF_SHA256_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

/* Photos that come while poison is known are hashed as they come (serve_http.c); those that waited already
 * when the first became known are, here, once. */
static void hash(pf_request_photo *photo, const void *bytes)
{
	if (!photo->hashed) {
		pf_sha256_of(bytes ? bytes : "", photo->size, photo->sha256);
		photo->hashed = true;
	}
}

/* SIGKILL comes from outside (an operator, a kernel out of memory): no proof against the photo. */
static void note_poison(pf_server *server, uint32_t slot, pf_request_photo *photo, int32_t death)
{
	if (death != SIGKILL) { /* the slot still has its bytes, which no worker can write */
		hash(photo, server->inbox.memory + slot * server->inbox.slot_bytes);
	}
	if (death == SIGKILL || is_poison(server, photo->sha256) || server->poison_count == POISON_MOST) {
		return;
	}
	void *more = realloc(server->poison, (server->poison_count + 1) * sizeof *server->poison);
	if (more) {
		server->poison = more;
		memcpy(server->poison[server->poison_count++], photo->sha256, PF_SHA256_BYTES);
	}
}

/* Answers the request once nothing of it is under way. */
static void settle(pf_server *server, pf_request *request)
{
	bool all = request->done == request->count;
	if (request->complete || request->done < request->begun || (!all && !request->refused)) {
		return;
	}
	request->complete = true;
	request->answered_ns = pf_now_ns();
	server->requests--;
	if (!request->refused) {
		uint64_t latency = request->answered_ns - request->arrived_ns;
		pf_serve_times_add(&server->counts.latency, latency);
		pf_service_add(&server->latencies, latency, request->answered_ns);
		pf_answer_note_best(server, request);
	}
	pf_http_answer(request);
}

static void drop_bytes(pf_server *server, pf_request_photo *photo)
{
	server->buffered_bytes -= photo->capacity;
	photo->capacity = 0;
	free(photo->bytes);
	photo->bytes = NULL;
}

static void end_photo(pf_server *server, pf_request *request, pf_request_photo *photo)
{
	photo->done = true;
	request->done++;
	server->counts.photos[photo->status]++;
	settle(server, request);
}

static void refuse_poison(pf_server *server, pf_request *request, pf_request_photo *photo)
{
	photo->status = PF_ERR_CRASHED;
	snprintf(photo->message, sizeof photo->message,
		 "the same bytes killed a worker before: not tried again");
	drop_bytes(server, photo);
	server->counts.poisoned++;
	end_photo(server, request, photo);
}

static void expire(pf_server *server, uint64_t now_ns)
{
	pf_request *request;
	while ((request = pf_queue_expired(&server->queue, now_ns))) {
		request->refused = PF_DENIED_EXPIRED;
		settle(server, request);
	}
}

static bool post(pf_server *server, uint32_t slot, pf_request *request, pf_request_photo *photo)
{
	const pf_posted_photo posted = {
		.tag = ++server->tags, .size = photo->size, .slot = slot, .other = request->degraded};
	memcpy(server->inbox.memory + slot * server->inbox.slot_bytes, photo->bytes, photo->size);
	server->slots[slot] = (pf_serve_slot){
		.request = request, .photo = (size_t)(photo - request->photos), .tag = posted.tag};
	photo->begun_ns = pf_now_ns();
	pf_serve_times_add(&server->counts.waiting, photo->begun_ns - request->queued_ns);
	server->counts.degraded += request->degraded;
	drop_bytes(server, photo);
	return pf_photo_post(server->posts, &posted);
}

static uint32_t free_slot(const pf_server *server)
{
	uint32_t slot = 0;
	while (slot < server->inbox.slots && server->slots[slot].request) {
		slot++;
	}
	return slot;
}

static size_t busy_slots(const pf_server *server)
{
	size_t busy = 0;
	for (uint32_t i = 0; i < server->inbox.slots; i++) {
		busy += server->slots[i].request != NULL;
	}
	return busy;
}

/* A photo is begun when there is a worker that can take it: until then it can be overtaken, and expire. */
void pf_engine_dispatch(pf_server *server)
{
	uint64_t now = pf_now_ns();
	uint32_t slot;
	pf_request *request;
	expire(server, now);
	while (server->posts >= 0 && busy_slots(server) < server->workers.ready &&
	       (slot = free_slot(server)) < server->inbox.slots &&
	       (request = pf_queue_next(&server->queue, now))) {
		pf_request_photo *photo = &request->photos[request->begun++];
		photo->begun = true;
		if (!pf_request_waiting(request)) {
			pf_queue_remove(&server->queue, request);
		}
		if (server->poison_count) {
			hash(photo, photo->bytes);
		}
		if (is_poison(server, photo->sha256)) {
			refuse_poison(server, request, photo);
		} else if (!post(server, slot, request, photo)) {
			break; /* its end is on the way, and with it the answer */
		}
	}
}

/* When photos are done that come behind `before` others. Where workers died lately another one may: then
 * either one fewer does the work, or all wait for a replacement, whichever takes less. */
static uint64_t finish_ns(const pf_server *server, uint64_t service_ns, size_t before, size_t photos,
			  uint64_t now)
{
	uint32_t ready = server->workers.ready;
	uint64_t replacing = pf_service_percentile(&server->replacing, 95, now);
	if (!ready) { /* the process that has them starts, or all of them do */
		uint32_t all = server->inbox.slots ? server->inbox.slots : 1;
		uint64_t away = replacing > server->start_ns ? replacing : server->start_ns;
		return away + pf_service_finish_ns(service_ns, before, photos, all);
	}
	uint64_t usual = pf_service_finish_ns(service_ns, before, photos, ready);
	if (!replacing || ready == 1) {
		return usual;
	}
	uint64_t fewer = pf_service_finish_ns(service_ns, before, photos, ready - 1);
	return fewer < usual + replacing ? fewer : usual + replacing;
}

pf_denial pf_engine_admit(pf_server *server, pf_request *request, size_t photos, uint64_t bytes)
{
	const pf_serve_order *order = server->order;
	uint64_t now = pf_now_ns();
	uint64_t usual = pf_service_percentile(&server->service[0], 95, now);
	size_t before = pf_queue_before(&server->queue, request->urgency, now) + busy_slots(server);
	uint64_t wait = finish_ns(server, usual, before, 0, now);
	request->retry_after_s = fmax(1, ceil((double)wait * 1e-9));
	if (server->draining) {
		return PF_DENIED_DRAINING;
	}
	if (pf_queue_photos(&server->queue) + photos > order->queue_most) {
		return PF_DENIED_QUEUE;
	}
	if (server->buffered_bytes + bytes > order->buffered_bytes_most) {
		return PF_DENIED_BUFFER;
	}
	request->degraded = false;
	if (now + finish_ns(server, usual, before, photos, now) <= request->deadline_ns) {
		return PF_DENIED_NOT;
	}
	uint64_t faster = pf_service_percentile(&server->service[1], 95, now);
	request->degraded = server->inbox.other_preset != order->session->order.scorer.preset;
	return request->degraded &&
			       now + wait + finish_ns(server, faster, 0, photos, now) <= request->deadline_ns
		       ? PF_DENIED_NOT
		       : PF_DENIED_DEADLINE;
}

/* Whatever comes is the word of a process that reads hostile photos. */
static void take_answer(pf_server *server, const pf_intake_result *answer)
{
	pf_serve_slot *slot = answer->slot < server->inbox.slots ? &server->slots[answer->slot] : NULL;
	if (!slot || !slot->request || slot->tag != answer->tag) {
		return;
	}
	pf_request *request = slot->request;
	pf_request_photo *photo = &request->photos[slot->photo];
	*slot = (pf_serve_slot){.request = NULL};
	photo->status = answer->status;
	memcpy(photo->message, answer->message, sizeof photo->message);
	photo->score = answer->score;
	photo->service_ns = pf_now_ns() - photo->begun_ns;
	pf_serve_times_add(&server->counts.service, photo->service_ns);
	if (!answer->death) { /* else it says when a worker died, not what a photo takes */
		pf_service_add(&server->service[request->degraded], photo->service_ns, pf_now_ns());
	}
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		if (answer->stage_ns[i]) {
			pf_serve_times_add(&server->counts.stages[i], answer->stage_ns[i]);
		}
	}
	if (answer->death) {
		note_poison(server, answer->slot, photo, answer->death);
	}
	end_photo(server, request, photo);
}

/* How long replacements take: admission counts on the workers that there are. */
static void note_replacing(pf_server *server, const pf_intake_state *state)
{
	uint64_t now = pf_now_ns();
	uint32_t before = server->workers.ready;
	if (state->ready < before && !server->fewer_since_ns) {
		server->fewer_since_ns = now;
	} else if (state->ready > before && server->fewer_since_ns) {
		pf_service_add(&server->replacing, now - server->fewer_since_ns, now);
		server->fewer_since_ns = state->ready < state->workers ? now : 0;
	} else if (state->ready > before && !server->was_ready) {
		server->start_ns = now - server->begun_ns;
	}
}

static void take_state(pf_server *server, const pf_intake_state *state)
{
	note_replacing(server, state);
	server->counts.deaths += state->deaths - server->workers_deaths;
	server->workers_deaths = state->deaths;
	server->workers = *state;
	server->was_ready = server->was_ready || state->ready > 0;
}

static void hear(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	pf_server *server = context;
	(void)so_far;
	if (!frame) {
		return;
	}
	pthread_mutex_lock(&server->lock);
	if (frame->header.kind == PF_FRAME_ANSWER) {
		take_answer(server, &frame->answer);
	} else if (frame->header.kind == PF_FRAME_INTAKE) {
		take_state(server, &frame->intake);
	}
	pf_engine_dispatch(server);
	pthread_mutex_unlock(&server->lock);
}

/* Its end is that of all photos that it had. */
static void lose_all(pf_server *server)
{
	for (uint32_t i = 0; i < server->inbox.slots; i++) {
		pf_serve_slot slot = server->slots[i];
		server->slots[i] = (pf_serve_slot){.request = NULL};
		if (slot.request) {
			pf_request_photo *photo = &slot.request->photos[slot.photo];
			photo->status = PF_ERR_CRASHED;
			snprintf(photo->message, sizeof photo->message,
				 "the process that has the workers ended");
			end_photo(server, slot.request, photo);
		}
	}
	server->workers = (pf_intake_state){.workers = server->inbox.slots};
	server->workers_deaths = 0;
	server->fewer_since_ns = 0;
}

static void run_once(pf_server *server, pf_trial *trial, pf_status *status, pf_error *error)
{
	const pf_contestant *contestant = server->order->contestant;
	const pf_trial_listener ears = {.hear = hear, .context = server};
	pf_session session = *server->order->session;
	int posts = -1;
	session.inbox = &server->inbox;
	session.drains_itself = true;
	*status = pf_queries_open(&session.queries_fd, &posts, error);
	if (*status != PF_OK) {
		return;
	}
	pthread_mutex_lock(&server->lock);
	server->posts = server->stopping ? -1 : posts;
	server->begun_ns = pf_now_ns();
	pthread_mutex_unlock(&server->lock);
	*status = pf_trial_run(&session, contestant->variant, contestant->workers, contestant->options, &ears,
			       trial, error);
	close(session.queries_fd);
	pthread_mutex_lock(&server->lock);
	if (server->posts >= 0) {
		close(server->posts);
	}
	server->posts = -1;
	lose_all(server);
	pthread_mutex_unlock(&server->lock);
}

/* True: it is to be started again. */
static bool judge_end(pf_server *server, const pf_trial *trial, pf_status status, const pf_error *error)
{
	pthread_mutex_lock(&server->lock);
	bool again = !server->stopping && server->was_ready;
	if (!again && !server->stopping) {
		bool unavailable = trial->ending == PF_ENDED_UNAVAILABLE;
		server->failed = true;
		if (status != PF_OK) {
			server->failure = *error;
		} else {
			pf_fail(&server->failure, unavailable ? PF_ERR_UNAVAILABLE : PF_ERR_CRASHED, NULL,
				"%s cannot be served: %.160s", server->order->contestant->label,
				trial->reason[0] ? trial->reason : "it ended at once");
		}
	}
	server->counts.restarts += again;
	pthread_mutex_unlock(&server->lock);
	return again;
}

static void *run_engine(void *context)
{
	pf_server *server = context;
	bool again = true;
	while (again) {
		pf_error error = {0};
		pf_trial trial = {0};
		pf_status status;
		run_once(server, &trial, &status, &error);
		again = judge_end(server, &trial, status, &error);
		if (status == PF_OK) {
			pf_trial_release(&trial);
		}
		if (again) {
			nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL);
		}
	}
	return NULL;
}

pf_status pf_engine_start(pf_server *server, pf_error *error)
{
	const pf_serve_order *order = server->order;
	server->posts = -1;
	server->inbox = (pf_inbox){.slots = order->contestant->workers,
				   .slot_bytes = order->photo_bytes_most,
				   .other_preset = order->degraded_preset};
	server->workers.workers = server->inbox.slots;
	server->slots = calloc(server->inbox.slots, sizeof *server->slots);
	pf_status status = server->slots ? pf_inbox_open(&server->inbox, error)
					 : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	if (status != PF_OK) {
		return status;
	}
	errno = pthread_create(&server->engine, NULL, run_engine, server);
	if (errno) {
		return pf_fail_errno(error, NULL, "cannot start a thread");
	}
	server->engine_runs = true;
	return PF_OK;
}

void pf_engine_stop(pf_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	if (server->posts >= 0) {
		close(server->posts); /* it hears that no more come, and ends */
	}
	server->posts = -1;
	pthread_mutex_unlock(&server->lock);
	if (server->engine_runs) {
		pthread_join(server->engine, NULL);
	}
	pf_inbox_close(&server->inbox);
	free(server->slots);
	server->slots = NULL;
	server->inbox.slots = 0;
}
