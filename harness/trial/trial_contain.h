/* In the process of a trial: what it may use from here on. */
#ifndef HARNESS_TRIAL_CONTAIN_H
#define HARNESS_TRIAL_CONTAIN_H

#include "harness/trial/trial_order.h"
#include "photofinish/dataset.h"
#include "photofinish/status.h"

/* Contains it, before the code of a variant or plug-in (NULL: none) runs, and tells the harness through
 * PF_TRIAL_FD_CONTAINMENT, which it closes. */
pf_status pf_trial_contain(const pf_trial_order *order, const pf_dataset *dataset, const char *plugin,
			   pf_error *error);

#endif
