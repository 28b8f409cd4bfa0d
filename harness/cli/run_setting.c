#include "harness/cli/run_setting.h"

#include <stdlib.h>
#include <time.h>

#include "harness/base/interrupt.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/registry/outside.h"
#include "harness/run/callgrind.h"

pf_status pf_run_setting_open(pf_run_setting *setting, const pf_common *common, const char *dataset,
			      const pf_scorer_config *config, pf_error *error)
{
	*setting = (pf_run_setting){.session = {.manifest_fd = -1}};
	pf_status status = pf_build_check_timing(error);
	if (status == PF_OK && common->counters) {
		status = pf_counter_plan_parse(common->counters, &setting->counters, error);
	}
	if (status == PF_OK) {
		status = pf_common_dataset(dataset, &setting->dataset, error);
	}
	if (status == PF_OK && setting->dataset->count == 0) {
		status = pf_fail(error, PF_ERR_INVALID, dataset, "the dataset has no photos");
	}
	if (status == PF_OK) {
		status = pf_session_open(&setting->session, setting->dataset, config, error);
	}
	if (status == PF_OK) {
		pf_common_limits(common, &setting->session);
		setting->session.observer = pf_observer_of_this_machine();
		setting->session.asked[PF_PROBE_counters] = common->counters ? &setting->counters : NULL;
	}
	if (status == PF_OK && pf_outside_has_commands()) {
		status = pf_view_open(setting->dataset, setting->view, error);
		setting->session.view = setting->view;
	}
	return status;
}

void pf_run_setting_close(pf_run_setting *setting)
{
	pf_session_close(&setting->session);
	pf_view_close(setting->view);
	pf_dataset_free(setting->dataset);
}

void pf_run_count_instructions(pf_run *run)
{
	const pf_counter_plan *plan = run->session->asked[PF_PROBE_counters];
	if (!plan || !plan->callgrind || !run->reference.outcomes || pf_interrupts) {
		return;
	}
	run->callgrind = calloc(1, sizeof *run->callgrind);
	if (run->callgrind) {
		pf_progress_update("instructions under callgrind", 0, 1, "runs", NULL);
		pf_callgrind_measure(run->session, run->reference.outcomes, run->callgrind);
		pf_progress_clear();
	}
}

uint64_t pf_seed_from_clock(void)
{
	return pf_now_ns() ^ (uint64_t)time(NULL) << 32;
}

bool pf_anything_measured(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		if (run->contestants[i].trial_count) {
			return true;
		}
	}
	return false;
}
