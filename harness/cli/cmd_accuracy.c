/* accuracy: keypoints, faces and best shots against the truth of a rendered dataset. */
#include <stdio.h>

#include "datasets/dataset_store.h"
#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/model/accuracy.h"
#include "harness/progress/progress.h"
#include "harness/record/accuracy_json.h"
#include "harness/registry/known.h"
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
	printf("faces        %zu of %zu athletes' faces found, %zu of %zu of others; %zu of %zu finds are no "
	       "face\n",
	       a->athletes_found, a->athletes_faces, a->others_found, a->others_faces, a->false_finds,
	       a->finds);
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

static const char *verdict_of(bool kept)
{
	return kept ? "kept" : "FAIL";
}

static double share_of(size_t part, size_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

/* Each gate on the truth, then how far both agree, which decides nothing. */
static void print_pair(const pf_accuracy_pair *pair, const char *variant)
{
	const pf_accuracy *a = &pair->plain, *b = &pair->other;
	pf_accuracy_gates gates = pf_accuracy_judge(pair);
	double before = share_of(a->near, a->keypoints), after = share_of(b->near, b->keypoints);
	printf("\n%s against the plain path, on the truth\n", variant);
	printf("PCK@%.1f      %.2f %% against %.2f %%: %+.2f points, %.1f may be lost: %s\n", PF_PCK_SHARE,
	       after, before, after - before, PF_ACCURACY_PCK_LOSS, verdict_of(gates.pck));
	printf("faces        %zu of %zu athletes' faces against %zu, no fewer: %s; %zu of %zu finds are no "
	       "face, against %zu of %zu; of others %zu against %zu\n",
	       b->athletes_found, b->athletes_faces, a->athletes_found, verdict_of(gates.faces),
	       b->false_finds, b->finds, a->false_finds, a->finds, b->others_found, a->others_found);
	printf("best shots   %.1f %% against %.1f %% of %zu bursts: %zu found by it alone, %zu by the plain "
	       "path alone: %s\n",
	       share_of(b->agreed, b->bursts), share_of(a->agreed, a->bursts), a->bursts, pair->gained,
	       pair->lost, verdict_of(gates.best));
	printf("laplacian    in %zu of %zu photos on the same tiles: at most %.3g %% apart (mean %.3g %%), "
	       "%.3g %% may be: %s\n",
	       pair->same_tiles, pair->compared, 100 * pair->laplacian_most, 100 * pair->laplacian_mean,
	       100 * PF_ACCURACY_LAPLACIAN_SHARE, verdict_of(gates.laplacian));
	if (!gates.failed) {
		printf("%zu photos could not be scored, on the plain path %zu: FAIL\n", b->failed, a->failed);
	}
	printf("\nagreement with the plain path (decides nothing): %.2f %% of %zu keypoints within 2 px of the "
	       "network's input, as many faces in %.1f %% of the photos, the same best shot in %zu of %zu "
	       "bursts\n",
	       share_of(pair->same_keypoints, pair->keypoints), pair->keypoints,
	       share_of(pair->same_faces, pair->compared), pair->same_best, a->bursts);
	if (gates.all && !gates.enough) {
		printf("%s: no verdict, which takes %d photos\n", variant, PF_ACCURACY_PHOTOS_MIN);
		return;
	}
	printf("%s: %s\n", variant, gates.all ? "may stand for the plain path" : "FAIL");
}

static int code_of(const pf_accuracy_pair *pair)
{
	pf_accuracy_gates gates = pf_accuracy_judge(pair);
	return !gates.all ? PF_EXIT_FAIL : gates.enough ? PF_EXIT_OK : PF_EXIT_UNDECIDED;
}

/* The strategies of a variant; 0 where none was named. */
static pf_status strategy_of(const char *name, const pf_scorer_config *config, uint32_t *strategy,
			     pf_error *error)
{
	const struct pf_variant *variant = name ? pf_variant_find(name) : NULL;
	*strategy = variant ? variant->strategy : 0;
	if (name && !*strategy) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       variant ? "%s scores on the plain path, with which a variant is compared"
				       : "\"%s\" is no variant; photofinish variants lists them",
			       name);
	}
	const char *problem = pf_scorer_strategy_problem(config, *strategy);
	return problem ? pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s: %s", name, problem) : PF_OK;
}

static pf_status measure(const pf_common *common, const char *name, uint32_t photos,
			 const pf_scorer_config *config, uint32_t strategy, pf_dataset **dataset,
			 pf_accuracy_pair *accuracy, pf_error *error)
{
	char truth[PF_STORE_PATH_MAX + 16];
	pf_status status = pf_common_dataset(name, dataset, error);
	if (status == PF_OK) {
		snprintf(truth, sizeof truth, "%s/truth.json", (*dataset)->root);
		pf_common_tell_start("accuracy", *dataset, 1, NULL, 0);
		status = pf_accuracy_measure(*dataset, truth, config, strategy, common->workers, photos, hear,
					     NULL, accuracy, error);
	}
	return status;
}

int pf_cmd_accuracy(const pf_command *command, int argc, char **argv)
{
	pf_common common = PF_COMMON_DEFAULTS;
	const char *name = "pose_heldout", *json = NULL, *variant = NULL;
	uint32_t photos = 0, strategy = 0;
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &name, "NAME", "a rendered dataset (default: pose_heldout)"},
		{"photos", 0, PF_ARG_COUNT, &photos, "N", "stop after the first N photos (default: all)", 1,
		 1e9},
		{"variant", 0, PF_ARG_TEXT, &variant, "NAME",
		 "also by a variant's strategies: exit 1 where it is further from the truth, 3 with too few photos"},
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
	pf_accuracy_pair accuracy;
	pf_status status = pf_common_apply(&common, &config, &error);
	if (status == PF_OK) {
		status = pf_output_check(json, &error);
	}
	if (status == PF_OK) {
		status = strategy_of(variant, &config, &strategy, &error);
	}
	if (status == PF_OK) {
		status = measure(&common, name, photos, &config, strategy, &dataset, &accuracy, &error);
	}
	pf_progress_clear();
	if (status == PF_OK && !pf_output_is_stdout(json)) {
		print(&accuracy.plain, dataset);
		if (variant) {
			print_pair(&accuracy, variant);
		}
	}
	if (status == PF_OK && json) {
		status = pf_accuracy_write(&accuracy, variant, dataset, json, &error);
	}
	pf_dataset_free(dataset);
	if (status != PF_OK) {
		return pf_report_error(&error);
	}
	return variant ? code_of(&accuracy) : PF_EXIT_OK;
}
