#include "harness/load/url_load.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/load/load.h"
#include "harness/run/reference.h"
#include "harness/scores/score_caveat.h"
#include "photofinish/file.h"
#include "photofinish/variant.h"

#define LEAD_NS 20000000u  /* between the begin of a phase and its first arrival */
#define FOREVER_S 1e9      /* of a phase that lasts until enough was sent */
#define LOOK_NS 100000000u /* between looks for an interrupt */
#define WARM_UP_TRIES 3

const char *pf_sent_name(pf_sent outcome)
{
#define PF_SENT_NAME(constant, name) name,
	static const char *const names[] = {PF_SENT_LIST(PF_SENT_NAME)};
#undef PF_SENT_NAME
	return names[outcome];
}

/* What is needed while requests are sent. */
struct url_sending {
	pf_http_client *client;
	pf_arrivals arrivals;
	pf_reference reference;
	struct body {
		void *bytes; /* mapped; NULL: an empty file */
		size_t size;
	} * bodies;
	size_t capacity, begun, settled; /* of requests; begun: that were given to the client */
	uint64_t begin_ns, phase_end_ns; /* of the load; when the next phase begins, 0: now */
	char caveat[PF_SCORE_CAVEAT];    /* that answers are to have */
	unsigned warm_code;
	const char *warm_why;
	bool warming;
};

static void count_one(pf_url_load *load, const char *what)
{
	for (size_t i = 0; i < PF_URL_COUNTS; i++) {
		pf_url_count *at = &load->counts[i];
		if (!at->count || strcmp(at->what, what) == 0) {
			snprintf(at->what, sizeof at->what, "%s", what);
			at->count++;
			return;
		}
	}
}

/* Whether the answer is the record that `score` writes for that photo. */
static bool is_right(pf_url_load *load, size_t photo, const pf_http_answer *answer, bool *other_setting)
{
	struct url_sending *sending = load->sending;
	json_t *record = json_loadb(answer->body, answer->body_bytes, JSON_REJECT_DUPLICATES, NULL);
	const char *caveat = json_string_value(json_object_get(record, "caveat"));
	pf_outcome outcome = {.done = false};
	char what[192];
	*other_setting = record && strcmp(caveat ? caveat : "", sending->caveat) != 0;
	bool right = record && !*other_setting && pf_outcome_read(record, 0, &outcome) &&
		     pf_tolerance_photo(&load->tolerance, &sending->reference.outcomes->photos[photo],
					&outcome, what, sizeof what);
	free(outcome.message);
	json_decref(record);
	return right;
}

static pf_sent judge_score(pf_url_load *load, pf_url_request *request, const pf_http_answer *answer)
{
	bool other_setting = false;
	if (!load->unchecked && !is_right(load, request->photo, answer, &other_setting)) {
		if (other_setting) {
			load->other_setting++;
		} else if (!load->wrong++) {
			pf_escape(load->session->dataset->photos[request->photo].path, load->first_wrong,
				  sizeof load->first_wrong);
		}
		return PF_SENT_ERROR;
	}
	request->scored = true;
	return load->deadline_s > 0 && (double)request->latency_ns > load->deadline_s * 1e9 ? PF_SENT_LATE
											    : PF_SENT_OK;
}

static pf_sent judge(pf_url_load *load, pf_url_request *request, const pf_http_answer *answer)
{
	unsigned code = answer->code;
	bool scored = load->unchecked ? code >= 200 && code < 300 : code == 200 || code == 422;
	return !code                        ? PF_SENT_LOST
	       : scored                     ? judge_score(load, request, answer)
	       : code == 503 || code == 429 ? PF_SENT_REJECTED
	       : code == 504                ? PF_SENT_LATE
					    : PF_SENT_ERROR;
}

static void settle(pf_url_load *load, pf_url_request *request, pf_sent outcome)
{
	pf_url_phase *phase = &load->phases[request->phase];
	request->settled = true;
	request->outcome = outcome;
	phase->outcomes[outcome]++;
	load->sending->settled++;
	if (request->scored) {
		pf_histogram_add(load->latency, request->latency_ns);
		pf_histogram_add(phase->latency, request->latency_ns);
	}
}

static void take(void *context, const pf_http_answer *answer)
{
	pf_url_load *load = context;
	struct url_sending *sending = load->sending;
	char code[16];
	if (sending->warming) {
		sending->warm_code = answer->code;
		sending->warm_why = answer->why;
		return;
	}
	pf_url_request *request = &load->requests[(size_t)(uintptr_t)answer->tag];
	uint64_t due = sending->begin_ns + request->due_ns;
	request->code = answer->code;
	request->latency_ns = answer->ended_ns > due ? answer->ended_ns - due : 0;
	snprintf(code, sizeof code, "%u", answer->code);
	count_one(load, answer->code ? code : answer->why);
	settle(load, request, judge(load, request, answer));
}

static void write_head(const pf_url_load *load, size_t photo, double left_s, char head[3072])
{
	char deadline[48] = "", token[1024] = "";
	if (load->deadline_s > 0) {
		snprintf(deadline, sizeof deadline, "Deadline-Ms: %.0f\r\n",
			 left_s > 1e-3 ? left_s * 1e3 : 1.0);
	}
	if (load->token) {
		snprintf(token, sizeof token, "Authorization: Bearer %s\r\n", load->token);
	}
	snprintf(head, 3072,
		 "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: photofinish\r\nContent-Type: image/jpeg\r\n"
		 "Content-Length: %zu\r\n%s%s\r\n",
		 load->target.path, load->target.authority, load->sending->bodies[photo].size, deadline,
		 token);
}

/* Gives what is due to the client, as far as it has connections: in the order of coming. */
static void send_due(pf_url_load *load)
{
	struct url_sending *sending = load->sending;
	char head[3072];
	while (sending->begun < load->count) {
		size_t number = sending->begun;
		pf_url_request *request = &load->requests[number];
		const struct body *body = &sending->bodies[request->photo];
		uint64_t due = sending->begin_ns + request->due_ns, now = pf_now_ns();
		request->delay_ns = now > due ? now - due : 0;
		write_head(load, request->photo, load->deadline_s - (double)request->delay_ns * 1e-9, head);
		sending->begun++; /* it may be told of before the call returns */
		if (!pf_http_begin(sending->client, head, body->bytes, body->size,
				   due + (uint64_t)(load->give_up_s * 1e9), (void *)(uintptr_t)number)) {
			sending->begun--;
			size_t waiting = load->count - sending->begun;
			load->backlog_most = waiting > load->backlog_most ? waiting : load->backlog_most;
			return;
		}
		pf_histogram_add(load->delay, request->delay_ns);
	}
}

/* False: no memory. */
static bool add_request(pf_url_load *load, uint64_t due_ns)
{
	struct url_sending *sending = load->sending;
	if (load->count == sending->capacity) {
		size_t capacity = 2 * sending->capacity + 4096;
		pf_url_request *more = realloc(load->requests, capacity * sizeof *more);
		if (!more) {
			return false;
		}
		load->requests = more;
		sending->capacity = capacity;
	}
	pf_url_phase *phase = &load->phases[load->phase_count - 1];
	load->requests[load->count++] = (pf_url_request){
		.photo = (uint32_t)pf_arrivals_photo(&sending->arrivals),
		.phase = (uint32_t)(load->phase_count - 1),
		.due_ns = due_ns - sending->begin_ns};
	phase->sent++;
	return true;
}

static void tell_progress(const pf_url_load *load)
{
	if (load->progress) {
		size_t done = load->sending->settled;
		load->progress(load->context, done,
			       load->expected > load->count ? load->expected : load->count);
	}
}

/* Sends and hears until then, or until something was heard. */
static void go_on(pf_url_load *load, uint64_t until_ns)
{
	uint64_t look = pf_now_ns() + LOOK_NS;
	pf_http_wait(load->sending->client, until_ns < look ? until_ns : look);
	send_due(load); /* what waited for a connection */
	tell_progress(load);
}

static pf_status no_memory(pf_error *error)
{
	return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

/* The times of arrivals are drawn one ahead; none depends on an answer. */
static pf_status run_arrivals(pf_url_load *load, const pf_url_phase *order, uint64_t begin, uint64_t *end,
			      pf_error *error)
{
	pf_rate_phase rate = order->rate;
	uint64_t least_ns = (uint64_t)(rate.duration_s * 1e9), at_ns;
	size_t sent = 0;
	rate.duration_s = order->least_requests ? FOREVER_S : rate.duration_s;
	*end = begin + least_ns;
	pf_arrivals_begin(&load->sending->arrivals);
	while (!pf_interrupts && pf_arrivals_next(&load->sending->arrivals, &rate, &at_ns) &&
	       (at_ns < least_ns || sent < order->least_requests)) {
		uint64_t due = begin + at_ns;
		while (!pf_interrupts && pf_now_ns() < due) {
			go_on(load, due);
		}
		if (pf_interrupts) {
			break;
		}
		if (!add_request(load, due)) {
			return no_memory(error);
		}
		send_due(load);
		sent++;
		*end = *end > due ? *end : due;
	}
	while (!pf_interrupts && pf_now_ns() < *end) {
		go_on(load, *end);
	}
	return PF_OK;
}

static pf_status run_users(pf_url_load *load, const pf_url_phase *order, uint64_t begin, uint64_t *end,
			   pf_error *error)
{
	struct url_sending *sending = load->sending;
	size_t before = sending->settled, sent = 0;
	uint64_t least_ns = (uint64_t)(order->rate.duration_s * 1e9);
	while (!pf_interrupts && (pf_now_ns() < begin + least_ns || sent < order->least_requests)) {
		while (sent < order->users + (sending->settled - before)) {
			if (!add_request(load, pf_now_ns())) {
				return no_memory(error);
			}
			sent++;
			send_due(load);
		}
		go_on(load, UINT64_MAX);
	}
	*end = pf_now_ns();
	return PF_OK;
}

static void drain(pf_url_load *load)
{
	while (load->sending->settled < load->count && pf_interrupts < 2) {
		go_on(load, UINT64_MAX);
	}
}

pf_status pf_url_load_phase(pf_url_load *load, const pf_url_phase *order, pf_error *error)
{
	struct url_sending *sending = load->sending;
	if (pf_interrupts) {
		return PF_OK;
	}
	pf_url_phase *more = realloc(load->phases, (load->phase_count + 1) * sizeof *more);
	load->phases = more ? more : load->phases;
	pf_histogram *latency = more ? pf_histogram_create(PF_LOAD_BITS) : NULL;
	if (!latency) {
		return no_memory(error);
	}
	pf_url_phase *phase = &load->phases[load->phase_count++];
	*phase = *order;
	phase->latency = latency;
	phase->first = load->count;
	uint64_t begin = sending->phase_end_ns ? sending->phase_end_ns : pf_now_ns() + LEAD_NS;
	uint64_t end = begin;
	sending->begin_ns = sending->begin_ns ? sending->begin_ns : begin;
	pf_status status = order->users ? run_users(load, order, pf_now_ns(), &end, error)
					: run_arrivals(load, order, begin, &end, error);
	sending->phase_end_ns = end;
	if (order->drains) {
		drain(load);
		sending->phase_end_ns = 0;
	}
	load->phases[load->phase_count - 1].lasted_s = (double)(end - begin) * 1e-9;
	return status;
}

void pf_url_load_finish(pf_url_load *load)
{
	drain(load);
	load->partial = pf_interrupts > 0;
	for (size_t i = 0; i < load->count; i++) {
		pf_url_request *request = &load->requests[i];
		pf_url_phase *phase = &load->phases[request->phase];
		if (!request->settled) { /* a second Ctrl-C */
			count_one(load, "stopped");
			settle(load, request, PF_SENT_LOST);
		}
		/* What is answered behind a phase's end is its own, and takes its own time. */
		double until_s = (double)(request->due_ns + request->latency_ns -
					  load->requests[phase->first].due_ns) *
				 1e-9;
		bool served = request->outcome == PF_SENT_OK;
		phase->lasted_s = served && until_s > phase->lasted_s ? until_s : phase->lasted_s;
	}
}

static pf_status map_photos(pf_url_load *load, pf_error *error)
{
	const pf_dataset *dataset = load->session->dataset;
	struct url_sending *sending = load->sending;
	pf_status status = PF_OK;
	sending->bodies = calloc(dataset->count, sizeof *sending->bodies);
	if (!sending->bodies) {
		return no_memory(error);
	}
	for (size_t i = 0; i < dataset->count && status == PF_OK; i++) {
		int fd = -1;
		uint64_t size = 0;
		status = pf_dataset_open(dataset, i, &fd, &size, error);
		if (status == PF_OK && size) {
			void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
			sending->bodies[i].bytes = bytes == MAP_FAILED ? NULL : bytes;
			sending->bodies[i].size = bytes == MAP_FAILED ? 0 : size;
			status = bytes == MAP_FAILED
					 ? pf_fail_errno(error, dataset->photos[i].path, "cannot map")
					 : PF_OK;
		}
		if (fd >= 0) {
			close(fd);
		}
	}
	return status;
}

/* One request that is not counted: whether anything answers there that takes photos. */
static pf_status warm_up(pf_url_load *load, pf_error *error)
{
	struct url_sending *sending = load->sending;
	size_t photo = pf_arrivals_photo(&sending->arrivals);
	char head[3072];
	sending->warming = true;
	write_head(load, photo, load->deadline_s, head);
	pf_http_begin(sending->client, head, sending->bodies[photo].bytes, sending->bodies[photo].size,
		      pf_now_ns() + (uint64_t)(load->give_up_s * 1e9), NULL);
	while (pf_http_under_way(sending->client) && !pf_interrupts) {
		pf_http_wait(sending->client, pf_now_ns() + LOOK_NS);
	}
	sending->warming = false;
	unsigned code = sending->warm_code;
	if (pf_interrupts) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	if (!code) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%.120s gives no answer (%s): is it running?",
			       load->target.url, sending->warm_why ? sending->warm_why : "stopped");
	}
	bool busy = code == 503 || code == 504 || code == 429 || code == 500;
	return (code >= 200 && code < 300) || (code == 422 && !load->unchecked) || busy
		       ? PF_OK
		       : pf_fail(error, PF_ERR_INVALID, NULL, "%.120s answers a photo by %u%s",
				 load->target.url, code, code == 401 ? ": give its --token-file" : "");
}

pf_status pf_url_load_open(pf_url_load *load, pf_error *error)
{
	load->latency = pf_histogram_create(PF_LOAD_BITS);
	load->delay = pf_histogram_create(PF_LOAD_BITS);
	load->sending = calloc(1, sizeof *load->sending);
	if (!load->latency || !load->delay || !load->sending) {
		return no_memory(error);
	}
	struct url_sending *sending = load->sending;
	pf_score_caveat(&load->session->order.scorer, sending->caveat);
	if (load->variant) {
		pf_tolerance_take(load->variant->tolerance, &load->tolerance);
	}
	pf_status status = pf_arrivals_init(&sending->arrivals, load->session->dataset->count, load->seed,
					    error);
	status = status == PF_OK ? pf_dataset_warm(load->session->dataset, NULL, NULL, error) : status;
	status = status == PF_OK ? map_photos(load, error) : status;
	if (status == PF_OK && !load->unchecked) {
		status = pf_reference_get(load->session, NULL, &sending->reference, error);
	}
	if (status == PF_OK) {
		sending->client = pf_http_client_create(&load->target, load->connections, take, load, error);
		status = sending->client ? warm_up(load, error) : error->code;
	}
	return status;
}

void pf_url_load_close(pf_url_load *load)
{
	struct url_sending *sending = load->sending;
	if (!sending) {
		return;
	}
	pf_http_client_free(sending->client);
	for (size_t i = 0; sending->bodies && i < load->session->dataset->count; i++) {
		if (sending->bodies[i].bytes) {
			munmap(sending->bodies[i].bytes, sending->bodies[i].size);
		}
	}
	free(sending->bodies);
	pf_arrivals_release(&sending->arrivals);
	pf_reference_release(&sending->reference);
	free(sending);
	load->sending = NULL;
}

void pf_url_load_release(pf_url_load *load)
{
	pf_url_load_close(load);
	for (size_t i = 0; i < load->phase_count; i++) {
		pf_histogram_free(load->phases[i].latency);
	}
	pf_histogram_free(load->latency);
	pf_histogram_free(load->delay);
	free(load->phases);
	free(load->requests);
	*load = (pf_url_load){.session = NULL};
}
