/* A folder of the best shots: hard links where possible, else copies. */
#ifndef HARNESS_BEST_FOLDER_H
#define HARNESS_BEST_FOLDER_H

#include <stddef.h>

#include "harness/scores/outcomes.h"

typedef struct pf_best_report {
	size_t linked, copied, present; /* present: that very photo was already there */
} pf_best_report;

/* Puts the best photo of every burst below `folder`, under its path in the dataset. Never replaces a file:
 * one that is there and is not that photo is PF_ERR_EXISTS. */
pf_status pf_best_folder_fill(const char *folder, const pf_outcomes *outcomes, const pf_dataset *dataset,
			      pf_best_report *report, pf_error *error);

#endif
