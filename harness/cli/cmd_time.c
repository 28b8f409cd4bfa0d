/* time: any commands against each other. */
#include "harness/cli/commands.h"
#include "harness/cli/timed_request.h"

static int take_and_execute(const pf_command *command, pf_timed_request *request, char **words, char **lines,
			    int count)
{
	pf_error error = {0};
	pf_status status = pf_timed_request_take(request, words, lines, (size_t)count, &error);
	int code = status == PF_OK ? pf_timed_request_execute(request)
				   : pf_usage_error(command, "%s", error.message);
	pf_timed_request_free(request);
	return code;
}

int pf_cmd_time(const pf_command *command, int argc, char **argv)
{
	pf_timed_request request = PF_TIMED_REQUEST_DEFAULTS;
	const pf_arg own[] = {
		{"rounds", 'r', PF_ARG_COUNT, &request.choice.rounds, "R",
		 "runs of each (default: 10; until decided at most 1000); --runs is the same", 1, 100000},
		{"runs", 0, PF_ARG_COUNT, &request.choice.rounds, "R", NULL, 1, 100000},
		PF_COMPARISON_ARGS(request.choice, "none"),
		{"json", 'j', PF_ARG_TEXT, &request.json, "FILE", "the same as --export-json", 0, 0},
		{"export-json", 0, PF_ARG_OUTPUT, &request.json, "FILE",
		 "write the record (- for standard output)", 0, 0},
		{"export-csv", 0, PF_ARG_OUTPUT, &request.csv, "FILE", "the same as a table", 0, 0},
		{"export-markdown", 0, PF_ARG_OUTPUT, &request.markdown, "FILE",
		 "the same as a table for documents", 0, 0},
	};
	pf_arg table[sizeof own / sizeof *own + PF_TIMED_ARGS_MOST + 1] = {0};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		table[i] = own[i];
	}
	pf_timed_args(&request, table + sizeof own / sizeof *own);
	char **operands;
	int count, options = pf_timed_first_of_words(argc, argv);
	int code = pf_options_parse(command, table, options, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (options < argc && count > 0) {
		return pf_usage_error(command, "\"%s\" stands before the first --", operands[0]);
	}
	if (options == argc && count == 0) {
		return pf_usage_error(command, "missing operand: %s", command->operands);
	}
	return take_and_execute(command, &request, options < argc ? argv + options : NULL, operands, count);
}
