/* trial: the process of one trial, which the harness starts; and which build this is (--build). */
#include <string.h>

#include "harness/cli/commands.h"
#include "harness/record/build_json.h"
#include "harness/registry/known.h"
#include "harness/registry/outside.h"
#include "harness/run/other_build.h"
#include "harness/trial/trial.h"

/* Which build this is, and what its variant of that name takes, as another build's harness asks for it. */
static int answer_build(const char *variant_name)
{
	pf_build own;
	pf_error error = {0};
	char options[1024] = "";
	const struct pf_variant *variant = pf_variant_find(variant_name);
	if (pf_build_own(&own, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	if (variant) {
		pf_build_describe_variant(variant, options, sizeof options);
	}
	json_t *answer = pf_build_json(&own);
	json_object_set_new(answer, "schema", json_string(PF_BUILD_SCHEMA));
	json_object_set_new(answer, "unfit", json_string(own.unfit));
	json_object_set_new(answer, "variant", variant ? json_string(options) : json_null());
	bool good = json_dumpf(answer, stdout, JSON_COMPACT | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF;
	json_decref(answer);
	return good ? PF_EXIT_OK : PF_EXIT_ERROR;
}

int pf_cmd_trial(const pf_command *command, int argc, char **argv)
{
	pf_error error = {0};
	if (argc == 3 && strcmp(argv[1], "--build") == 0) {
		return answer_build(argv[2]);
	}
	if (argc == 4 && strcmp(argv[2], "plugin") == 0) {
		return pf_trial_child(argv[1], argv[3], NULL, NULL);
	}
	if (argc == 5 && strcmp(argv[2], "command") == 0) { /* NAME='COMMAND LINE', the view of the dataset */
		const char *line = strchr(argv[3], '=');
		return pf_command_add(argv[3], &error) == PF_OK
			       ? pf_trial_child(argv[1], NULL, line + 1, argv[4])
			       : pf_report_error(&error);
	}
	return argc == 2 ? pf_trial_child(argv[1], NULL, NULL, NULL)
			 : pf_usage_error(command, "missing operand: VARIANT");
}
