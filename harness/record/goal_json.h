/* The goal of a run and the projections to it, in its record. */
#ifndef HARNESS_GOAL_JSON_H
#define HARNESS_GOAL_JSON_H

#include <jansson.h>

#include "harness/run/run.h"

/* New reference; null where the run has no goal. */
json_t *pf_goal_json(const pf_run *run);

#endif
