/* profile: of a variant (cmd_profile_variants.c), or of any command. */
#include <stdlib.h>
#include <string.h>

#include "harness/cli/absent.h"
#include "harness/cli/commands.h"
#include "harness/cli/profile_delivery.h"
#include "harness/profile/profile_command.h"
#include "harness/progress/progress.h"
#include "harness/show/profile_table.h"
#include "harness/stats/student.h"
#include "photofinish/trace.h"

enum { ROUNDS_MOST = 1000 };

struct request {
	pf_profile_choice choice;
	double timeout_s;
	char **words;
};

/* What all runs of the command found. */
struct found {
	pf_profile profile;
	double cpu[2][ROUNDS_MOST], wall[2][ROUNDS_MOST]; /* [0]: looked into */
	int status;                                       /* exit status of the last run that failed */
};

static pf_status once(const struct request *request, bool off, uint32_t round, struct found *found,
		      pf_error *error)
{
	const pf_timed_setting setting = {.timeout_s = request->timeout_s,
					  .output = request->choice.show_output ? "inherit" : NULL};
	const pf_profile_order order = pf_profile_order_of(&request->choice);
	pf_profile *one = NULL;
	pf_timed_run run;
	pf_status status = off ? pf_timed_command_run(request->words, &setting, &run, error)
			       : pf_profile_command(&order, request->words, &setting, &run, &one, error);
	if (one) {
		pf_profile_add(&found->profile, one);
		pf_profile_release(one);
		free(one);
	}
	if (status != PF_OK) {
		return status;
	}
	found->cpu[off][round] = (double)(run.user_ns + run.system_ns) * 1e-9;
	found->wall[off][round] = (double)run.wall_ns * 1e-9;
	found->status = run.status ? run.status : found->status;
	return run.stopped     ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request")
	       : run.timed_out ? pf_fail(error, PF_ERR_INVALID, NULL, "%s: killed after %.10g s",
					 request->words[0], request->timeout_s)
			       : PF_OK;
}

/* With looking and without, the two in turn first. */
static pf_status run_all(const struct request *request, uint32_t rounds, struct found *found, pf_error *error)
{
	pf_status status = PF_OK;
	for (uint32_t i = 0; i < rounds && status == PF_OK; i++) {
		for (unsigned k = 0; k < (rounds > 1 ? 2u : 1u) && status == PF_OK; k++) {
			status = once(request, (i + k) % 2 && rounds > 1, i, found, error);
		}
	}
	return status;
}

static int report(const struct request *request, uint32_t rounds, const struct found *found)
{
	pf_error error = {0};
	bool pairs = rounds > 1;
	for (uint32_t i = 0; i < rounds; i++) { /* too short to have a CPU time */
		pairs = pairs && found->cpu[0][i] > 0 && found->cpu[1][i] > 0;
	}
	pf_interval cpu = {0}, wall = {0};
	if (pairs) {
		cpu = pf_ratio_interval(found->cpu[0], found->cpu[1], rounds, 0.95);
		wall = pf_ratio_interval(found->wall[0], found->wall[1], rounds, 0.95);
	}
	pf_profile_print(&found->profile, NULL, &cpu, &wall, stdout);
	fflush(stdout);
	if (found->status) {
		pf_progress_say("photofinish: %s ended with status %d", request->words[0], found->status);
	}
	pf_status status = pf_profile_deliver(&request->choice, &found->profile, NULL, &error);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}

static int execute(const struct request *request)
{
	static struct found found;
	pf_error error = {0};
	uint32_t rounds = request->choice.rounds ? request->choice.rounds : 1;
	pf_progress_start("never");
	pf_status status = pf_profile_folder_make(&request->choice, &error);
	if (status == PF_OK) {
		status = run_all(request, rounds, &found, &error);
	}
	int code = status == PF_OK ? report(request, rounds, &found) : pf_report_error(&error);
	pf_profile_release(&found.profile);
	return code;
}

/* The index of the first "--"; argc: there is none. */
static int first_of_words(int argc, char **argv)
{
	int at = 1;
	while (at < argc && strcmp(argv[at], "--") != 0) {
		at++;
	}
	return at;
}

static bool wants_command(int words, int argc, char **argv)
{
	bool help = false;
	for (int i = 1; i < words; i++) {
		help = help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
	}
	return words < argc || (help && pf_is_absent("profile_variants"));
}

int pf_cmd_profile(const pf_command *command, int argc, char **argv)
{
	int words = first_of_words(argc, argv);
	if (!wants_command(words, argc, argv)) {
		return pf_cmd_profile_variants(command, argc, argv);
	}
	struct request request = {.choice = PF_PROFILE_DEFAULTS};
	const pf_arg table[] = {
		PF_PROFILE_ARGS(request.choice),
		{"timeout", 0, PF_ARG_TIME, &request.timeout_s, "TIME", "kill a run that takes longer", 0.1,
		 1e7},
		{0},
	};
	static pf_command own; /* it outlives this: descriptions keep it */
	own = *command;
	own.least_operands = own.most_operands = 0;
	char **operands;
	int count;
	int code = pf_options_parse(&own, table, words, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	request.words = argv + words + 1;
	if (words + 1 >= argc) {
		return pf_usage_error(command, "no command stands behind the --");
	}
	return execute(&request);
}
