/* What a trial is told to do: how many workers, with which options, limits and scorer. One struct, by value:
 * a session has it for all its trials, a trial's shared memory for that trial. Plain data. */
#ifndef HARNESS_TRIAL_ORDER_H
#define HARNESS_TRIAL_ORDER_H

#include <stdint.h>

#include "harness/registry/allowance.h"
#include "photofinish/scorer.h"
#include "photofinish/variant.h"

typedef struct pf_trial_order {
	uint32_t workers;
	int64_t options[PF_MAX_OPTIONS]; /* in the order of the variant's option list */
	uint64_t memory_limit_bytes;     /* that a variant may load ahead; 0: none */
	uint64_t memory_most_bytes;      /* of all its processes: more ends the trial; 0: no limit */
	uint64_t photo_timeout_ns;       /* of one photo, where workers are processes; 0: none */
	pf_scorer_config scorer;
	pf_allowance allowance;
	char folder[64]; /* that the trial may write to and is removed behind it; "": none */
} pf_trial_order;

#endif
