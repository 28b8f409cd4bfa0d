/* What a command needs that executes a run: a dataset, a session on it, a view of it for commands. */
#ifndef HARNESS_RUN_SETTING_H
#define HARNESS_RUN_SETTING_H

#include "harness/cli/common.h"
#include "harness/counters/counters.h"
#include "harness/registry/dataset_view.h"

typedef struct pf_run_setting {
	pf_dataset *dataset;
	pf_session session;
	char view[PF_VIEW_PATH_MAX];
	pf_counter_plan counters;
} pf_run_setting;

/* Opens what `dataset` names, which must have photos, once pf_common_apply has been there. Close it in any
 * case. The setting must not be moved: the session points into it. */
pf_status pf_run_setting_open(pf_run_setting *setting, const pf_common *common, const char *dataset,
			      const pf_scorer_config *config, pf_error *error);
void pf_run_setting_close(pf_run_setting *setting);

/* Counts the kernel's instructions under callgrind, if that was asked for and there is a reference. */
void pf_run_count_instructions(pf_run *run);

/* For the order of trials, where none was given. */
uint64_t pf_seed_from_clock(void);

/* True if there was one trial. */
bool pf_anything_measured(const pf_run *run);

#endif
