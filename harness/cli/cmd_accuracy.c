/* accuracy: keypoints and best shots against the truth of a rendered dataset. */
#include <stdio.h>

#include "datasets/dataset_store.h"
#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/model/accuracy.h"
#include "harness/progress/progress.h"
#include "harness/record/accuracy_json.h"
#include "photofinish/file.h"
#include "photofinish/pose.h"

static void hear(void *context, size_t done, size_t total)
{
	(void)context;
	pf_progress_update("measuring", done, total, "photos", NULL);
}

static void print(const pf_accuracy *a, const pf_dataset *dataset)
{
	char name[512];
	printf("%s: %zu photo%s, %zu burst%s; %zu could not be scored\n\n",
	       pf_escape(dataset->name, name, sizeof name), a->photos, pf_text_plural(a->photos), a->bursts,
	       pf_text_plural(a->bursts), a->failed);
	printf("PCK@%.1f      %.1f %% of %zu visible keypoints", PF_PCK_SHARE,
	       100.0 * (double)a->near / (double)a->keypoints, a->keypoints);
	if (a->pck.has_interval) {
		printf(" (mean of %zu scenes %.1f %%, 95 %% t-interval %.1f to %.1f)", a->pck.n,
		       100 * a->pck.mean, 100 * a->pck.low, 100 * a->pck.high);
	}
	printf("\n             another photo's pose would give %.1f %%\n", 100 * a->chance_pck);
	if (a->bursts) {
		printf("best shots   %.1f %% of %zu burst%s agree with the truth (95 %% interval %.1f to %.1f)\n"
		       "             a random choice would give %.1f %%\n",
		       100.0 * (double)a->agreed / (double)a->bursts, a->bursts, pf_text_plural(a->bursts),
		       100 * a->agreed_low, 100 * a->agreed_high, 100 * a->chance_agreed);
	}
	printf("\nby keypoint ");
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		printf("%s %s %.1f %%", k ? "," : "", pf_keypoint_name((pf_keypoint)k),
		       a->by_keypoint[k] ? 100.0 * (double)a->near_by_keypoint[k] / (double)a->by_keypoint[k]
					 : 0.0);
	}
	printf("\n");
}

static pf_status measure(const pf_common *common, const char *name, uint32_t photos,
			 const pf_scorer_config *config, pf_dataset **dataset, pf_accuracy *accuracy,
			 pf_error *error)
{
	char truth[PF_STORE_PATH_MAX + 16];
	pf_status status = pf_common_dataset(name, dataset, error);
	if (status == PF_OK) {
		snprintf(truth, sizeof truth, "%s/truth.json", (*dataset)->root);
		pf_common_tell_start("accuracy", *dataset, 1, NULL, 0);
		status = pf_accuracy_measure(*dataset, truth, config, common->workers, photos, hear, NULL,
					     accuracy, error);
	}
	return status;
}

int pf_cmd_accuracy(const pf_command *command, int argc, char **argv)
{
	pf_common common = PF_COMMON_DEFAULTS;
	const char *name = "pose_heldout", *json = NULL;
	uint32_t photos = 0;
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &name, "NAME", "a rendered dataset (default: pose_heldout)"},
		{"photos", 0, PF_ARG_COUNT, &photos, "N", "stop after the first N photos (default: all)", 1,
		 1e9},
		{"json", 'j', PF_ARG_OUTPUT, &json, "FILE",
		 "write the figures as JSON (- for standard output)"},
		PF_COMMON_ARGS(common),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_scorer_config config;
	pf_error error = {0};
	pf_dataset *dataset = NULL;
	pf_accuracy accuracy;
	pf_status status = pf_common_apply(&common, &config, &error);
	if (status == PF_OK) {
		status = pf_output_check(json, &error);
	}
	if (status == PF_OK) {
		status = measure(&common, name, photos, &config, &dataset, &accuracy, &error);
	}
	pf_progress_clear();
	if (status == PF_OK && !pf_output_is_stdout(json)) {
		print(&accuracy, dataset);
	}
	if (status == PF_OK && json) {
		status = pf_accuracy_write(&accuracy, dataset, json, &error);
	}
	pf_dataset_free(dataset);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}
