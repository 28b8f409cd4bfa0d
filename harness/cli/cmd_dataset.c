#include <string.h>

#include "datasets/dataset_import.h"
#include "datasets/dataset_make.h"
#include "datasets/dataset_remove.h"
#include "datasets/dataset_spec.h"
#include "datasets/dataset_store.h"
#include "datasets/dataset_verify.h"
#include "harness/base/interrupt.h"
#include "harness/base/nearest.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/progress/progress.h"
#include "photofinish/file.h"

static int make(const pf_command *command, int argc, char **argv)
{
	pf_make_options options = {0};
	pf_make_report report;
	pf_progress_choice progress = {.mode = "auto"};
	uint32_t workers = 0;
	bool force = false;
	const pf_arg table[] = {
		{"name", 'n', PF_ARG_TEXT, &options.name, "NAME",
		 "name of the dataset (default: the specification's)", 0, 0},
		{"data", 0, PF_ARG_TEXT, &options.home, "DIR",
		 "data folder (default: $PHOTOFINISH_DATA, else the cache)", 0, 0},
		{"workers", 0, PF_ARG_COUNT, &workers, "N",
		 "worker processes (default: one for each processor)", 1, 1024},
		{"force", 'f', PF_ARG_FLAG, &force, NULL,
		 "replace a dataset that was made from another specification", 0, 0},
		PF_PROGRESS_ARGS(progress),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_error error = {0};
	pf_progress_choose(&progress);
	options.workers = workers;
	options.force = force;
	options.spec = operands[0];
	if (pf_common_make(&options, &report, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	char folder[PF_STORE_PATH_MAX];
	printf("%s: %u photos%s\n", pf_escape(report.folder, folder, sizeof folder), report.photos,
	       report.already_there ? ", already there" : "");
	return PF_EXIT_OK;
}

static void list_dataset(void *context, const pf_store_entry *entry)
{
	char photos[24], bytes[PF_TEXT];
	snprintf(photos, sizeof photos, "%zu", entry->photos);
	const char *kind = entry->made ? "rendered" : "imported";
	const char *cells[] = {entry->name, entry->complete ? photos : "-",
			       entry->complete ? pf_text_bytes((double)entry->bytes, bytes) : "-",
			       entry->complete ? kind : "unfinished: make it again to go on"};
	pf_table_row(context, cells, 4);
}

static void list_spec(void *context, const char *name)
{
	pf_spec spec;
	pf_error error;
	char photos[24], megapixels[24] = "-";
	if (pf_spec_load(name, &spec, &error) != PF_OK) {
		const char *cells[] = {name, "malformed", error.message};
		pf_table_row(context, cells, 3);
		return;
	}
	snprintf(photos, sizeof photos, "%u", spec.photos);
	if (spec.camera_count) {
		snprintf(megapixels, sizeof megapixels, "%.1f",
			 spec.cameras[0].width * spec.cameras[0].height * 1e-6);
	}
	const char *cells[] = {name, photos, megapixels, spec.summary};
	pf_table_row(context, cells, 4);
}

static int list(const pf_command *command, int argc, char **argv)
{
	static const bool right[4] = {false, true, true, false};
	static const char *const datasets[] = {"dataset", "photos", "size", "kind"};
	static const char *const specs[] = {"specification", "photos", "MP", "summary"};
	const pf_arg table[] = {{0}};
	char **operands, home[PF_STORE_PATH_MAX], shown[PF_STORE_PATH_MAX];
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_error error = {0};
	pf_table *there = pf_table_create(4, right), *possible = pf_table_create(4, right);
	pf_table_row(there, datasets, 4);
	pf_table_row(possible, specs, 4);
	pf_status status = pf_store_home(home, &error);
	if (status == PF_OK) {
		status = pf_store_list(NULL, list_dataset, there, &error);
	}
	if (status == PF_OK) {
		status = pf_spec_list(list_spec, possible, &error);
	}
	if (status == PF_OK) {
		printf("In %s:\n", pf_escape(home, shown, sizeof shown));
		pf_table_print(there, stdout, "  ");
		printf("\nCan be made (photofinish dataset make NAME):\n");
		pf_table_print(possible, stdout, "  ");
	}
	pf_table_free(possible);
	pf_table_free(there);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}

static void report_problem(void *context, pf_verify_kind kind, const char *path, const pf_error *why)
{
	static const char *const names[] = {
		[PF_VERIFY_MISSING] = "missing",
		[PF_VERIFY_CHANGED] = "changed",
		[PF_VERIFY_UNREADABLE] = "unreadable",
		[PF_VERIFY_EXTRA] = "extra",
	};
	char shown[1024], message[600];
	(void)context;
	pf_progress_clear();
	printf("%s: %s%s%s\n", names[kind], pf_escape(path, shown, sizeof shown),
	       why && why->message[0] ? ": " : "",
	       why ? pf_escape(why->message, message, sizeof message) : "");
}

static void hear_files(void *context, size_t done, size_t total, uint64_t bytes)
{
	char note[PF_TEXT];
	pf_progress_update(context, done, total, "photos", pf_text_bytes((double)bytes, note));
}

static int verify(const pf_command *command, int argc, char **argv)
{
	pf_progress_choice progress = {.mode = "auto"};
	const pf_arg table[] = {PF_PROGRESS_ARGS(progress), {0}};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_error error = {0};
	pf_dataset *dataset = NULL;
	pf_verify_report report = {0};
	const pf_verify_options options = {.problem = report_problem,
					   .progress = hear_files,
					   .context = "verifying",
					   .cancel = &pf_interrupts};
	pf_progress_choose(&progress);
	pf_status status = pf_store_open(operands[0], &dataset, &error);
	if (status == PF_OK) {
		status = pf_dataset_verify(dataset, &options, &report, &error);
	}
	pf_progress_clear();
	if (status == PF_OK && report.unhashed == dataset->count) {
		status = pf_fail(
			&error, PF_ERR_INVALID, operands[0],
			"there is no manifest to compare with; photofinish dataset import makes one");
	}
	if (status == PF_OK || status == PF_ERR_CHANGED) {
		size_t other = report.changed + report.missing + report.unreadable + report.unhashed;
		printf("%zu of %zu photos are as the manifest says; %zu changed, %zu missing, %zu unreadable, %zu extra",
		       report.checked - other, dataset->count, report.changed, report.missing,
		       report.unreadable, report.extra);
		printf(report.unhashed ? "; %zu without a hash, not compared\n" : "\n", report.unhashed);
		code = status == PF_OK ? PF_EXIT_OK : PF_EXIT_FAIL;
	} else {
		code = pf_report_error(&error);
	}
	pf_dataset_free(dataset);
	return code;
}

static int import(const pf_command *command, int argc, char **argv)
{
	pf_progress_choice progress = {.mode = "auto"};
	pf_import_options options = {.progress = hear_files, .context = "hashing", .cancel = &pf_interrupts};
	const pf_arg table[] = {
		{"name", 'n', PF_ARG_TEXT, &options.name, "NAME", "name of the dataset (needed)", 0, 0},
		{"force", 'f', PF_ARG_FLAG, &options.force, NULL, "replace an imported dataset of that name",
		 0, 0},
		PF_PROGRESS_ARGS(progress),
		{0},
	};
	char **operands, shown[PF_STORE_PATH_MAX], bytes[PF_TEXT];
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (!options.name) {
		return pf_usage_error(command, "missing option: --name NAME");
	}
	pf_error error = {0};
	pf_import_report report;
	pf_progress_choose(&progress);
	options.folder = operands[0];
	pf_status status = pf_dataset_import(&options, &report, &error);
	pf_progress_clear();
	if (status != PF_OK) {
		return pf_report_error(&error);
	}
	printf("%s: %zu photos, %s; manifest %s\n", options.name, report.photos,
	       pf_text_bytes((double)report.bytes, bytes), pf_escape(report.manifest, shown, sizeof shown));
	if (report.unhashed || report.ignored) {
		printf("%zu could not be read, listed without a hash; %zu other file%s ignored\n",
		       report.unhashed, report.ignored, pf_text_plural(report.ignored));
	}
	return PF_EXIT_OK;
}

static int rm(const pf_command *command, int argc, char **argv)
{
	const char *home = NULL;
	const pf_arg table[] = {
		{"data", 0, PF_ARG_TEXT, &home, "DIR",
		 "data folder (default: $PHOTOFINISH_DATA, else the cache)", 0, 0},
		{0},
	};
	char **operands, shown[600];
	int count, code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	code = PF_EXIT_OK;
	for (int i = 0; i < count; i++) {
		pf_error error = {0};
		bool left;
		if (pf_dataset_remove(home, operands[i], &left, &error) != PF_OK) {
			code = pf_report_error(&error);
			continue;
		}
		printf("%s: removed%s\n", pf_escape(operands[i], shown, sizeof shown),
		       left ? "; its folder stays, with files in it that no make wrote" : "");
	}
	return code;
}

static const pf_command subcommands[] = {
	{"dataset make", "SPEC", "Render a dataset whose truth is known",
	 "SPEC is the name of a built-in specification (see photofinish dataset list) or a .yaml file. "
	 "The same\n"
	 "specification gives the same bytes. A make that was stopped goes on where it was.",
	 1, 1, make, false},
	{"dataset list", "", "List the datasets there are, and the specifications that more can be made from",
	 NULL, 0, 0, list, false},
	{"dataset verify", "DATASET", "Compare every photo with the manifest's SHA-256",
	 "Each file that is changed, missing, unreadable or extra is named; then the exit status is 1.", 1, 1,
	 verify, false},
	{"dataset import", "DIR", "Make a dataset of someone's own folder",
	 "Only a manifest is made, under the data folder: nothing is copied, and nothing is written in DIR.",
	 1, 1, import, false},
	{"dataset rm", "DATASET...", "Remove datasets",
	 "Goes what a make wrote, or the manifest of an import. Somebody's own files stay: the photos of an "
	 "imported folder,\n"
	 "and whatever no make wrote.",
	 1, -1, rm, false},
	{0},
};

static int help(FILE *stream, int code)
{
	fprintf(stream, "Usage: photofinish dataset make|list|verify|import|rm [options]\n\n");
	for (const pf_command *command = subcommands; command->name; command++) {
		fprintf(stream, "  %-10s ", command->name + strlen("dataset "));
		pf_text_wrap(stream, command->summary, PF_HELP_COLUMNS, 13, 13);
	}
	fprintf(stream, "\n\"photofinish help dataset make\" and the like show the options.\n");
	return code;
}

int pf_cmd_dataset(const pf_command *command, int argc, char **argv)
{
	if (argc < 2) {
		return help(stderr, PF_EXIT_ERROR);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		return help(stdout, PF_EXIT_OK);
	}
	for (const pf_command *sub = subcommands; sub->name; sub++) {
		if (strcmp(sub->name + strlen("dataset "), argv[1]) == 0) {
			return sub->run(sub, argc - 1, argv + 1);
		}
	}
	char hint[PF_NEAREST + 32];
	pf_nearest nearest = {.word = argv[1]};
	for (const pf_command *sub = subcommands; sub->name; sub++) {
		pf_nearest_try(&nearest, sub->name + strlen("dataset "));
	}
	return pf_usage_error(command, "there is no \"dataset %s\"%s", argv[1],
			      pf_nearest_hint(&nearest, hint));
}
