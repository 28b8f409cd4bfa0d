/* What workers did at each moment, found from their spans: pure functions. Times are of one clock, in ns. */
#ifndef HARNESS_LANES_H
#define HARNESS_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/trace.h"

/* A time in which a worker was in one stage, the innermost of those that it was in; parts count as their
 * stage. */
typedef struct pf_stretch {
	uint64_t begin_ns, end_ns;
	pf_stage stage;
} pf_stretch;

/* One worker. */
typedef struct pf_lane {
	uint64_t begin_ns, end_ns; /* its life */
	const pf_stretch *stretches;
	size_t count; /* disjoint, in order */
} pf_lane;

/* Finds the stretches of `count` spans of one worker, in any order (they are sorted in place), within
 * `from_ns` and `to_ns`. `out` has room for 2 * count. Returns how many. Spans that no worker can have had
 * (other stages, ends before their begin) are left out, whatever they are. */
size_t pf_stretches_find(pf_span *spans, size_t count, uint64_t from_ns, uint64_t to_ns, pf_stretch *out);

/* How long how many of the lanes were busy at once, between the two instants: busy_ns[n] for n of them, 0 to
 * `count`. Busy is who is in a stage other than `wait`. Aborts without memory. */
void pf_overlap_find(const pf_lane *lanes, size_t count, uint64_t from_ns, uint64_t to_ns, uint64_t *busy_ns);

/* What one lane did between two instants; the parts add up to that time. */
typedef struct pf_lane_times {
	uint64_t busy_ns;                   /* in stages other than `wait` */
	uint64_t starved_ns;                /* in `wait` */
	uint64_t between_ns;                /* alive, in no stage */
	uint64_t not_begun_ns, finished_ns; /* before and after its life */
} pf_lane_times;

pf_lane_times pf_lane_times_find(const pf_lane *lane, uint64_t from_ns, uint64_t to_ns);

enum { PF_TIMELINE_COLUMNS = 400 };

/* The same in its order, for drawing: the time is cut into columns of equal length, and out[i] says what took
 * most of column i. 's' startup, 'b' detect, 'r' read, 'g' gate, 'd' decode, 'p' pose, 'f' faces, 'q'
 * quality, 'c' score, 'w' wait, 't' transfer, '.' alive, in no stage, ' ' before or after its life. "" where
 * there is no time. */
void pf_lane_timeline(const pf_lane *lane, uint64_t from_ns, uint64_t to_ns,
		      char out[PF_TIMELINE_COLUMNS + 1]);

#endif
