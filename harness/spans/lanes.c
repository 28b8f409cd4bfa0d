#include "harness/spans/lanes.h"

#include <stdbool.h>
#include <stdlib.h>

#include "harness/stats/enough.h"

/* Those that begin first come first; of them, those that enclose others. */
static int by_begin(const void *left, const void *right)
{
	const pf_span *a = left, *b = right;
	if (a->begin_ns != b->begin_ns) {
		return a->begin_ns < b->begin_ns ? -1 : 1;
	}
	if (a->end_ns != b->end_ns) {
		return a->end_ns > b->end_ns ? -1 : 1;
	}
	return (int)a->depth - (int)b->depth;
}

/* What pf_stretches_find has at hand: the spans that are open at `at_ns`, and what was put out. */
struct finder {
	struct {
		uint64_t end_ns;
		pf_stage stage;
	} open[PF_SPAN_DEPTH];
	size_t depth, count;
	uint64_t at_ns;
	pf_stretch *out;
};

/* The time until `to_ns` was spent in the innermost open span. */
static void put(struct finder *finder, uint64_t to_ns)
{
	pf_stage stage = finder->open[finder->depth - 1].stage;
	pf_stretch *last = finder->count ? &finder->out[finder->count - 1] : NULL;
	if (to_ns <= finder->at_ns) {
		return;
	}
	if (last && last->stage == stage && last->end_ns == finder->at_ns) {
		last->end_ns = to_ns;
	} else {
		finder->out[finder->count++] = (pf_stretch){
			.begin_ns = finder->at_ns, .end_ns = to_ns, .stage = stage};
	}
	finder->at_ns = to_ns;
}

static void end_until(struct finder *finder, uint64_t ns)
{
	while (finder->depth && finder->open[finder->depth - 1].end_ns <= ns) {
		put(finder, finder->open[finder->depth - 1].end_ns);
		finder->depth--;
	}
}

size_t pf_stretches_find(pf_span *spans, size_t count, uint64_t from_ns, uint64_t to_ns, pf_stretch *out)
{
	struct finder finder = {.out = out};
	qsort(spans, count, sizeof *spans, by_begin);
	for (size_t i = 0; i < count; i++) {
		uint64_t begin_ns = spans[i].begin_ns > from_ns ? spans[i].begin_ns : from_ns;
		uint64_t end_ns = spans[i].end_ns < to_ns ? spans[i].end_ns : to_ns;
		bool stage = spans[i].stage < PF_STAGE_END && spans[i].stage != PF_STAGE_COUNT;
		if (!stage || end_ns <= begin_ns) {
			continue;
		}
		end_until(&finder, begin_ns);
		if (finder.depth == PF_SPAN_DEPTH) {
			continue;
		}
		if (finder.depth) {
			uint64_t outer_end_ns = finder.open[finder.depth - 1].end_ns;
			end_ns = end_ns < outer_end_ns ? end_ns : outer_end_ns;
			put(&finder, begin_ns);
		}
		finder.at_ns = begin_ns;
		finder.open[finder.depth].end_ns = end_ns;
		finder.open[finder.depth++].stage = pf_stage_whole((pf_stage)spans[i].stage);
	}
	end_until(&finder, UINT64_MAX);
	return finder.count;
}

struct change {
	uint64_t ns;
	int by; /* +1: one more is busy */
};

static int by_time(const void *left, const void *right)
{
	const struct change *a = left, *b = right;
	return a->ns != b->ns ? (a->ns < b->ns ? -1 : 1) : a->by - b->by;
}

static uint64_t within(uint64_t ns, uint64_t from_ns, uint64_t to_ns)
{
	return ns < from_ns ? from_ns : ns > to_ns ? to_ns : ns;
}

void pf_overlap_find(const pf_lane *lanes, size_t count, uint64_t from_ns, uint64_t to_ns, uint64_t *busy_ns)
{
	size_t stretches = 0, changes = 0, busy = 0;
	for (size_t i = 0; i < count; i++) {
		stretches += lanes[i].count;
	}
	struct change *all = malloc((2 * stretches + 1) * sizeof *all);
	if (!all) {
		pf_out_of_memory();
	}
	for (size_t i = 0; i < count; i++) {
		busy_ns[i] = 0;
		for (size_t k = 0; k < lanes[i].count; k++) {
			const pf_stretch *one = &lanes[i].stretches[k];
			uint64_t begin_ns = within(one->begin_ns, from_ns, to_ns),
				 end_ns = within(one->end_ns, from_ns, to_ns);
			if (one->stage != PF_STAGE_WAIT && begin_ns < end_ns) {
				all[changes++] = (struct change){begin_ns, 1};
				all[changes++] = (struct change){end_ns, -1};
			}
		}
	}
	busy_ns[count] = 0;
	qsort(all, changes, sizeof *all, by_time);
	uint64_t at_ns = from_ns;
	for (size_t i = 0; i < changes; i++) {
		busy_ns[busy] += all[i].ns - at_ns;
		at_ns = all[i].ns;
		busy = all[i].by > 0 ? busy + 1 : busy - 1;
	}
	busy_ns[0] += to_ns > at_ns ? to_ns - at_ns : 0;
	free(all);
}

pf_lane_times pf_lane_times_find(const pf_lane *lane, uint64_t from_ns, uint64_t to_ns)
{
	pf_lane_times times = {0};
	uint64_t begin_ns = within(lane->begin_ns, from_ns, to_ns);
	uint64_t end_ns = within(lane->end_ns > lane->begin_ns ? lane->end_ns : lane->begin_ns, begin_ns,
				 to_ns);
	for (size_t k = 0; k < lane->count; k++) {
		const pf_stretch *one = &lane->stretches[k];
		uint64_t ns = within(one->end_ns, begin_ns, end_ns) - within(one->begin_ns, begin_ns, end_ns);
		*(one->stage == PF_STAGE_WAIT ? &times.starved_ns : &times.busy_ns) += ns;
	}
	times.between_ns = end_ns - begin_ns - times.busy_ns - times.starved_ns;
	times.not_begun_ns = begin_ns - from_ns;
	times.finished_ns = to_ns - end_ns;
	return times;
}

static uint64_t overlap(uint64_t begin_ns, uint64_t end_ns, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t begin = within(begin_ns, from_ns, to_ns), end = within(end_ns, from_ns, to_ns);
	return end > begin ? end - begin : 0;
}

/* What took most of a column; *next is the first stretch that ends behind its begin. */
static char column_letter(const pf_lane *lane, size_t *next, uint64_t begin_ns, uint64_t end_ns)
{
	static const char letters[] = "sbrgdpfqcwt. ";
	_Static_assert(sizeof letters == PF_STAGE_COUNT + 3,
		       "a letter for each stage, for none, and for no life");
	uint64_t times[PF_STAGE_COUNT + 2] = {0}, in_stages = 0;
	uint64_t alive_ns = overlap(lane->begin_ns, lane->end_ns, begin_ns, end_ns);
	while (*next < lane->count && lane->stretches[*next].end_ns <= begin_ns) {
		(*next)++;
	}
	for (size_t i = *next; i < lane->count && lane->stretches[i].begin_ns < end_ns; i++) {
		uint64_t ns = overlap(lane->stretches[i].begin_ns, lane->stretches[i].end_ns, begin_ns,
				      end_ns);
		times[lane->stretches[i].stage] += ns;
		in_stages += ns;
	}
	times[PF_STAGE_COUNT] = alive_ns > in_stages ? alive_ns - in_stages : 0;
	times[PF_STAGE_COUNT + 1] = end_ns - begin_ns - alive_ns;
	size_t most = PF_STAGE_COUNT + 1;
	for (size_t i = 0; i < PF_STAGE_COUNT + 2; i++) {
		most = times[i] > times[most] ? i : most;
	}
	return letters[most];
}

void pf_lane_timeline(const pf_lane *lane, uint64_t from_ns, uint64_t to_ns,
		      char out[PF_TIMELINE_COLUMNS + 1])
{
	size_t next = 0, columns = to_ns > from_ns ? PF_TIMELINE_COLUMNS : 0;
	double width_ns = columns ? (double)(to_ns - from_ns) / PF_TIMELINE_COLUMNS : 0;
	for (size_t i = 0; i < columns; i++) {
		out[i] = column_letter(lane, &next, from_ns + (uint64_t)(width_ns * (double)i),
				       from_ns + (uint64_t)(width_ns * (double)(i + 1)));
	}
	out[columns] = '\0';
}
