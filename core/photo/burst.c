#include "photofinish/burst.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/photo/burst_rules.h"
#include "core/photo/miniature.h"

/* docs/scoring.md says why these limits are what they are. */
#define BODIES_MAX 64        /* camera bodies that are watched */
#define STRANDS_MAX 3        /* open bursts of one of them */
#define PHOTOS_MAX 512       /* of one burst */
#define WAITING_MAX 5        /* photos of a body: the one that is decided on, and those behind it */
#define IDLE_PUSHES_MAX 1024 /* other photos pushed since a body's last one */
#define GAPS_MAX 15          /* of a burst, that its rhythm is known by */
#define STRONGLY_UNLIKE 0.5

typedef struct photo {
	uint32_t index;
	pf_facts facts;
} photo;

/* An open burst. A body has more than one where two that call themselves the same shoot at the same time. */
typedef struct strand {
	uint64_t turn; /* when it got its last photo; 0: the slot is free */
	photo last;
	int64_t gaps_ms[GAPS_MAX]; /* the last ones, between photos with exact times */
	uint32_t gaps, count;
	bool runs; /* not all of its exact times are equal */
	uint32_t photos[PHOTOS_MAX];
} strand;

typedef struct body {
	uint64_t last_push; /* number of the push that brought its last photo; 0: the slot is free */
	uint64_t id;
	uint32_t waiting_count;
	photo waiting[WAITING_MAX];
	bool has_earlier;
	photo earlier; /* the last but one that was decided on */
	strand strands[STRANDS_MAX];
} body;

struct pf_burst_detector {
	pf_burst_fn fn;
	void *context;
	pf_burst_look_fn look;
	void *look_context;
	uint64_t pushes, turns;
	pf_status failed; /* in this push or flush */
	body bodies[BODIES_MAX];
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

void pf_burst_detector_look(pf_burst_detector *detector, pf_burst_look_fn look, void *context)
{
	detector->look = look;
	detector->look_context = context;
}

void pf_burst_detector_destroy(pf_burst_detector *detector)
{
	free(detector);
}

/* The first failure ends the push or flush: nothing more is handed out in it. */
static void note(pf_burst_detector *detector, pf_status status)
{
	detector->failed = detector->failed == PF_OK ? status : detector->failed;
}

static void hand_out(pf_burst_detector *detector, const uint32_t *photos, uint32_t count)
{
	pf_burst burst = {.id = photos[0], .count = count, .photos = photos};
	if (detector->failed == PF_OK) {
		note(detector, detector->fn(detector->context, &burst));
	}
}

static void close_strand(pf_burst_detector *detector, strand *s)
{
	s->turn = 0;
	hand_out(detector, s->photos, s->count);
}

static void close_strands(pf_burst_detector *detector, body *b)
{
	for (;;) {
		strand *first = NULL;
		for (unsigned i = 0; i < STRANDS_MAX; i++) {
			strand *s = &b->strands[i];
			if (s->turn != 0 && (!first || s->photos[0] < first->photos[0])) {
				first = s;
			}
		}
		if (!first) {
			return;
		}
		close_strand(detector, first);
	}
}

/* The photo's own picture where the thumbnail tells nothing. */
static void look_at(pf_burst_detector *detector, photo *p)
{
	if (!p->facts.has_miniature && !p->facts.looked && detector->look && detector->failed == PF_OK) {
		p->facts.looked = true;
		note(detector, detector->look(detector->look_context, p->index, &p->facts));
	}
}

static pf_likeness likeness(const photo *a, const photo *b, double least)
{
	if (!a->facts.has_miniature || !b->facts.has_miniature) {
		return PF_LIKENESS_UNKNOWN;
	}
	return pf_miniature_alike(&a->facts.miniature, &b->facts.miniature, least) ? PF_ALIKE : PF_UNLIKE;
}

static int by_gap(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static int64_t median_gap_ms(const strand *s)
{
	int64_t sorted[GAPS_MAX];
	uint32_t count = s->gaps < GAPS_MAX ? s->gaps : GAPS_MAX;
	memcpy(sorted, s->gaps_ms, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, by_gap);
	return count ? sorted[count / 2] : 0;
}

static bool exact(const photo *a, const photo *b)
{
	return a->facts.has_time && b->facts.has_time && a->facts.has_subsecond && b->facts.has_subsecond;
}

/* Too far apart, or in the wrong order, for one burst: what waits can be decided on. */
static bool is_past(const pf_facts *before, const pf_facts *next)
{
	if (before->has_time != next->has_time) {
		return true;
	}
	int64_t gap = next->has_time ? pf_time_gap_ms(before, next) : 0;
	return gap < 0 || gap > PF_GAP_REACH_MS;
}

static const pf_facts *near(const photo *p, const pf_facts *to, bool before)
{
	return p && !(before ? is_past(&p->facts, to) : is_past(to, &p->facts)) ? &p->facts : NULL;
}

static pf_time_link link_of(const strand *s, const photo *next, const photo *later)
{
	pf_rhythm rhythm = {.median_ms = median_gap_ms(s), .runs = s->runs};
	if (later && exact(next, later)) {
		rhythm.next_ms = pf_time_gap_ms(&next->facts, &later->facts);
		rhythm.runs = rhythm.runs || (rhythm.next_ms > 0 && rhythm.next_ms <= PF_GAP_MAX_MS);
	}
	return pf_time_links(&s->last.facts, &next->facts, &rhythm);
}

/* Two bodies that call themselves the same, at the same time: behind the photo come one that continues the
 * burst and one that continues the photo, and they show different things. */
static bool is_foreign(const body *b, const strand *s)
{
	const photo *own = &b->waiting[0];
	bool back = false, goes_on = false;
	if (likeness(&s->last, own, STRONGLY_UNLIKE) != PF_UNLIKE) {
		return false;
	}
	for (uint32_t i = 1; i < b->waiting_count; i++) {
		const photo *p = &b->waiting[i];
		bool unlike_own = likeness(own, p, STRONGLY_UNLIKE) == PF_UNLIKE;
		back = back || (unlike_own && pf_same_shape(&s->last.facts, &p->facts) &&
				likeness(&s->last, p, pf_likeness_least(PF_TIME_ASKS)) == PF_ALIKE);
		goes_on = goes_on || (!unlike_own && likeness(&s->last, p, STRONGLY_UNLIKE) == PF_UNLIKE);
	}
	return back && goes_on;
}

/* Whether the first photo that waits may join the burst. */
typedef enum fit { NO_FIT, BY_TIME, BY_PICTURE } fit;

static fit fit_into(pf_burst_detector *detector, body *b, strand *s)
{
	photo *own = &b->waiting[0];
	const photo *later = b->waiting_count > 1 ? &b->waiting[1] : NULL;
	if (s->count == PHOTOS_MAX || !pf_same_shape(&s->last.facts, &own->facts)) {
		return NO_FIT;
	}
	pf_time_link link = link_of(s, own, later);
	if (link == PF_TIME_APART) {
		return NO_FIT;
	}
	if (link != PF_TIME_LINKS) {
		look_at(detector, &s->last);
		look_at(detector, own);
	}
	pf_likeness like = likeness(&s->last, own, pf_likeness_least(link));
	return like == PF_ALIKE ? BY_PICTURE : link == PF_TIME_LINKS ? BY_TIME : NO_FIT;
}

static strand *latest(body *b)
{
	strand *best = NULL;
	for (unsigned i = 0; i < STRANDS_MAX; i++) {
		strand *s = &b->strands[i];
		if (s->turn != 0 && (!best || s->turn > best->turn)) {
			best = s;
		}
	}
	return best;
}

/* The open burst that the first photo that waits belongs to; NULL: a new one. */
static strand *strand_for(pf_burst_detector *detector, body *b)
{
	strand *last = latest(b);
	fit with_last = last ? fit_into(detector, b, last) : NO_FIT;
	if (with_last == BY_PICTURE) {
		return last;
	}
	for (unsigned i = 0; i < STRANDS_MAX; i++) {
		strand *s = &b->strands[i];
		if (s->turn != 0 && s != last && b->waiting[0].facts.has_time &&
		    fit_into(detector, b, s) == BY_PICTURE) {
			return s;
		}
	}
	return with_last == BY_TIME && !is_foreign(b, last) ? last : NULL;
}

static bool is_bracket(const body *b, const strand *last)
{
	const pf_facts *own = &b->waiting[0].facts, *before = &last->last.facts;
	const photo *later = b->waiting_count > 1 ? &b->waiting[1] : NULL;
	return pf_bracket_step(near(b->has_earlier ? &b->earlier : NULL, before, true), before, own,
			       near(later, own, false));
}

/* A free slot, made by closing the burst that has waited longest if need be. */
static strand *new_strand(pf_burst_detector *detector, body *b)
{
	strand *oldest = &b->strands[0];
	for (unsigned i = 1; i < STRANDS_MAX; i++) {
		oldest = b->strands[i].turn < oldest->turn ? &b->strands[i] : oldest;
	}
	if (oldest->turn != 0) {
		close_strand(detector, oldest);
	}
	oldest->count = oldest->gaps = 0;
	oldest->runs = false;
	return oldest;
}

static void join(pf_burst_detector *detector, strand *s, const photo *p)
{
	if (s->count > 0 && exact(&s->last, p)) {
		int64_t gap = pf_time_gap_ms(&s->last.facts, &p->facts);
		s->gaps_ms[s->gaps++ % GAPS_MAX] = gap;
		s->runs = s->runs || gap > 0;
	}
	s->photos[s->count++] = p->index;
	s->last = *p;
	s->turn = ++detector->turns;
}

/* Puts the first photo that waits into a burst. */
static void decide(pf_burst_detector *detector, body *b)
{
	photo *own = &b->waiting[0];
	strand *last = latest(b);
	for (unsigned i = 0; i < STRANDS_MAX; i++) {
		strand *s = &b->strands[i];
		if (s->turn != 0 && is_past(&s->last.facts, &own->facts)) {
			close_strand(detector, s);
		}
	}
	if (last && last->turn != 0 && is_bracket(b, last)) {
		close_strands(detector, b);
	}
	strand *to = strand_for(detector, b);
	b->has_earlier = last != NULL;
	if (last) {
		b->earlier = last->last;
	}
	join(detector, to ? to : new_strand(detector, b), own);
	b->waiting_count--;
	memmove(&b->waiting[0], &b->waiting[1], b->waiting_count * sizeof b->waiting[0]);
}

static void decide_all(pf_burst_detector *detector, body *b)
{
	while (b->waiting_count > 0) {
		decide(detector, b);
	}
}

static void drain(pf_burst_detector *detector, body *b)
{
	decide_all(detector, b);
	close_strands(detector, b);
	b->has_earlier = false;
}

/* The body's own slot, else a free one, else that of the one that has waited longest. */
static body *body_for(pf_burst_detector *detector, uint64_t id)
{
	body *best = &detector->bodies[0];
	for (unsigned i = 0; i < BODIES_MAX; i++) {
		body *b = &detector->bodies[i];
		if (b->last_push != 0 && b->id == id) {
			return b;
		}
		if (b->last_push < best->last_push) {
			best = b;
		}
	}
	drain(detector, best);
	best->id = id;
	return best;
}

/* Each push gives a new number to one body at most, so one at most comes of age with each. */
static void drain_idle(pf_burst_detector *detector)
{
	for (unsigned i = 0; i < BODIES_MAX; i++) {
		body *b = &detector->bodies[i];
		if (b->last_push != 0 && detector->pushes - b->last_push >= IDLE_PUSHES_MAX) {
			b->last_push = 0;
			drain(detector, b);
		}
	}
}

static void push_photo(pf_burst_detector *detector, uint32_t index, const pf_facts *facts)
{
	body *b = body_for(detector, facts->body);
	b->last_push = detector->pushes;
	const photo *newest = b->waiting_count ? &b->waiting[b->waiting_count - 1]
			      : latest(b)      ? &latest(b)->last
					       : NULL;
	if (facts->auto_bracket || (newest && is_past(&newest->facts, facts))) {
		drain(detector, b);
	}
	if (facts->auto_bracket) {
		hand_out(detector, &index, 1);
		return;
	}
	b->waiting[b->waiting_count++] = (photo){.index = index, .facts = *facts};
	if (b->waiting_count == WAITING_MAX) {
		decide(detector, b);
	}
}

pf_status pf_burst_push(pf_burst_detector *detector, uint32_t index, const pf_facts *facts)
{
	detector->pushes++;
	detector->failed = PF_OK;
	if (facts->readable) {
		push_photo(detector, index, facts);
	} else {
		hand_out(detector, &index, 1);
	}
	drain_idle(detector);
	return detector->failed;
}

pf_status pf_burst_flush(pf_burst_detector *detector)
{
	detector->failed = PF_OK;
	for (unsigned i = 0; i < BODIES_MAX; i++) {
		decide_all(detector, &detector->bodies[i]);
		detector->bodies[i].has_earlier = false;
	}
	for (;;) {
		strand *next = NULL;
		for (unsigned i = 0; i < BODIES_MAX * STRANDS_MAX; i++) {
			strand *s = &detector->bodies[i / STRANDS_MAX].strands[i % STRANDS_MAX];
			if (s->turn != 0 && (!next || s->photos[0] < next->photos[0])) {
				next = s;
			}
		}
		if (!next || detector->failed != PF_OK) {
			return detector->failed;
		}
		close_strand(detector, next);
	}
}
