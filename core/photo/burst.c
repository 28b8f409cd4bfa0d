#include "photofinish/burst.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* docs/scoring.md says why these limits are what they are. */
#define BODIES_MAX 16         /* camera bodies with an open burst */
#define PHOTOS_MAX 512        /* of one burst */
#define IDLE_PUSHES_MAX 64    /* other photos pushed since the burst's last one */
#define GAP_MAX_MS 1000       /* between neighbours of a burst */
#define GAP_SURE_MS 250       /* up to here time alone decides */
#define UNLIKE_MAX_TIMED 24   /* different hash bits of 64, where times are known */
#define UNLIKE_MAX_UNTIMED 8  /* without times */
#define BRACKET_STEP_EV 0.25f /* a third of a stop, less rounding */

typedef struct open_burst {
	uint64_t last_push; /* number of the push that brought its last photo; 0: the slot is free */
	pf_facts last;
	uint32_t count;
	uint32_t photos[PHOTOS_MAX];
} open_burst;

struct pf_burst_detector {
	pf_burst_fn fn;
	void *context;
	uint64_t pushes;
	open_burst open[BODIES_MAX];
};

pf_status pf_burst_detector_create(pf_burst_fn fn, void *context, pf_burst_detector **out, pf_error *error)
{
	assert(fn && out);
	pf_burst_detector *detector = calloc(1, sizeof *detector);
	*out = detector;
	if (!detector) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a burst detector");
	}
	detector->fn = fn;
	detector->context = context;
	return PF_OK;
}

void pf_burst_detector_destroy(pf_burst_detector *detector)
{
	free(detector);
}

static pf_status hand_out(pf_burst_detector *detector, const uint32_t *photos, uint32_t count)
{
	pf_burst burst = {.id = photos[0], .count = count, .photos = photos};
	return detector->fn(detector->context, &burst);
}

static pf_status close_burst(pf_burst_detector *detector, open_burst *burst)
{
	burst->last_push = 0;
	return hand_out(detector, burst->photos, burst->count);
}

static bool looks_alike(const pf_facts *a, const pf_facts *b, int unlike_max)
{
	return a->has_dhash && b->has_dhash && __builtin_popcountll(a->dhash ^ b->dhash) <= unlike_max;
}

static bool same_bracket_step(const pf_facts *a, const pf_facts *b)
{
	return !a->has_exposure_bias || !b->has_exposure_bias ||
	       fabsf(a->exposure_bias_ev - b->exposure_bias_ev) < BRACKET_STEP_EV;
}

/* Times in whole seconds are compared as such: 10.9 s and 11 s may be the same instant. */
static int64_t seconds_of(const pf_facts *facts)
{
	return facts->time_ms / 1000;
}

static bool time_allows(const pf_facts *last, const pf_facts *next)
{
	if (last->has_time != next->has_time) {
		return false;
	}
	if (!next->has_time) {
		return looks_alike(last, next, UNLIKE_MAX_UNTIMED);
	}
	bool exact = last->has_subsecond && next->has_subsecond;
	int64_t gap = exact ? next->time_ms - last->time_ms : (seconds_of(next) - seconds_of(last)) * 1000;
	if (gap < 0 || gap > GAP_MAX_MS) {
		return false;
	}
	if (gap <= (exact ? GAP_SURE_MS : 0)) {
		return true;
	}
	return looks_alike(last, next, UNLIKE_MAX_TIMED) || (exact && (!last->has_dhash || !next->has_dhash));
}

static bool continues(const open_burst *burst, const pf_facts *next)
{
	const pf_facts *last = &burst->last;
	return burst->count < PHOTOS_MAX && last->width_px == next->width_px &&
	       last->height_px == next->height_px && last->orientation == next->orientation &&
	       same_bracket_step(last, next) && time_allows(last, next);
}

/* The body's own slot, else a free one, else the one that has waited longest. */
static open_burst *slot_for(pf_burst_detector *detector, uint64_t body)
{
	open_burst *best = &detector->open[0];
	for (unsigned i = 0; i < BODIES_MAX; i++) {
		open_burst *slot = &detector->open[i];
		if (slot->last_push != 0 && slot->last.body == body) {
			return slot;
		}
		if (slot->last_push < best->last_push) {
			best = slot;
		}
	}
	return best;
}

/* Each push gives a new number to one burst at most, so one burst at most comes of age with each. */
static pf_status close_idle(pf_burst_detector *detector)
{
	for (unsigned i = 0; i < BODIES_MAX; i++) {
		open_burst *burst = &detector->open[i];
		if (burst->last_push != 0 && detector->pushes - burst->last_push >= IDLE_PUSHES_MAX) {
			return close_burst(detector, burst);
		}
	}
	return PF_OK;
}

static pf_status push_photo(pf_burst_detector *detector, uint32_t index, const pf_facts *facts)
{
	open_burst *burst = slot_for(detector, facts->body);
	bool own = burst->last_push != 0 && burst->last.body == facts->body;
	bool joins = own && !facts->auto_bracket && continues(burst, facts);
	/* Taken first: the slot is ready for the photo even if the receiver of the old burst fails. */
	uint32_t old[PHOTOS_MAX];
	uint32_t old_count = 0;
	if (!joins && burst->last_push != 0) {
		old_count = burst->count;
		memcpy(old, burst->photos, old_count * sizeof *old);
	}
	if (!joins) {
		burst->count = 0;
	}
	burst->photos[burst->count++] = index;
	burst->last = *facts;
	burst->last_push = detector->pushes;
	pf_status status = old_count > 0 ? hand_out(detector, old, old_count) : PF_OK;
	if (facts->auto_bracket) {
		pf_status closed = close_burst(detector, burst);
		status = status == PF_OK ? closed : status;
	}
	return status;
}

pf_status pf_burst_push(pf_burst_detector *detector, uint32_t index, const pf_facts *facts)
{
	detector->pushes++;
	pf_status status = facts->readable ? push_photo(detector, index, facts)
					   : hand_out(detector, &index, 1);
	pf_status idle = close_idle(detector);
	return status == PF_OK ? idle : status;
}

pf_status pf_burst_flush(pf_burst_detector *detector)
{
	pf_status status = PF_OK;
	for (;;) {
		open_burst *next = NULL;
		for (unsigned i = 0; i < BODIES_MAX; i++) {
			open_burst *burst = &detector->open[i];
			if (burst->last_push != 0 && (!next || burst->photos[0] < next->photos[0])) {
				next = burst;
			}
		}
		if (!next || status != PF_OK) {
			return status;
		}
		status = close_burst(detector, next);
	}
}

/* What pf_burst_list_detect hands to its detector. */
typedef struct collector {
	pf_burst_list *list;
	size_t photos; /* placed so far */
	pf_burst_fn fn;
	void *context;
} collector;

static pf_status collect(void *context, const pf_burst *burst)
{
	collector *c = context;
	uint32_t *photos = c->list->photos + c->photos;
	memcpy(photos, burst->photos, burst->count * sizeof *photos);
	c->list->bursts[c->list->count++] = (pf_burst){
		.id = burst->id, .count = burst->count, .photos = photos};
	c->photos += burst->count;
	return c->fn ? c->fn(c->context, burst) : PF_OK;
}

static int by_id(const void *a, const void *b)
{
	uint32_t left = ((const pf_burst *)a)->id, right = ((const pf_burst *)b)->id;
	return (left > right) - (left < right);
}

pf_status pf_burst_list_detect(const pf_dataset *dataset, const atomic_int *cancel, pf_trace *trace,
			       pf_burst_fn fn, void *context, pf_burst_list *out, pf_error *error)
{
	pf_burst_list list = {.bursts = calloc(dataset->count + 1, sizeof *list.bursts),
			      .photos = calloc(dataset->count + 1, sizeof *list.photos)};
	collector c = {.list = &list, .fn = fn, .context = context};
	pf_burst_scan *scan = NULL;
	*out = (pf_burst_list){0};
	pf_status status = PF_OK;
	if (!list.bursts || !list.photos) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a list of %zu photos",
				 dataset->count);
		goto cleanup;
	}
	status = pf_burst_scan_create(dataset, trace, collect, &c, &scan, error);
	if (status == PF_OK) {
		status = pf_burst_scan_rest(scan, cancel, error);
	}
	if (status == PF_OK) {
		list.largest_plane_bytes = pf_burst_scan_largest_plane_bytes(scan);
		qsort(list.bursts, list.count, sizeof *list.bursts, by_id);
		*out = list;
		list = (pf_burst_list){0};
	}
cleanup:
	pf_burst_scan_destroy(scan);
	pf_burst_list_free(&list);
	return status;
}

void pf_burst_list_free(pf_burst_list *list)
{
	free(list->bursts);
	free(list->photos);
	*list = (pf_burst_list){0};
}
