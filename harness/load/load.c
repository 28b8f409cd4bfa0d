#include "harness/load/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/load/arrivals.h"
#include "harness/load/load_intake.h"
#include "harness/registry/known.h"
#include "harness/trial/queries.h"
#include "photofinish/file.h"

/* Arrivals that are issued ahead of their time: what the pipe surely holds. */
#define AHEAD 1024
#define FOREVER_S 1e9
#define LEAD_NS 20000000u /* between the first query's end and the first arrival */

const char *pf_scenario_name(pf_scenario scenario)
{
	static const char *const names[] = {"offline", "single-stream", "server"};
	return names[scenario];
}

bool pf_load_uses_intake(const pf_load *load)
{
	return load->contestant->variant->open_intake && !load->reopen;
}

struct loading {
	pf_load *load;
	const pf_outcomes *reference;
	int queries; /* write end; -1 once closed */
	pf_arrivals arrivals;
	const pf_rate_phase rate; /* of arrivals, without an end */
	uint64_t phase_ns;        /* when they began */
	size_t capacity, issued;
	uint64_t *issue_ns; /* of each query, or when it was to arrive; [0] is the one that warms up */
	uint32_t *photos;
	uint64_t begin_ns, heard_ns; /* of the first counted issue; of the last outcome */
	bool answered;               /* the query at hand has had its outcome */
};

static void stop(struct loading *loading)
{
	if (loading->queries >= 0) {
		close(loading->queries);
		loading->queries = -1;
	}
}

/* Grows what is kept of each query; stops the load where there is no memory. */
static bool make_room(struct loading *loading)
{
	if (loading->issued < loading->capacity) {
		return true;
	}
	size_t capacity = 2 * loading->capacity + 1024;
	uint64_t *times = realloc(loading->issue_ns, capacity * sizeof *times);
	loading->issue_ns = times ? times : loading->issue_ns;
	uint32_t *photos = realloc(loading->photos, capacity * sizeof *photos);
	loading->photos = photos ? photos : loading->photos;
	pf_load_query *queries = realloc(loading->load->queries, capacity * sizeof *queries);
	loading->load->queries = queries ? queries : loading->load->queries;
	if (!times || !photos || !queries) {
		stop(loading);
		return false;
	}
	loading->capacity = capacity;
	return true;
}

/* `arrival_ns` 0: now. */
static void issue(struct loading *loading, uint64_t arrival_ns)
{
	if (loading->queries < 0 || !make_room(loading)) {
		return;
	}
	size_t number = loading->issued++;
	pf_query query = {.number = (uint32_t)number,
			  .first = (uint32_t)pf_arrivals_photo(&loading->arrivals),
			  .count = 1,
			  .repeats = 1,
			  .not_before_ns = arrival_ns};
	loading->photos[number] = query.first;
	loading->issue_ns[number] = arrival_ns ? arrival_ns : pf_now_ns();
	if (!pf_query_issue(loading->queries, &query)) {
		stop(loading);
	}
}

static bool enough(const struct loading *loading)
{
	const pf_load *load = loading->load;
	double passed_s = loading->begin_ns ? (double)(pf_now_ns() - loading->begin_ns) * 1e-9 : 0;
	return load->count >= load->least_queries && passed_s >= load->least_duration_s;
}

/* Fills the queue of arrivals. How many there are does not depend on how fast they are served. */
static void issue_arrivals(struct loading *loading)
{
	const pf_load *load = loading->load;
	double wanted = fmax(load->least_queries, ceil(load->least_duration_s * load->rate));
	while (loading->queries >= 0 && loading->issued <= (size_t)wanted &&
	       loading->issued < load->count + AHEAD) {
		uint64_t at_ns;
		loading->phase_ns = loading->phase_ns ? loading->phase_ns : pf_now_ns() + LEAD_NS;
		if (!pf_arrivals_next(&loading->arrivals, &loading->rate, &at_ns)) {
			break;
		}
		issue(loading, loading->phase_ns + at_ns);
	}
	if (load->count >= (size_t)wanted) {
		stop(loading);
	}
}

void pf_load_check(pf_load *load, const pf_outcomes *reference, size_t photo, const pf_outcome *own)
{
	char what[192];
	if (!pf_tolerance_photo(&load->tolerance, &reference->photos[photo], own, what, sizeof what) &&
	    !load->wrong++) {
		pf_escape(load->session->dataset->photos[photo].path, load->first_wrong,
			  sizeof load->first_wrong);
	}
}

static void note_photo(struct loading *loading, const pf_frame_photo *photo)
{
	pf_load *load = loading->load;
	size_t number = load->count + 1; /* queries are answered in their order */
	uint64_t now = pf_now_ns();
	if (!loading->begin_ns || loading->answered || number >= loading->issued ||
	    photo->index != loading->photos[number]) {
		return;
	}
	uint64_t since = loading->issue_ns[number];
	uint64_t served = loading->heard_ns > since ? loading->heard_ns : since;
	load->queries[load->count] = (pf_load_query){.photo = photo->index,
						     .latency_ns = now > since ? now - since : 0,
						     .service_ns = now > served ? now - served : 0};
	loading->answered = true;
	const pf_outcome own = {.status = (pf_status)photo->status, .score = photo->score};
	pf_load_check(load, loading->reference, photo->index, &own);
}

static void end_query(struct loading *loading, const pf_frame_query *end)
{
	pf_load *load = loading->load;
	loading->heard_ns = pf_now_ns();
	if (!loading->begin_ns) { /* it has warmed up */
		loading->begin_ns = loading->heard_ns;
	} else if (!loading->answered) {
		load->wrong++;
		stop(loading);
	} else {
		pf_load_query *query = &load->queries[load->count++];
		query->startup_ns = end->startup_ns < query->latency_ns ? end->startup_ns : query->latency_ns;
		pf_histogram_add(load->latency, query->latency_ns);
		pf_histogram_add(load->inner, load->scenario == PF_SCENARIO_SERVER
						      ? query->service_ns
						      : query->latency_ns - query->startup_ns);
		load->duration_s = (double)(loading->heard_ns - loading->begin_ns) * 1e-9;
	}
	loading->answered = false;
	if (load->progress) {
		load->progress(load->context, load->count,
			       load->least_queries > load->count ? load->least_queries : load->count);
	}
	bool server = load->scenario == PF_SCENARIO_SERVER;
	if (pf_interrupts || (!server && enough(loading))) {
		stop(loading);
	} else if (server) {
		issue_arrivals(loading);
	} else {
		issue(loading, 0);
	}
}

static void hear(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	struct loading *loading = context;
	(void)so_far;
	if (!frame) {
		if (pf_interrupts) {
			stop(loading);
		}
	} else if (frame->header.kind == PF_FRAME_PHOTO && frame->photo.index < loading->reference->count) {
		note_photo(loading, &frame->photo);
	} else if (frame->header.kind == PF_FRAME_QUERY) {
		end_query(loading, &frame->query);
	}
}

/* A trial of queries; `variant` hears the first one from here. */
static pf_status run_trial(const pf_load *load, const struct pf_variant *variant, int *write_end,
			   const pf_trial_listener *ears, pf_trial *trial, pf_error *error)
{
	const pf_contestant *contestant = load->contestant;
	pf_session session = *load->session;
	pf_status status = pf_queries_open(&session.queries_fd, write_end, error);
	if (status == PF_OK) {
		const pf_query first = {.count = 1, .repeats = 1};
		pf_query_issue(*write_end, &first);
		bool own = variant == contestant->variant;
		status = pf_trial_run(&session, variant, own ? contestant->workers : 1,
				      own ? contestant->options : NULL, ears, trial, error);
	}
	if (session.queries_fd >= 0) {
		close(session.queries_fd);
	}
	return status;
}

/* What issuing a query and hearing of it take, by the variant that does nothing. */
struct hopping {
	pf_histogram *hop;
	int queries;
	uint64_t issued_ns, left;
};

static void hear_hop(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	struct hopping *hopping = context;
	(void)so_far;
	if (!frame || frame->header.kind != PF_FRAME_QUERY || hopping->queries < 0) {
		return;
	}
	if (hopping->issued_ns) {
		pf_histogram_add(hopping->hop, pf_now_ns() - hopping->issued_ns);
	}
	if (hopping->left-- == 0) {
		close(hopping->queries);
		hopping->queries = -1;
		return;
	}
	const pf_query query = {.count = 1, .repeats = 1};
	hopping->issued_ns = pf_now_ns();
	pf_query_issue(hopping->queries, &query);
}

static pf_status measure_hop(pf_load *load, pf_error *error)
{
	enum { HOPS = 200 };
	const struct pf_variant *nothing = pf_variant_find("null");
	struct hopping hopping = {.hop = load->hop, .queries = -1, .left = HOPS};
	const pf_trial_listener ears = {.hear = hear_hop, .context = &hopping};
	pf_trial trial = {0};
	if (!nothing) {
		return PF_OK;
	}
	pf_status status = run_trial(load, nothing, &hopping.queries, &ears, &trial, error);
	if (hopping.queries >= 0) {
		close(hopping.queries);
	}
	pf_trial_release(&trial);
	return status;
}

pf_status pf_load_take_end(pf_load *load, pf_trial *trial, pf_status status, pf_error *error)
{
	if (status == PF_OK && trial->ending != PF_ENDED_OK && trial->ending != PF_ENDED_DISTURBED &&
	    trial->ending != PF_ENDED_CANCELLED) {
		status = pf_fail(error, PF_ERR_CRASHED, NULL, "%s did not end well: %s",
				 load->contestant->label, trial->reason);
	}
	load->partial = pf_interrupts || trial->ending == PF_ENDED_CANCELLED;
	pf_disturbances_text(&trial->machine, load->disturbed);
	pf_trial_release(trial);
	return status;
}

static pf_status run_queries(pf_load *load, const pf_outcomes *reference, pf_error *error)
{
	struct loading loading = {.load = load,
				  .reference = reference,
				  .queries = -1,
				  .rate = {.from = load->rate, .to = load->rate, .duration_s = FOREVER_S},
				  .issued = 1};
	const pf_trial_listener ears = {.hear = hear, .context = &loading};
	pf_trial trial = {0};
	pf_tolerance_take(load->contestant->variant->tolerance, &load->tolerance);
	pf_status status = pf_arrivals_init(&loading.arrivals, load->session->dataset->count, load->seed,
					    error);
	if (status == PF_OK && !make_room(&loading)) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	if (status == PF_OK) {
		status = run_trial(load, load->contestant->variant, &loading.queries, &ears, &trial, error);
	}
	stop(&loading);
	status = pf_load_take_end(load, &trial, status, error);
	pf_arrivals_release(&loading.arrivals);
	free(loading.issue_ns);
	free(loading.photos);
	return status;
}

/* Before anyone is accused, a reference from the cache is made afresh. */
static pf_status confirm(const pf_load *load, pf_reference *reference, pf_error *error)
{
	uint8_t kept[PF_SHA256_BYTES];
	memcpy(kept, reference->digest, sizeof kept);
	pf_status status = pf_reference_renew(load->session, reference, error);
	return status == PF_OK && memcmp(kept, reference->digest, sizeof kept) != 0
		       ? pf_fail(error, PF_ERR_CHANGED, NULL,
				 "the kept reference was wrong and has been made afresh: run it again")
		       : status;
}

pf_status pf_load_run(pf_load *load, pf_error *error)
{
	pf_reference reference = {0};
	load->latency = pf_histogram_create(PF_LOAD_BITS);
	load->inner = pf_histogram_create(PF_LOAD_BITS);
	load->hop = pf_histogram_create(PF_LOAD_BITS);
	if (!load->latency || !load->inner || !load->hop) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = pf_dataset_warm(load->session->dataset, NULL, NULL, error);
	if (status == PF_OK) {
		status = pf_reference_get(load->session, NULL, &reference, error);
	}
	if (status == PF_OK && pf_load_uses_intake(load)) {
		status = pf_load_by_intake(load, reference.outcomes, error);
	} else if (status == PF_OK) {
		status = measure_hop(load, error);
		status = status == PF_OK ? run_queries(load, reference.outcomes, error) : status;
	}
	if (status == PF_OK && load->wrong && reference.from_cache) {
		status = confirm(load, &reference, error);
	}
	pf_reference_release(&reference);
	return status;
}

void pf_load_release(pf_load *load)
{
	pf_histogram_free(load->latency);
	pf_histogram_free(load->inner);
	pf_histogram_free(load->hop);
	free(load->queries);
	load->latency = load->inner = load->hop = NULL;
	load->queries = NULL;
}
