/* A folder of the best shots: hard links where possible, else copies. */
#ifndef HARNESS_BEST_FOLDER_H
#define HARNESS_BEST_FOLDER_H

#include <stddef.h>

#include "harness/scores/outcomes.h"

typedef struct pf_best_report {
	size_t linked, copied, present; /* present: that very photo was already there */
	size_t failed;                  /* that could not be put there */
} pf_best_report;

/* Puts the best photo of every burst below `folder`, under its path in the dataset. Never replaces a file:
 * one that is there and is not that photo is PF_ERR_EXISTS. Goes on after a photo that could not be put
 * there, of which `told` hears; the status and *error are those of the first of them. */
pf_status pf_best_folder_fill(const char *folder, const pf_outcomes *outcomes, const pf_dataset *dataset,
			      void (*told)(const pf_error *error), pf_best_report *report, pf_error *error);

#endif
