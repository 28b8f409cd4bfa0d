/* The best shot of each burst, for people. */
#ifndef HARNESS_BEST_TABLE_H
#define HARNESS_BEST_TABLE_H

#include <stdio.h>

#include "harness/scores/outcomes.h"
#include "photofinish/scorer.h"

/* One row for each burst that was ranked: its best photo and what puts it ahead of the others; then the
 * photos that could not be scored, and a line that accounts for every photo. */
void pf_best_print(const pf_outcomes *outcomes, const pf_dataset *dataset, const pf_scorer_config *config,
		   FILE *stream);

#endif
