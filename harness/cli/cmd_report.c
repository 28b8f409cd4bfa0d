/* report: records as charts and a page that opens offline. */
#include "harness/report/report.h"

#include <jansson.h>
#include <stdio.h>

#include "harness/cli/commands.h"
#include "harness/history/history_record.h"

enum { MOST_RECORDS = 32 };

int pf_cmd_report(const pf_command *command, int argc, char **argv)
{
	const char *folder = NULL;
	const pf_arg table[] = {
		{"out", 'o', PF_ARG_TEXT, &folder, "DIR", "folder for the report, made where it is not there",
		 0, 0},
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (!folder || !folder[0]) {
		return pf_usage_error(command, "--out is missing");
	}
	pf_report_source sources[MOST_RECORDS] = {0};
	size_t loaded = 0;
	pf_error error = {0};
	pf_status status = PF_OK;
	while (status == PF_OK && loaded < (size_t)count) {
		pf_report_source *source = &sources[loaded];
		source->name = operands[loaded];
		status = pf_history_record_load_any(operands[loaded], &source->record, source->id, &error);
		loaded += status == PF_OK;
	}
	if (status == PF_OK) {
		status = pf_report_make(sources, loaded, folder, &error);
	}
	for (size_t i = 0; i < loaded; i++) {
		json_decref(sources[i].record);
	}
	if (status == PF_OK) {
		printf("%s/index.html\n", folder);
	}
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}
