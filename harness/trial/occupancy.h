/* How many workers are at work right now, as their traces say. */
#ifndef HARNESS_OCCUPANCY_H
#define HARNESS_OCCUPANCY_H

#include <stdint.h>

#include "photofinish/trace.h"
#include "photofinish/variant.h"

/* `traces` are those of a trial (workers + 1) of a variant with these caps; they may change meanwhile. A
 * worker is busy in any stage but `wait`, and between stages while it has a photo. *of is how many there are:
 * the workers, or the one process of a variant that has no others; 0 for a program from outside, which leaves
 * no trace. */
uint32_t pf_occupancy(const pf_trace *traces, uint32_t workers, unsigned caps, uint32_t *of);

#endif
