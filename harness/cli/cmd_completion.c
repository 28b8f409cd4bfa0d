/* completion, man-page: what shells and man read, from the tables of options. */
#include <string.h>

#include "harness/cli/commands.h"
#include "harness/cli/described.h"

static int parse(const pf_command *command, int argc, char **argv, char ***operands)
{
	static const pf_arg table[] = {{0}};
	int count;
	return pf_options_parse(command, table, argc, argv, operands, &count);
}

int pf_cmd_completion(const pf_command *command, int argc, char **argv)
{
	static const struct {
		const char *shell;
		void (*print)(const pf_described_list *all, FILE *stream);
	} shells[] = {{"bash", pf_completion_bash}, {"zsh", pf_completion_zsh}, {"fish", pf_completion_fish}};
	char **operands;
	int code = parse(command, argc, argv, &operands);
	if (code >= 0) {
		return code;
	}
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(operands[0], shells[i].shell) == 0) {
			pf_described_list all = pf_describe_commands();
			shells[i].print(&all, stdout);
			pf_described_free(&all);
			return PF_EXIT_OK;
		}
	}
	return pf_usage_error(command, "there is completion for bash, zsh and fish, not for \"%s\"",
			      operands[0]);
}

int pf_cmd_man_page(const pf_command *command, int argc, char **argv)
{
	char **operands;
	int code = parse(command, argc, argv, &operands);
	if (code >= 0) {
		return code;
	}
	pf_described_list all = pf_describe_commands();
	pf_man_page(&all, stdout);
	pf_described_free(&all);
	return PF_EXIT_OK;
}
