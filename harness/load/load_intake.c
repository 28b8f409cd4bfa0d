#include "harness/load/load_intake.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/load/arrivals.h"
#include "harness/trial/photo_stream.h"
#include "harness/trial/queries.h"
#include "photofinish/file.h"

#define FOREVER_S 1e9
#define LEAD_NS 20000000u /* between the end of the warm-up and the first arrival */
#define LOOK_NS 100000000u

/* A photo that waits for a worker, or that one has. */
struct query {
	uint32_t photo;
	uint64_t due_ns, begun_ns;
};

struct feeding {
	pf_load *load;
	const pf_outcomes *reference;
	pf_inbox inbox;
	uint64_t bytes;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	int posts; /* -1: closed */
	struct pf_arrivals arrivals;
	pf_rate_phase rate;
	uint64_t phase_ns, begin_ns;     /* when arrivals began; when the first query was counted */
	struct query next;               /* that is to come; photo is drawn when it is posted */
	bool has_next, ready, ended;     /* ready: the workers are, and have warmed up */
	struct query *slots;             /* of each slot; due_ns 0: it is free */
	size_t posted, answered, warmed; /* of counted queries; of those that warm up */
	size_t capacity;
	pf_error failure; /* of a photo that cannot be read */
};

static bool is_server(const struct feeding *feeding)
{
	return feeding->load->scenario == PF_SCENARIO_SERVER;
}

/* The next three with the lock. */
static void stop(struct feeding *feeding)
{
	if (feeding->posts >= 0) {
		close(feeding->posts);
	}
	feeding->posts = -1;
	pthread_cond_broadcast(&feeding->changed);
}

/* Reads the photo into the slot and gives it to the workers: from here on it takes its time. */
static void post(struct feeding *feeding, uint32_t slot, uint64_t due_ns)
{
	const pf_dataset *dataset = feeding->load->session->dataset;
	size_t photo = pf_arrivals_photo(&feeding->arrivals);
	unsigned char *to = feeding->inbox.memory + slot * feeding->inbox.slot_bytes;
	uint64_t size = 0, there = 0;
	int fd = -1;
	feeding->slots[slot] = (struct query){
		.photo = (uint32_t)photo, .due_ns = due_ns, .begun_ns = pf_now_ns()};
	pf_status status = pf_dataset_open(dataset, photo, &fd, &size, &feeding->failure);
	while (status == PF_OK && there < size && size <= feeding->inbox.slot_bytes) {
		ssize_t got = TEMP_FAILURE_RETRY(read(fd, to + there, size - there));
		if (got <= 0) {
			break;
		}
		there += (uint64_t)got;
	}
	if (fd >= 0) {
		close(fd);
	}
	const pf_posted_photo posted = {
		.tag = feeding->posted + feeding->warmed + 1, .size = size, .slot = slot};
	if (status == PF_OK && there != size) {
		status = pf_fail(&feeding->failure, PF_ERR_CHANGED, dataset->photos[photo].path,
				 "it is not what it was when the load began");
	}
	if (status != PF_OK || !pf_photo_post(feeding->posts, &posted)) {
		stop(feeding);
	}
}

static uint32_t free_slot(const struct feeding *feeding)
{
	uint32_t slot = 0;
	while (slot < feeding->inbox.slots && feeding->slots[slot].due_ns) {
		slot++;
	}
	return slot;
}

static size_t wanted(const struct feeding *feeding)
{
	const pf_load *load = feeding->load;
	return (size_t)fmax(load->least_queries, ceil(load->least_duration_s * load->rate));
}

static void draw_next(struct feeding *feeding)
{
	uint64_t at_ns;
	feeding->has_next = feeding->posted < wanted(feeding) &&
			    pf_arrivals_next(&feeding->arrivals, &feeding->rate, &at_ns);
	feeding->next.due_ns = feeding->has_next ? feeding->phase_ns + at_ns : 0;
}

static void sleep_until(struct feeding *feeding, uint64_t until_ns)
{
	const struct timespec at = {.tv_sec = (time_t)(until_ns / 1000000000),
				    .tv_nsec = (long)(until_ns % 1000000000)};
	pthread_cond_timedwait(&feeding->changed, &feeding->lock, &at);
}

/* Arrivals are posted when they are due and a worker is free, whether or not others were answered. */
static void *feed(void *context)
{
	struct feeding *feeding = context;
	pthread_mutex_lock(&feeding->lock);
	while (!feeding->ended && feeding->posts != -1) {
		uint64_t now = pf_now_ns();
		uint32_t slot = free_slot(feeding);
		if (!feeding->ready || !feeding->has_next || slot == feeding->inbox.slots) {
			sleep_until(feeding, now + LOOK_NS);
		} else if (now < feeding->next.due_ns) {
			sleep_until(feeding, feeding->next.due_ns);
		} else {
			feeding->posted++;
			post(feeding, slot, feeding->next.due_ns);
			draw_next(feeding);
		}
	}
	pthread_mutex_unlock(&feeding->lock);
	return NULL;
}

static bool make_room(struct feeding *feeding)
{
	if (feeding->load->count < feeding->capacity) {
		return true;
	}
	size_t capacity = 2 * feeding->capacity + 1024;
	pf_load_query *more = realloc(feeding->load->queries, capacity * sizeof *more);
	if (more) {
		feeding->load->queries = more;
		feeding->capacity = capacity;
	}
	return more != NULL;
}

static void count(struct feeding *feeding, const struct query *query, const pf_intake_result *answer)
{
	pf_load *load = feeding->load;
	uint64_t now = pf_now_ns();
	const pf_outcome own = {.status = (pf_status)answer->status, .score = answer->score};
	if (!make_room(feeding)) {
		stop(feeding);
		return;
	}
	pf_load_query *to = &load->queries[load->count++];
	*to = (pf_load_query){.photo = query->photo,
			      .latency_ns = now - query->due_ns,
			      .service_ns = now - query->begun_ns};
	pf_histogram_add(load->latency, to->latency_ns);
	pf_histogram_add(load->inner, to->service_ns);
	load->duration_s = (double)(now - feeding->begin_ns) * 1e-9;
	pf_load_check(load, feeding->reference, query->photo, &own);
}

static bool enough(const struct feeding *feeding)
{
	const pf_load *load = feeding->load;
	return is_server(feeding)
		       ? load->count >= wanted(feeding)
		       : load->count >= load->least_queries && load->duration_s >= load->least_duration_s;
}

/* One photo for each slot first, which are not counted. */
static void warm_up(struct feeding *feeding)
{
	for (uint32_t slot = 0; slot < feeding->inbox.slots; slot++) {
		feeding->warmed++;
		post(feeding, slot, pf_now_ns());
	}
}

static void begin(struct feeding *feeding)
{
	feeding->ready = true;
	feeding->begin_ns = pf_now_ns();
	feeding->phase_ns = feeding->begin_ns + LEAD_NS;
	if (is_server(feeding)) {
		draw_next(feeding);
		pthread_cond_broadcast(&feeding->changed);
	} else {
		feeding->posted++;
		post(feeding, 0, pf_now_ns());
	}
}

static void take_answer(struct feeding *feeding, const pf_intake_result *answer)
{
	struct query *at = answer->slot < feeding->inbox.slots ? &feeding->slots[answer->slot] : NULL;
	if (!at || !at->due_ns || answer->status >= PF_STATUS_COUNT) {
		return; /* the word of a process that reads photos */
	}
	const struct query query = *at;
	at->due_ns = 0;
	if (!feeding->ready) {
		if (++feeding->answered == feeding->inbox.slots && feeding->posts >= 0) {
			begin(feeding);
		}
		return;
	}
	count(feeding, &query, answer);
	if (feeding->load->progress) {
		pf_load *load = feeding->load;
		load->progress(load->context, load->count,
			       load->least_queries > load->count ? load->least_queries : load->count);
	}
	if (enough(feeding)) {
		stop(feeding);
	} else if (!is_server(feeding) && feeding->posts >= 0) {
		feeding->posted++;
		post(feeding, 0, pf_now_ns());
	}
	pthread_cond_broadcast(&feeding->changed);
}

static void hear(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	struct feeding *feeding = context;
	(void)so_far;
	pthread_mutex_lock(&feeding->lock);
	if (pf_interrupts) {
		stop(feeding);
	} else if (frame && frame->header.kind == PF_FRAME_ANSWER) {
		take_answer(feeding, &frame->answer);
	} else if (frame && frame->header.kind == PF_FRAME_INTAKE && !feeding->warmed &&
		   frame->intake.ready == frame->intake.workers && feeding->posts >= 0) {
		warm_up(feeding);
	}
	pthread_mutex_unlock(&feeding->lock);
}

static pf_status open_inbox(struct feeding *feeding, pf_error *error)
{
	const pf_load *load = feeding->load;
	const pf_dataset *dataset = load->session->dataset;
	uint64_t most = 1;
	for (size_t i = 0; i < dataset->count; i++) {
		most = dataset->photos[i].size_bytes > most ? dataset->photos[i].size_bytes : most;
	}
	feeding->inbox = (pf_inbox){.slots = load->contestant->workers,
				    .slot_bytes = most,
				    .other_preset = load->session->order.scorer.preset};
	feeding->slots = calloc(feeding->inbox.slots, sizeof *feeding->slots);
	return feeding->slots ? pf_inbox_open(&feeding->inbox, error)
			      : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

static void release(struct feeding *feeding)
{
	pf_inbox_close(&feeding->inbox);
	free(feeding->slots);
	pf_arrivals_release(&feeding->arrivals);
	pthread_cond_destroy(&feeding->changed);
	pthread_mutex_destroy(&feeding->lock);
}

static pf_status run_trial(struct feeding *feeding, pf_trial *trial, pf_error *error)
{
	const pf_contestant *contestant = feeding->load->contestant;
	const pf_trial_listener ears = {.hear = hear, .context = feeding};
	pf_session session = *feeding->load->session;
	pthread_t feeder;
	pf_status status = pf_queries_open(&session.queries_fd, &feeding->posts, error);
	if (status != PF_OK) {
		return status;
	}
	session.inbox = &feeding->inbox;
	session.drains_itself = true;
	errno = pthread_create(&feeder, NULL, feed, feeding);
	bool began = errno == 0;
	if (!began) {
		status = pf_fail_errno(error, NULL, "cannot start a thread");
	} else {
		status = pf_trial_run(&session, contestant->variant, contestant->workers, contestant->options,
				      &ears, trial, error);
	}
	pthread_mutex_lock(&feeding->lock);
	feeding->ended = true;
	stop(feeding);
	pthread_mutex_unlock(&feeding->lock);
	if (began) {
		pthread_join(feeder, NULL);
	}
	close(session.queries_fd);
	return status;
}

pf_status pf_load_by_intake(pf_load *load, const pf_outcomes *reference, pf_error *error)
{
	struct feeding feeding = {.load = load,
				  .reference = reference,
				  .posts = -1,
				  .rate = {.from = load->rate, .to = load->rate, .duration_s = FOREVER_S}};
	pthread_condattr_t attributes;
	pf_trial trial = {0};
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&feeding.changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&feeding.lock, NULL);
	pf_tolerance_take(load->contestant->variant->tolerance, &load->tolerance);
	pf_status status = pf_arrivals_init(&feeding.arrivals, load->session->dataset->count, load->seed,
					    error);
	status = status == PF_OK ? open_inbox(&feeding, error) : status;
	status = status == PF_OK ? run_trial(&feeding, &trial, error) : status;
	if (status == PF_OK && feeding.failure.code != PF_OK) {
		*error = feeding.failure;
		status = error->code;
	}
	status = pf_load_take_end(load, &trial, status, error);
	release(&feeding);
	return status;
}
