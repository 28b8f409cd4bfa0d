/* history show: a stored record, printed as its command printed itself; or two, side by side. It needs the
 * engine: a file of its own, which the light build leaves out. */

#include <string.h>

#include "harness/base/json_values.h"
#include "harness/cli/commands.h"
#include "harness/cli/journal_recovery.h"
#include "harness/history/history.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/record_kind.h"
#include "harness/record/record_load.h"
#include "harness/record/stored_run.h"
#include "harness/show/audit_table.h"
#include "harness/show/bench_table.h"
#include "harness/show/compare_table.h"
#include "harness/show/load_table.h"
#include "harness/show/record_pair.h"
#include "harness/show/run_table.h"
#include "harness/show/soak_table.h"
#include "harness/show/sweep_table.h"

/* Where other builds lay is in no record. */
static void tell_the_rest(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		if (json_is_object(json_object_get(variant, "build"))) {
			fprintf(stream, "\nNot in the record, and so not shown: paths of builds.\n");
			return;
		}
	}
}

static pf_status print_run(const json_t *record, FILE *stream, pf_error *error)
{
	pf_stored_run *stored = NULL;
	pf_status status = pf_stored_run_read(record, &stored, error);
	if (status != PF_OK) {
		return status;
	}
	const pf_run *run = pf_stored_run_model(stored);
	if (strcmp(run->command, "sweep") == 0 || strcmp(run->command, "scaling") == 0) {
		pf_sweep_print(run, stream);
	} else if (strcmp(run->command, "compare") == 0 && run->comparison) {
		pf_compare_print(run, run->comparison, stream);
	} else {
		pf_run_print(run, stream);
	}
	tell_the_rest(record, stream);
	pf_stored_run_free(stored);
	return PF_OK;
}

static pf_status print(json_t *record, FILE *stream, pf_error *error)
{
	static void (*const tables[PF_RECORD_KINDS])(const json_t *record, FILE *stream) = {
		[PF_RECORD_TIME] = pf_bench_print,
		[PF_RECORD_LOAD] = pf_load_print,
		[PF_RECORD_SOAK] = pf_soak_print,
		[PF_RECORD_AUDIT] = pf_audit_print,
	};
	pf_record_kind kind = pf_record_kind_of(record);
	if (kind == PF_RECORD_RUN) {
		return print_run(record, stream, error);
	}
	pf_json_make_plain(record);
	tables[kind](record, stream);
	return PF_OK;
}

int pf_cmd_history_show(const pf_command *command, int argc, char **argv)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX], ids[2][PF_RECORD_ID + 1];
	json_t *records[2] = {NULL, NULL};
	pf_error error = {0};
	pf_history *history = NULL;
	(void)command;
	pf_status status = pf_history_folder(folder, &error);
	if (status == PF_OK) {
		pf_recover_journals();
		status = pf_history_open(folder, NULL, &history, &error);
	}
	for (int i = 0; i < argc && status == PF_OK; i++) {
		status = pf_history_find(history, argv[i], false, path, &error);
		if (status == PF_OK) {
			status = pf_record_load_any(path, &records[i], ids[i], &error);
		}
	}
	pf_history_close(history);
	if (status == PF_OK && argc == 1) {
		status = print(records[0], stdout, &error);
	} else if (status == PF_OK) {
		pf_json_make_plain(records[0]);
		pf_json_make_plain(records[1]);
		pf_record_pair_print(records[0], ids[0], records[1], ids[1], stdout);
	}
	json_decref(records[0]);
	json_decref(records[1]);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}
