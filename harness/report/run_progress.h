/* Progress of a run as milestones and a status line. */
#ifndef HARNESS_RUN_PROGRESS_H
#define HARNESS_RUN_PROGRESS_H

#include "harness/measure/run.h"

extern const pf_run_listener pf_run_progress;

#endif
