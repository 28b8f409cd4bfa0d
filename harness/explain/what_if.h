/* When a trial would have ended if stages took another time: its spans, replayed. Pure functions. */
#ifndef HARNESS_WHAT_IF_H
#define HARNESS_WHAT_IF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/spans/lanes.h"
#include "harness/spans/trial_spans.h"
#include "photofinish/status.h"

/* Replays the lanes from `from_ns` to `to_ns` (lane 0: the trial's own process; it `supervises` the others)
 * with the time of each stage multiplied by factors[stage] >= 0, and returns the new end. Each lane does the
 * same in the same order; who waited goes on as long after that which it waited for as it did: the lane that
 * was the last to end a stage meanwhile (as in critical_path.h). All factors 1 give to_ns. Work does not move
 * to other workers, and nobody gets faster by others' leaving caches or memory alone: the answer is for a
 * change of one stage in a run that is otherwise as it was. Aborts without memory. */
uint64_t pf_what_if(const pf_lane *lanes, size_t count, bool supervises, uint64_t from_ns, uint64_t to_ns,
		    const double factors[PF_STAGE_COUNT]);

/* The same for a trial whose spans were kept: its time divided by the new one. 0 where they were not. */
double pf_what_if_gain(const pf_trial_spans *spans, const double factors[PF_STAGE_COUNT]);

/* "decode=0.5,faces=0" into factors, the others 1. PF_ERR_USAGE says what is wrong. */
pf_status pf_what_if_parse(const char *text, double factors[PF_STAGE_COUNT], pf_error *error);

#endif
