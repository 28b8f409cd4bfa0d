/* history show: a stored record, printed as its run printed itself. It needs the engine: a file of its own,
 * which the light build leaves out. */

#include <string.h>

#include "harness/cli/commands.h"
#include "harness/history/history.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/record_load.h"
#include "harness/record/stored_run.h"
#include "harness/show/compare_table.h"
#include "harness/show/run_table.h"
#include "harness/show/scaling_table.h"

/* Which files other builds were is in no record. */
static void tell_the_rest(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		if (json_is_object(json_object_get(variant, "build"))) {
			fprintf(stream, "\nNot shown here, but in the record: builds.\n");
			return;
		}
	}
}

static void print(const pf_run *run, FILE *stream)
{
	if (strcmp(run->command, "scaling") == 0) {
		pf_scaling_print(run, stream);
	} else if (strcmp(run->command, "compare") == 0 && run->comparison) {
		pf_compare_print(run, run->comparison, stream);
	} else {
		pf_run_print(run, stream);
	}
}

static pf_status show(const char *path, FILE *stream, pf_error *error)
{
	json_t *record = NULL;
	pf_stored_run *stored = NULL;
	pf_status status = pf_record_load(path, &record, NULL, error);
	if (status == PF_OK) {
		status = pf_stored_run_read(record, &stored, error);
	}
	if (status == PF_OK) {
		print(pf_stored_run_model(stored), stream);
		tell_the_rest(record, stream);
	}
	pf_stored_run_free(stored);
	json_decref(record);
	return status;
}

int pf_cmd_history_show(const pf_command *command, int argc, char **argv)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX];
	pf_error error = {0};
	pf_history *history = NULL;
	(void)command;
	(void)argc;
	pf_status status = pf_history_folder(folder, &error);
	if (status == PF_OK) {
		status = pf_history_open(folder, NULL, &history, &error);
	}
	if (status == PF_OK) {
		status = pf_history_find(history, argv[0], path, &error);
	}
	pf_history_close(history);
	if (status == PF_OK) {
		status = show(path, stdout, &error);
	}
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}
