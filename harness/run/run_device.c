#include "harness/run/run_device.h"

const pf_device_found *pf_run_device(const pf_contestant *contestant)
{
	const pf_trial *trial = pf_run_median_trial(contestant);
	return trial ? trial->found[PF_PROBE_device] : NULL;
}

uint64_t pf_run_fallen(const pf_contestant *contestant, const char **why)
{
	uint64_t fallen = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		const pf_device_found *found = trial->found[PF_PROBE_device];
		if (found && found->work.fallen && pf_run_counts(contestant, trial) == PF_COUNTS) {
			if (why && !fallen) {
				*why = found->work.why;
			}
			fallen += found->work.fallen;
		}
	}
	return fallen;
}
