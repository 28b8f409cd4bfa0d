/* Trials on a machine that is busy with other things. */
#ifndef PHOTOFINISH_UNDISTURBED_H
#define PHOTOFINISH_UNDISTURBED_H

#include "harness/trial/trial.h"

/* pf_trial_run, again where the harness itself was held up (PF_ENDED_DISTURBED): up to fifty times. */
pf_status pf_trial_undisturbed(const pf_session *session, const struct pf_variant *variant, uint32_t workers,
			       const int64_t *options, const pf_trial_listener *listener, pf_trial *out,
			       pf_error *error);

#endif
