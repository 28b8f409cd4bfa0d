#include "harness/cli/absent.h"

#include <string.h>

bool pf_is_absent(const char *name)
{
	for (size_t i = 0; pf_absent_commands[i]; i++) {
		if (strcmp(pf_absent_commands[i], name) == 0) {
			return true;
		}
	}
	return false;
}

int pf_absent(const pf_command *command)
{
	pf_error error = {0};
	pf_fail(&error, PF_ERR_UNAVAILABLE, NULL,
		"%s: this build has no engine (photofinish --version): scripts/setup builds one that has",
		command->name);
	return pf_report_error(&error);
}
