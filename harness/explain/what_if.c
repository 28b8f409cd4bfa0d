#include "harness/explain/what_if.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/enough.h"

/* A time of one lane without a change; `waits` for others, or takes its time. */
typedef struct node {
	uint64_t begin_ns, end_ns;
	double new_begin, new_end;
	size_t lane;
	int stage; /* PF_STAGE_COUNT: in none */
	bool waits, done;
} node;

typedef struct replay {
	node *nodes;             /* of lane 0, then of lane 1, ... */
	size_t *first, *lengths; /* of each lane */
	size_t lanes, room;      /* of nodes */
	uint64_t from_ns;
} replay;

static void add(replay *own, size_t lane, uint64_t begin_ns, uint64_t end_ns, int stage, bool waits)
{
	if (begin_ns < end_ns) {
		own->nodes[own->first[lane] + own->lengths[lane]++] = (node){
			.begin_ns = begin_ns, .end_ns = end_ns, .lane = lane, .stage = stage, .waits = waits};
	}
}

/* What lane `index` did, without gaps; lane 0 from the trial's begin to its end. */
static void add_lane(replay *own, const pf_lane *lane, size_t index, bool supervises, uint64_t to_ns)
{
	bool main = index == 0, gaps_wait = main && supervises;
	uint64_t at_ns = main ? own->from_ns : lane->begin_ns > own->from_ns ? lane->begin_ns : own->from_ns;
	for (size_t i = 0; i < lane->count; i++) {
		const pf_stretch *one = &lane->stretches[i];
		if (one->end_ns > at_ns) {
			uint64_t begin_ns = one->begin_ns > at_ns ? one->begin_ns : at_ns;
			add(own, index, at_ns, begin_ns, PF_STAGE_COUNT, gaps_wait && i > 0);
			add(own, index, begin_ns, one->end_ns, (int)one->stage, one->stage == PF_STAGE_WAIT);
			at_ns = one->end_ns;
		}
	}
	uint64_t end_ns = main ? to_ns : lane->end_ns < to_ns ? lane->end_ns : to_ns;
	add(own, index, at_ns, end_ns, PF_STAGE_COUNT, gaps_wait && lane->count > 0);
}

static replay *open_replay(const pf_lane *lanes, size_t count, bool supervises, uint64_t from_ns,
			   uint64_t to_ns)
{
	size_t room = 1;
	replay *own = pf_enough(calloc(1, sizeof *own));
	own->first = pf_enough(calloc(2 * count + 1, sizeof *own->first));
	own->lengths = own->first + count;
	own->lanes = count;
	own->from_ns = from_ns;
	for (size_t i = 0; i < count; i++) {
		own->first[i] = room - 1;
		room += 2 * lanes[i].count + 2;
	}
	own->room = room;
	own->nodes = pf_enough(calloc(room, sizeof *own->nodes));
	for (size_t i = 0; i < count; i++) {
		add_lane(own, &lanes[i], i, supervises, to_ns);
	}
	return own;
}

static void close_replay(replay *own)
{
	free(own->nodes);
	free(own->first);
	free(own);
}

/* The lane's last node that begins before `ns`; NULL: none. */
static node *node_before(const replay *own, size_t lane, uint64_t ns)
{
	size_t low = 0, high = own->lengths[lane];
	node *nodes = own->nodes + own->first[lane];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (nodes[middle].begin_ns < ns) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low ? &nodes[low - 1] : NULL;
}

static bool is_work(const node *one)
{
	return one && !one->waits && one->stage < PF_STAGE_COUNT;
}

/* The lane's stage that was the last to end at or before `ns`; NULL: none. */
static node *ended_before(const replay *own, size_t lane, uint64_t ns)
{
	node *first = own->nodes + own->first[lane];
	for (node *one = node_before(own, lane, ns); one && one >= first; one--) {
		if (is_work(one) && one->end_ns <= ns) {
			return one;
		}
	}
	return NULL;
}

/* When the lane was where it was at `ns` before; its node is not done yet, but all before it are. */
static double new_time_at(const replay *own, size_t lane, uint64_t ns, const double *factors)
{
	node *at = node_before(own, lane, ns);
	if (!at) {
		return (double)(ns - own->from_ns);
	}
	if (at->end_ns <= ns && at->done) {
		return at->new_end + (double)(ns - at->end_ns);
	}
	double factor = is_work(at) ? factors[at->stage] : 1;
	bool first = at == own->nodes + own->first[lane];
	double begin = at->done                ? at->new_begin
		       : !first && at[-1].done ? at[-1].new_end
					       : (double)(at->begin_ns - own->from_ns);
	return begin + (double)(ns - at->begin_ns) * factor;
}

/* When one that waits goes on: as long after the one that it waited for as it did. */
static double wake(const replay *own, const node *waiting, double begin, const double *factors)
{
	const node *waker = NULL;
	size_t busy = own->lanes;
	for (size_t lane = 0; lane < own->lanes; lane++) {
		if (lane == waiting->lane) {
			continue;
		}
		const node *one = ended_before(own, lane, waiting->end_ns);
		if (one && one->done && one->end_ns > waiting->begin_ns &&
		    (!waker || one->end_ns > waker->end_ns)) {
			waker = one;
		}
		const node *at = node_before(own, lane, waiting->end_ns);
		bool is_busy = is_work(at) && at->end_ns >= waiting->end_ns;
		busy = busy == own->lanes && is_busy && waiting->stage == PF_STAGE_WAIT ? lane : busy;
	}
	double time = begin + (double)(waiting->end_ns - waiting->begin_ns);
	if (waker) {
		time = waker->new_end + (double)(waiting->end_ns - waker->end_ns);
	} else if (busy < own->lanes) {
		time = new_time_at(own, busy, waiting->end_ns, factors);
	}
	return time > begin ? time : begin;
}

static int by_end(const void *a, const void *b)
{
	const node *x = *(node *const *)a, *y = *(node *const *)b;
	if (x->end_ns != y->end_ns) {
		return x->end_ns < y->end_ns ? -1 : 1;
	}
	if (x->waits != y->waits) { /* what is waited for first */
		return x->waits ? 1 : -1;
	}
	return x < y ? -1 : x > y;
}

static void step(const replay *own, node *one, const double *factors)
{
	bool first = one == own->nodes + own->first[one->lane];
	if (!first) {
		one->new_begin = one[-1].new_end;
	} else if (one->lane > 0) { /* its life was begun by lane 0 */
		one->new_begin = new_time_at(own, 0, one->begin_ns, factors);
	}
	double factor = is_work(one) ? factors[one->stage] : 1;
	one->new_end = one->waits ? wake(own, one, one->new_begin, factors)
				  : one->new_begin + (double)(one->end_ns - one->begin_ns) * factor;
	one->done = true;
}

uint64_t pf_what_if(const pf_lane *lanes, size_t count, bool supervises, uint64_t from_ns, uint64_t to_ns,
		    const double factors[PF_STAGE_COUNT])
{
	size_t total = 0;
	if (!count || to_ns <= from_ns) {
		return to_ns;
	}
	replay *own = open_replay(lanes, count, supervises, from_ns, to_ns);
	node **order = pf_enough(reallocarray(NULL, own->room, sizeof *order));
	for (size_t lane = 0; lane < count; lane++) {
		for (size_t i = 0; i < own->lengths[lane]; i++) {
			order[total++] = &own->nodes[own->first[lane] + i];
		}
	}
	qsort(order, total, sizeof(node *), by_end);
	for (size_t i = 0; i < total; i++) {
		step(own, order[i], factors);
	}
	/* Lane 0 ends it; a lane that ended later now (work does not move) is waited for. */
	double end = 0;
	for (size_t lane = 0; lane < count; lane++) {
		const node *last = own->lengths[lane] ? &own->nodes[own->first[lane] + own->lengths[lane] - 1]
						      : NULL;
		end = last && last->new_end > end ? last->new_end : end;
	}
	free(order);
	close_replay(own);
	return from_ns + (uint64_t)llround(end);
}

double pf_what_if_gain(const pf_trial_spans *spans, const double factors[PF_STAGE_COUNT])
{
	size_t total = 0, at = 0;
	if (!spans || !spans->kept || spans->to_ns <= spans->from_ns) {
		return 0;
	}
	for (size_t i = 0; i < spans->lane_count; i++) {
		total += (size_t)spans->lanes[i].kept;
	}
	pf_lane *lanes = pf_enough(calloc(spans->lane_count + 1, sizeof *lanes));
	pf_span *copy = pf_enough(calloc(total + 1, sizeof *copy));
	pf_stretch *stretches = pf_enough(calloc(2 * total + 1, sizeof *stretches));
	for (size_t i = 0; i < spans->lane_count; i++) {
		const pf_trial_lane *from = &spans->lanes[i];
		memcpy(copy, from->spans, (size_t)from->kept * sizeof *copy);
		lanes[i] = (pf_lane){.begin_ns = spans->from_ns + from->times.not_begun_ns,
				     .end_ns = spans->to_ns - from->times.finished_ns,
				     .stretches = stretches + at};
		lanes[i].count = pf_stretches_find(copy, (size_t)from->kept, spans->from_ns, spans->to_ns,
						   stretches + at);
		at += lanes[i].count;
	}
	uint64_t end_ns = pf_what_if(lanes, spans->lane_count, spans->has_workers, spans->from_ns,
				     spans->to_ns, factors);
	free(lanes);
	free(copy);
	free(stretches);
	return end_ns > spans->from_ns
		       ? (double)(spans->to_ns - spans->from_ns) / (double)(end_ns - spans->from_ns)
		       : 0;
}

pf_status pf_what_if_parse(const char *text, double factors[PF_STAGE_COUNT], pf_error *error)
{
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		factors[i] = 1;
	}
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, "="), all = strcspn(at, ",");
		int stage = 0;
		while (stage < PF_STAGE_COUNT && (strlen(pf_stage_name((pf_stage)stage)) != length ||
						  strncmp(pf_stage_name((pf_stage)stage), at, length) != 0)) {
			stage++;
		}
		if (stage == PF_STAGE_COUNT || stage == PF_STAGE_WAIT) {
			return pf_fail(error, PF_ERR_USAGE, NULL,
				       "there is no stage in \"%.*s\"; it takes STAGE=FACTOR, as decode=0.5",
				       (int)all, at);
		}
		char *end;
		const char *number = at + length + 1;
		errno = 0;
		double value = at[length] == '=' && all > length + 1 ? strtod(number, &end) : -1;
		if (!(value >= 0 && value <= 1000) || end != at + all || errno) {
			return pf_fail(error, PF_ERR_USAGE, NULL,
				       "\"%.*s\" takes a factor from 0 to 1000, as decode=0.5", (int)all, at);
		}
		factors[stage] = value;
		at += all + (at[all] == ',');
	}
	return PF_OK;
}
