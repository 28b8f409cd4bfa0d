/* compare: two variants (cmd_compare.c), or two commands. */
#include <string.h>

#include "harness/cli/absent.h"
#include "harness/cli/commands.h"
#include "harness/cli/timed_request.h"

/* A command by its looks: a path, or a line of several words. No variant's name has either. */
static bool looks_like_a_command(const char *operand)
{
	return operand[0] == '/' || operand[0] == '.' || strpbrk(operand, " \t");
}

/* True if each is the path of a program and nothing else: it needs no shell, whose start would be timed, too.
 */
static bool are_programs(char *const *operands, int count)
{
	bool good = true;
	for (int i = 0; i < count; i++) {
		good = good && strchr(operands[i], '/') &&
		       !strpbrk(operands[i], " \t\n\"'`$&|;<>()*?[]{}~#\\!=");
	}
	return good;
}

/* The commands stand behind --, or after --commands, or begin the line. */
static bool are_commands(int argc, char **argv)
{
	int words = pf_timed_first_of_words(argc, argv);
	bool asked = words < argc || (argc > 1 && argv[1][0] != '-' && looks_like_a_command(argv[1]));
	for (int i = 1; i < words; i++) {
		bool help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
		asked = asked || strcmp(argv[i], "--commands") == 0 ||
			(help && pf_is_absent("compare_variants"));
	}
	return asked;
}

static const pf_command compare_commands = {
	.name = "compare --commands",
	.operands = "A B",
	.summary = "Compare two commands: faster, slower, equivalent or undecided",
	.details =
		"A and B are lines for /bin/sh; where both are paths of programs, no shell is started. "
		"Words as they are go\n"
		"behind a -- each: photofinish compare [options] -- A -- B. What they compute is not checked. "
		"photofinish\n"
		"time does the same with any number of commands.",
	.most_operands = -1,
};

/* Makes the commands and runs them; `words` as in pf_timed_request_take. */
static int execute(pf_timed_request *request, char **words, char **lines, int count)
{
	pf_error error = {0};
	request->no_shell = request->no_shell ||
			    (strcmp(request->shell, "default") == 0 && are_programs(lines, count));
	if (!request->choice.rounds && !request->choice.until_decided && !request->choice.max_time_s) {
		request->choice.max_time_s = PF_COMPARISON_TIME_S;
		request->least_rounds = PF_COMPARISON_LEAST_ROUNDS;
	}
	pf_status status = pf_timed_request_take(request, words, lines, (size_t)count, &error);
	if (status == PF_OK && request->count != 2) {
		status = pf_fail(&error, PF_ERR_USAGE, NULL,
				 "it takes two commands, not %zu: photofinish time takes any number",
				 request->count);
	}
	int code = status == PF_OK ? pf_timed_request_execute(request)
				   : pf_usage_error(&compare_commands, "%s", error.message);
	pf_timed_request_free(request);
	return code;
}

static int parse_and_execute(int argc, char **argv)
{
	pf_timed_request request = PF_TIMED_REQUEST_DEFAULTS;
	request.command = "compare";
	bool commands;
	const pf_arg own[] = {
		{"commands", 0, PF_ARG_FLAG, &commands, NULL, "A and B are commands, not variants", 0, 0},
		{"rounds", 'r', PF_ARG_COUNT, &request.choice.rounds, "R",
		 "runs of each (default: 10 if they fit into 50 s, at least 3)", 1, 100000},
		PF_COMPARISON_ARGS(request.choice, "50, if no rounds are given"),
		{"json", 'j', PF_ARG_OUTPUT, &request.json, "FILE",
		 "write the record (- for standard output)", 0, 0},
	};
	pf_arg table[sizeof own / sizeof *own + PF_TIMED_ARGS_MOST + 1] = {0};
	memcpy(table, own, sizeof own);
	pf_timed_args(&request, table + sizeof own / sizeof *own);
	char **operands;
	int count, options = pf_timed_first_of_words(argc, argv);
	int code = pf_options_parse(&compare_commands, table, options, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (options < argc && count > 0) {
		return pf_usage_error(&compare_commands, "\"%s\" stands before the first --", operands[0]);
	}
	if (options == argc && count == 0) {
		return pf_usage_error(&compare_commands, "missing operand: %s", compare_commands.operands);
	}
	return execute(&request, options < argc ? argv + options : NULL, operands, count);
}

int pf_cmd_compare(const pf_command *command, int argc, char **argv)
{
	return are_commands(argc, argv) ? parse_and_execute(argc, argv)
					: pf_cmd_compare_variants(command, argc, argv);
}
