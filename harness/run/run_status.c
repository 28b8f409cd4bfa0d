#include "harness/run/run_status.h"

#include <string.h>

#define PF_RUN_STATUS_NAME(constant, name) name,
static const char *const status_names[] = {PF_RUN_STATUS_LIST(PF_RUN_STATUS_NAME)};

const char *pf_run_status_name(pf_run_status status)
{
	return status_names[status];
}

pf_run_status pf_run_status_of(const char *name)
{
	for (int i = 0; i < PF_RUN_STATUS_COUNT; i++) {
		if (strcmp(status_names[i], name) == 0) {
			return (pf_run_status)i;
		}
	}
	return PF_RUN_INVALID;
}

pf_trial_counting pf_trial_counts(pf_run_status status, bool ended_well, bool checked, bool timed)
{
	if (!ended_well || !timed) {
		return PF_COUNTS_NOT;
	}
	if (checked && (status == PF_RUN_OK || status == PF_RUN_FLOOR)) {
		return PF_COUNTS;
	}
	return !checked && status == PF_RUN_UNCHECKED ? PF_COUNTS_UNCHECKED : PF_COUNTS_NOT;
}
