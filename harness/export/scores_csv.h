/* Scores as CSV (RFC 4180), one row a photo. */
#ifndef HARNESS_SCORES_CSV_H
#define HARNESS_SCORES_CSV_H

#include "harness/scores/outcomes.h"

/* Numbers with 17 digits, names escaped as everywhere, cells that a spreadsheet would take for a formula
 * begin with a quote. Replaces a file that is there; "-" is standard output. `part` is NULL, or why these
 * are not all: then the first row says so, with status "partial", and nothing is replaced but an empty file
 * and a part (PF_ERR_EXISTS). `caveat`: what the last cell of each row says has to be known of all scores;
 * NULL: nothing.
 */
pf_status pf_scores_csv_write(const pf_outcomes *outcomes, const pf_dataset *dataset, const char *part,
			      const char *caveat, const char *path, pf_error *error);

#endif
