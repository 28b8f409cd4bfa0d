/* work: this machine as a host of cluster. */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/host/host_work.h"
#include "harness/progress/progress.h"

struct request {
	pf_common common;
	const char *redis, *journal;
	bool once;
};

static pf_status prepare(const struct request *request, const char *folder, char *real, pf_work *work,
			 pf_error *error)
{
	const char *url = request->redis ? request->redis : getenv(PF_CLUSTER_REDIS);
	char host[PF_HOST_NAME - 16] = "host";
	pf_status status = pf_cluster_secret(getenv(PF_CLUSTER_SECRET), work->secret, error);
	if (status != PF_OK) {
		return status;
	}
	if (!url) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "--redis is missing, and " PF_CLUSTER_REDIS " is not set");
	}
	status = pf_broker_address_read(url, &work->address, error);
	if (status == PF_OK && request->redis && work->address.password[0]) {
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"others can see a password on a command line: put the address into " PF_CLUSTER_REDIS);
	}
	if (status == PF_OK && !realpath(folder, real)) {
		return pf_fail_errno(error, folder, "cannot find the folder of the photos");
	}
	gethostname(host, sizeof host - 1);
	snprintf(work->name, sizeof work->name, "%s-%d", host, (int)getpid());
	work->folder = real;
	work->journal = request->journal;
	work->workers = request->common.workers;
	work->photo_timeout_ns = (uint64_t)(request->common.photo_timeout_s * 1e9);
	return status == PF_OK ? pf_cluster_facts_of(&work->config, &work->facts, error) : status;
}

static int work_on(const struct request *request, const pf_work *work)
{
	pf_error error = {0};
	pf_status status;
	bool quiet = request->common.progress.quiet;
	do {
		pf_host_counts counts;
		status = pf_work_one(work, &counts, &error);
		if (!quiet && (status == PF_OK || counts.scored + counts.remembered > 0)) {
			pf_progress_say("photofinish: %s: %" PRIu64 " photos scored, %" PRIu64
					" known from before, %" PRIu64 " foreign entries refused",
					work->name, counts.scored, counts.remembered, counts.refused);
		}
		if (status == PF_ERR_NOT_FOUND && !request->once) { /* killed, maybe: it may come again */
			pf_report_error(&error);
			status = PF_OK;
		}
	} while (status == PF_OK && !request->once);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}

int pf_cmd_work(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS};
	const pf_arg table[] = {
		{"redis", 0, PF_ARG_TEXT, &request.redis, "URL",
		 "redis://HOST[:PORT][/DATABASE] or unix:PATH (default: PHOTOFINISH_REDIS, which may have a password)",
		 0, 0},
		{"workers", 0, PF_ARG_COUNT, &request.common.workers, "N",
		 "worker processes (default: as many as physical cores)", 1, 1024},
		{"journal", 0, PF_ARG_OUTPUT, &request.journal, "FILE",
		 "keep there what was scored, for when this host is started again (default: none)", 0, 0},
		{"once", 0, PF_ARG_FLAG, &request.once, NULL, "end after one run", 0, 0},
		PF_SCORING_ARGS(request.common),
		{"config", 0, PF_ARG_INPUT, &request.common.config_file, "FILE",
		 "YAML file with weights and limits", 0, 0},
		{"photo-timeout", 0, PF_ARG_TIME, &request.common.photo_timeout_s, "TIME",
		 "give up on a photo that takes a worker longer (default: 120)", 0.1, 1e7},
		PF_PROGRESS_ARGS(request.common.progress),
		{0},
	};
	char **operands, folder[PATH_MAX], name[PF_BROKER_NAME];
	pf_error error = {0};
	pf_work work = {.redis = NULL};
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	signal(SIGPIPE, SIG_IGN);
	pf_status status = pf_common_apply(&request.common, &work.config, &error);
	status = status == PF_OK ? prepare(&request, operands[0], folder, &work, &error) : status;
	work.redis = pf_broker_address_text(&work.address, name);
	return status == PF_OK ? work_on(&request, &work) : pf_report_error(&error);
}
