/* notebook: a stored record as a lab notebook. */
#include <jansson.h>

#include "harness/cli/commands.h"
#include "harness/export/notebook_file.h"
#include "harness/history/history_record.h"

int pf_cmd_notebook(const pf_command *command, int argc, char **argv)
{
	const char *output = "-";
	const pf_arg table[] = {
		{"output", 'o', PF_ARG_OUTPUT, &output, "FILE", "where to (default: standard output)", 0, 0},
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_error error = {0};
	json_t *record = NULL;
	const pf_named_file files[] = {{operands[0], "the record", true}, {output, "--output", false}};
	pf_status status = pf_named_files_check(files, 2, NULL, &error);
	if (status == PF_OK) {
		status = pf_history_record_load(operands[0], &record, &error);
	}
	if (status == PF_OK) {
		status = pf_notebook_write(record, output, &error);
	}
	json_decref(record);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}
