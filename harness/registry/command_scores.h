/* Score records that a program from outside writes, line by line (docs/plugins.md). */
#ifndef HARNESS_COMMAND_SCORES_H
#define HARNESS_COMMAND_SCORES_H

#include "harness/scores/outcomes.h"
#include "harness/scores/tolerance.h"
#include "photofinish/dataset.h"
#include "photofinish/status.h"

typedef struct pf_command_scores {
	const pf_dataset *dataset;
	pf_outcomes *outcomes; /* what was read so far, owned */
	pf_tolerance tolerance;
	size_t lines; /* read so far; empty ones count, too */
	bool begun;   /* the first one that is not empty was read */
} pf_command_scores;

pf_status pf_command_scores_open(pf_command_scores *scores, const pf_dataset *dataset, pf_error *error);
void pf_command_scores_close(pf_command_scores *scores);

/* Takes in one line without its end. *index is the photo that it tells of, or SIZE_MAX for none (an empty
 * line, the first line's declaration). PF_ERR_INVALID says which line is wrong, and how. */
pf_status pf_command_scores_line(pf_command_scores *scores, const char *line, size_t *index, pf_error *error);

#endif
