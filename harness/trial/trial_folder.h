/* A folder for one trial: what a variant with PF_CAP_SERVER may write to. */
#ifndef HARNESS_TRIAL_FOLDER_H
#define HARNESS_TRIAL_FOLDER_H

#include "harness/trial/trial_order.h"
#include "photofinish/status.h"

/* Makes it below TMPDIR (or /tmp), names it in the order, and allows what a server takes: to execute,
 * sockets, and to write there. Removes those that a killed harness left behind: nobody holds their locks. One
 * trial at a time. */
pf_status pf_trial_folder_make(pf_trial_order *order, pf_error *error);

/* With all that lies in it. "" is fine. */
void pf_trial_folder_remove(const char *folder);

#endif
