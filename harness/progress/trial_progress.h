/* What is told of one trial while it runs: bursts as they are found and scored, the status line, events. */
#ifndef HARNESS_TRIAL_PROGRESS_H
#define HARNESS_TRIAL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/scores/outcomes.h"
#include "harness/stats/eta.h"
#include "harness/trial/frames.h"
#include "photofinish/dataset.h"

typedef struct pf_trial_progress {
	const pf_dataset *dataset;
	char label[200];   /* of the status line */
	bool shows_bursts; /* as milestones; events have them anyway */
	uint64_t begin_ns;
	bool in_parts; /* the ranks of a burst came in several frames */
	size_t known;  /* photos that need no scoring: set it, and `done` to the same, behind begin */
	size_t done, found, bursts, singles, ranked;
	double busy_share; /* of the last second; negative: not known */
	char best[400];    /* photo of the last burst, for the status line: escaped, without folders */
} pf_trial_progress;

/* The dataset must stay for as long as the trial is heard of. */
void pf_trial_progress_begin(pf_trial_progress *progress, const pf_dataset *dataset, const char *label,
			     bool shows_bursts);

/* What the listener of a trial hears and sees. */
void pf_trial_progress_hear(pf_trial_progress *progress, const pf_outcomes *so_far, const pf_frame *frame);
void pf_trial_progress_look(pf_trial_progress *progress, uint32_t busy, uint32_t of);

/* Draws where it stands; `left` is of the whole command, NULL: by the trial's own pace. */
void pf_trial_progress_show(const pf_trial_progress *progress, const pf_eta *left);

#endif
