/* trial: the process of one trial, which the harness starts. */
#include <string.h>

#include "harness/cli/commands.h"
#include "harness/measure/outside.h"
#include "harness/measure/trial.h"

int pf_cmd_trial(const pf_command *command, int argc, char **argv)
{
	pf_error error = {0};
	if (argc == 4 && strcmp(argv[2], "plugin") == 0) {
		return pf_plugin_adopt(argv[3], &error) == PF_OK ? pf_trial_child(argv[1], NULL, NULL)
								 : pf_report_error(&error);
	}
	if (argc == 5 && strcmp(argv[2], "command") == 0) { /* NAME='COMMAND LINE', the view of the dataset */
		const char *line = strchr(argv[3], '=');
		return pf_command_add(argv[3], &error) == PF_OK ? pf_trial_child(argv[1], line + 1, argv[4])
								: pf_report_error(&error);
	}
	return argc == 2 ? pf_trial_child(argv[1], NULL, NULL)
			 : pf_usage_error(command, "missing operand: VARIANT");
}
