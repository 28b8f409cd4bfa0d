/* Names of a contestant's statuses. */
#include "harness/run/run.h"

#define PF_RUN_STATUS_NAME(constant, name) name,
static const char *const status_names[] = {PF_RUN_STATUS_LIST(PF_RUN_STATUS_NAME)};

const char *pf_run_status_name(pf_run_status status)
{
	return status_names[status];
}
