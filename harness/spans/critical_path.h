/* What the end of a trial waited for: the chain of stages, over all workers, without which it would have come
 * sooner. Pure functions. */
#ifndef HARNESS_CRITICAL_PATH_H
#define HARNESS_CRITICAL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/spans/lanes.h"

/* A time on the path. */
typedef struct pf_path_step {
	uint64_t begin_ns, end_ns;
	size_t lane;
	pf_stage stage; /* PF_STAGE_COUNT: in none */
} pf_path_step;

typedef struct pf_critical_path {
	pf_path_step *steps; /* in order; they fill the time from from_ns to to_ns without a gap */
	size_t count;
} pf_critical_path;

/* Walks back from `to_ns`, where lane 0, the trial's own process, ended. A stage is on the path as long as
 * its lane is followed. Where that lane waits (stage `wait`; and lane 0 in no stage, where it
 * `supervises` others), the path goes on with the lane that was the last to end a stage before the wait did:
 * spans do not say who woke whom, so that is inferred. If none ended one meanwhile, a `wait` is taken to be
 * for a lane that is busy still; if none is, the wait itself is on the path. Before a lane's life the path is
 * that of lane 0, which began it. The caller frees the steps. Aborts without memory. */
pf_critical_path pf_critical_path_find(const pf_lane *lanes, size_t count, bool supervises, uint64_t from_ns,
				       uint64_t to_ns);
void pf_critical_path_release(pf_critical_path *path);

/* A part of the path that stays with one lane. */
typedef struct pf_path_run {
	uint64_t begin_ns, end_ns;
	uint64_t stage_ns[PF_STAGE_COUNT + 1]; /* the last: in no stage */
	size_t lane;
} pf_path_run;

/* Finds the last `capacity` of them, in order. Returns how many there are in all. */
size_t pf_path_runs_find(const pf_critical_path *path, pf_path_run *out, size_t capacity);

#endif
