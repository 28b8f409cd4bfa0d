#include "harness/spans/critical_path.h"

#include <stdlib.h>

#include "harness/stats/enough.h"

enum { NO_LANE = -1 };

struct walk {
	const pf_lane *lanes;
	size_t count, lane; /* lane: the one that is followed */
	bool supervises;
	uint64_t from_ns, at_ns; /* the path is known from at_ns on */
	pf_critical_path path;   /* last step first, until the walk is over */
	size_t capacity;
};

/* How many stretches of the lane begin before `ns`. */
static size_t begun(const pf_lane *lane, uint64_t ns)
{
	size_t low = 0, high = lane->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (lane->stretches[middle].begin_ns < ns) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* The stretch in which the lane was right before `ns`; NULL: in none. */
static const pf_stretch *stretch_before(const pf_lane *lane, uint64_t ns)
{
	size_t count = begun(lane, ns);
	const pf_stretch *last = count ? &lane->stretches[count - 1] : NULL;
	return last && last->end_ns >= ns ? last : NULL;
}

static bool is_busy(const pf_lane *lane, uint64_t ns)
{
	const pf_stretch *at = stretch_before(lane, ns);
	return at && at->stage != PF_STAGE_WAIT;
}

/* When the lane last ended a stage, at or before `ns`; 0: never. */
static uint64_t last_end(const pf_lane *lane, uint64_t ns)
{
	for (size_t i = begun(lane, ns); i > 0; i--) {
		const pf_stretch *one = &lane->stretches[i - 1];
		if (one->stage != PF_STAGE_WAIT && one->end_ns <= ns) {
			return one->end_ns;
		}
	}
	return 0;
}

/* The path was in `stage` of the lane at hand from `ns` on. */
static void step_back(struct walk *walk, uint64_t ns, pf_stage stage)
{
	pf_critical_path *path = &walk->path;
	ns = ns > walk->from_ns ? ns : walk->from_ns;
	if (ns >= walk->at_ns) {
		return;
	}
	pf_path_step *last = path->count ? &path->steps[path->count - 1] : NULL;
	if (last && last->lane == walk->lane && last->stage == stage) {
		last->begin_ns = ns;
	} else {
		if (path->count == walk->capacity) {
			walk->capacity = 2 * walk->capacity + 64;
			path->steps = realloc(path->steps, walk->capacity * sizeof *path->steps);
			if (!path->steps) {
				pf_out_of_memory();
			}
		}
		path->steps[path->count++] = (pf_path_step){
			.begin_ns = ns, .end_ns = walk->at_ns, .lane = walk->lane, .stage = stage};
	}
	walk->at_ns = ns;
}

/* The lane that was waited for from `since_ns` until now: the last one that ended a stage meanwhile (when:
 * *end_ns), or, with `or_busy`, one that is busy still. */
static int waited_for(const struct walk *walk, uint64_t since_ns, bool or_busy, uint64_t *end_ns)
{
	int found = NO_LANE, busy = NO_LANE;
	*end_ns = since_ns;
	for (size_t i = 0; i < walk->count; i++) {
		if (i == walk->lane) {
			continue;
		}
		uint64_t end = last_end(&walk->lanes[i], walk->at_ns);
		if (end > *end_ns) {
			*end_ns = end;
			found = (int)i;
		}
		busy = or_busy && busy == NO_LANE && is_busy(&walk->lanes[i], walk->at_ns) ? (int)i : busy;
	}
	if (found == NO_LANE) {
		*end_ns = walk->at_ns;
	}
	return found == NO_LANE ? busy : found;
}

static void wait_back(struct walk *walk, uint64_t since_ns, pf_stage stage)
{
	uint64_t end_ns;
	int lane = waited_for(walk, since_ns, stage == PF_STAGE_WAIT, &end_ns);
	if (lane == NO_LANE) {
		step_back(walk, since_ns, stage);
		return;
	}
	step_back(walk, end_ns, stage);
	walk->lane = (size_t)lane;
}

static void go_back(struct walk *walk)
{
	const pf_lane *lane = &walk->lanes[walk->lane];
	const pf_stretch *at = stretch_before(lane, walk->at_ns);
	if (at && at->stage != PF_STAGE_WAIT) {
		step_back(walk, at->begin_ns, at->stage);
		return;
	}
	if (at) {
		wait_back(walk, at->begin_ns, PF_STAGE_WAIT);
		return;
	}
	size_t before = begun(lane, walk->at_ns);
	uint64_t since_ns = before ? lane->stretches[before - 1].end_ns : 0;
	if (walk->lane == 0) {
		if (walk->supervises) {
			wait_back(walk, since_ns, PF_STAGE_COUNT);
		} else {
			step_back(walk, since_ns, PF_STAGE_COUNT);
		}
		return;
	}
	step_back(walk, before ? since_ns : lane->begin_ns, PF_STAGE_COUNT);
	if (!before) { /* its life began here */
		walk->lane = 0;
	}
}

pf_critical_path pf_critical_path_find(const pf_lane *lanes, size_t count, bool supervises, uint64_t from_ns,
				       uint64_t to_ns)
{
	struct walk walk = {
		.lanes = lanes, .count = count, .supervises = supervises, .from_ns = from_ns, .at_ns = to_ns};
	while (count && walk.at_ns > from_ns) {
		go_back(&walk);
	}
	pf_critical_path path = walk.path;
	for (size_t i = 0; i < path.count / 2; i++) {
		pf_path_step other = path.steps[i];
		path.steps[i] = path.steps[path.count - 1 - i];
		path.steps[path.count - 1 - i] = other;
	}
	return path;
}

size_t pf_path_runs_find(const pf_critical_path *path, pf_path_run *out, size_t capacity)
{
	size_t total = 0, runs = 0;
	for (size_t i = 0; i < path->count; i++) {
		total += i == 0 || path->steps[i].lane != path->steps[i - 1].lane;
	}
	size_t left_out = total > capacity ? total - capacity : 0;
	for (size_t i = 0; i < path->count; i++) {
		const pf_path_step *step = &path->steps[i];
		bool begins = i == 0 || step->lane != path->steps[i - 1].lane;
		runs += begins;
		if (runs <= left_out) {
			continue;
		}
		pf_path_run *run = &out[runs - 1 - left_out];
		if (begins) {
			*run = (pf_path_run){.begin_ns = step->begin_ns, .lane = step->lane};
		}
		run->end_ns = step->end_ns;
		run->stage_ns[step->stage] += step->end_ns - step->begin_ns;
	}
	return total;
}

void pf_critical_path_release(pf_critical_path *path)
{
	free(path->steps);
	*path = (pf_critical_path){0};
}
