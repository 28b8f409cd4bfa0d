/* export: a stored record in a format that others read. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/named_files.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/export/export.h"
#include "harness/history/history_record.h"

static const struct format {
	const char *name;
	void (*print)(const json_t *record, FILE *stream);
} formats[] = {
	{"csv", pf_export_csv},
	{"benchmark", pf_export_benchmark},
	{"openmetrics", pf_export_openmetrics},
	{"markdown", pf_export_markdown},
	{"junit", pf_export_junit},
};

static const struct format *format_of(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(formats[i].name, name) == 0) {
			return &formats[i];
		}
	}
	return NULL;
}

static pf_status write_export(const struct format *format, const json_t *record, const char *path,
			      pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_output_open(&file, path, error);
	if (status != PF_OK) {
		return status;
	}
	format->print(record, file.stream);
	if (ferror(file.stream)) {
		status = pf_fail_errno(error, pf_output_is_stdout(path) ? NULL : path, "cannot write");
	}
	return pf_output_close(&file, status, error);
}

int pf_cmd_export(const pf_command *command, int argc, char **argv)
{
	const char *format = NULL, *output = "-";
	const pf_arg table[] = {
		{"format", 'f', PF_ARG_CHOICE, &format, "csv|benchmark|openmetrics|markdown|junit",
		 "raw trials; Google Benchmark's JSON; OpenMetrics; a summary; JUnit XML", 0, 0},
		{"output", 'o', PF_ARG_OUTPUT, &output, "FILE", "where to (default: standard output)", 0, 0},
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (!format) {
		return pf_usage_error(command, "--format is missing");
	}
	pf_error error = {0};
	json_t *record = NULL;
	const pf_named_file files[] = {{operands[0], "the record", true}, {output, "--output", false}};
	pf_status status = pf_named_files_check(files, 2, NULL, &error);
	if (status == PF_OK) {
		status = pf_history_record_load(operands[0], &record, &error);
	}
	if (status == PF_OK) {
		status = write_export(format_of(format), record, output, &error);
	}
	json_decref(record);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}
