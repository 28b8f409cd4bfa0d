#include "undisturbed.h"

pf_status pf_trial_undisturbed(const pf_session *session, const struct pf_variant *variant, uint32_t workers,
			       const int64_t *options, const pf_trial_listener *listener, pf_trial *out,
			       pf_error *error)
{
	pf_status status = pf_trial_run(session, variant, workers, options, listener, out, error);
	for (int again = 0; again < 50 && status == PF_OK && out->ending == PF_ENDED_DISTURBED; again++) {
		pf_trial_release(out);
		status = pf_trial_run(session, variant, workers, options, listener, out, error);
	}
	return status;
}
