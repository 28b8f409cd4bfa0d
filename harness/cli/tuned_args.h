/* --tuned: a variant's numbers as tuning found them. */
#ifndef HARNESS_TUNED_ARGS_H
#define HARNESS_TUNED_ARGS_H

#include <stdio.h>

#include "harness/run/run.h"
#include "photofinish/dataset.h"
#include "photofinish/scorer.h"

/* A row for commands that take one variant; `tuned` is a const char *. */
#define PF_TUNED_ARG(tuned)                                                                            \
	{                                                                                              \
		"tuned", 0, PF_ARG_MAYBE, &(tuned), "FILE]",                                           \
			"run the variant with what tune found for it, where that holds (default: the " \
			"file that tune writes)",                                                      \
			0, 0                                                                           \
	}

/* Sets what the file says (NULL: nothing is done; "": the variant's own file) in the contestant, whose
 * options must not be set otherwise. One that is stale is said to be, in a line, and not used.
 * PF_ERR_NOT_FOUND, PF_ERR_INVALID, PF_ERR_USAGE: of another variant. */
pf_status pf_tuned_apply(const char *file, const pf_scorer_config *config, const pf_dataset *dataset,
			 uint32_t workers, pf_contestant *contestant, pf_error *error);

/* For doctor: a line for each file where tune puts them, whether it holds here. */
void pf_tuned_print(FILE *stream);

#endif
