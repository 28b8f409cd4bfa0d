#include "harness/run/page_cache.h"

#include <fcntl.h>
#include <unistd.h>

void pf_page_cache_drop(const pf_dataset *dataset)
{
	for (size_t i = 0; i < dataset->count; i++) {
		int fd = -1;
		uint64_t size;
		pf_error ignored;
		if (pf_dataset_open(dataset, i, &fd, &size, &ignored) == PF_OK) {
			fdatasync(fd); /* pages that are not written yet cannot be dropped */
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
			close(fd);
		}
	}
}

uint64_t pf_dataset_bytes(const pf_dataset *dataset)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < dataset->count; i++) {
		bytes += dataset->photos[i].size_bytes;
	}
	return bytes;
}

bool pf_trial_was_cold(const pf_trial *trial, const pf_dataset *dataset)
{
	return (double)trial->device_read_bytes >= PF_COLD_SHARE * (double)pf_dataset_bytes(dataset);
}

void pf_run_count_cold(const pf_run *run, size_t *trials, size_t *cold)
{
	*trials = *cold = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_trial *trial = &contestant->trials[k];
			if (pf_run_counts(contestant, trial) == PF_COUNTS && trial->photos_scored) {
				(*trials)++;
				*cold += pf_trial_was_cold(trial, run->session->dataset);
			}
		}
	}
}

const char *pf_run_cache_state(const pf_run *run)
{
	size_t trials, cold;
	if (!run->cold_cache) {
		return pf_run_stayed_warm(run) ? "warm" : "not held";
	}
	pf_run_count_cold(run, &trials, &cold);
	return trials && cold == trials ? "cold" : "not cold";
}
