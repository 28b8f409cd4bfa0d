/* serve: photos come by HTTP and are scored by workers that live on. */
#include <string.h>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/token_file.h"
#include "harness/progress/progress.h"
#include "harness/run/contestant.h"
#include "harness/serve/serve.h"

struct request {
	pf_common common;
	const char *variant, *address, *degrade, *token_file;
	uint32_t port, queue, burst;
	double photo_mb, buffer_mb, deadline_s, read_timeout_s;
	char token[PF_TOKEN_MOST];
};

static void tell_listening(void *context, const char *address, unsigned port)
{
	const struct request *request = context;
	printf("http://%s:%u\n", address, port);
	fflush(stdout);
	if (!request->common.progress.quiet) {
		pf_progress_say(
			"photofinish: serving by %s with %u worker%s; Ctrl-C ends it once all is answered",
			request->variant, request->common.workers, request->common.workers == 1 ? "" : "s");
	}
}

static pf_status choose(const struct request *request, const pf_scorer_config *config,
			pf_contestant *contestant, uint32_t *degraded, pf_error *error)
{
	pf_status status = pf_contestant_parse(request->variant, request->common.workers, contestant, error);
	if (status == PF_OK && !contestant->variant->open_intake) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "%s takes no photos one by one; parallel, fast-exact and fast do",
			       request->variant);
	}
	*degraded = config->preset;
	if (status == PF_OK && request->degrade) {
		pf_scorer_config other = *config;
		status = pf_preset_find(request->degrade, &other.preset, error);
		const char *problem = status == PF_OK ? pf_preset_problem(&other) : NULL;
		if (problem) {
			return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "preset %s: %s", request->degrade,
				       problem);
		}
		*degraded = other.preset;
	}
	return status;
}

static pf_status serve(struct request *request, const pf_scorer_config *config, pf_error *error)
{
	pf_contestant contestant = {0};
	pf_dataset *nothing = NULL;
	pf_session session = {.manifest_fd = -1};
	char port[16];
	uint32_t degraded = config->preset;
	pf_status status = request->token_file ? pf_token_read(request->token_file, request->token, error)
					       : PF_OK;
	status = status == PF_OK ? choose(request, config, &contestant, &degraded, error) : status;
	/* Its processes read no file but what scoring needs, which they may in /proc anyway. */
	status = status == PF_OK ? pf_dataset_create("serve", "/proc", &nothing, error) : status;
	status = status == PF_OK ? pf_session_open(&session, nothing, config, error) : status;
	if (status == PF_OK) {
		pf_common_limits(&request->common, &session);
		session.timeout_s = 0;
		snprintf(port, sizeof port, "%u", request->port);
		const pf_serve_order order = {
			.contestant = &contestant,
			.session = &session,
			.address = request->address,
			.port = port,
			.token = request->token_file ? request->token : NULL,
			.photo_bytes_most = (uint64_t)(request->photo_mb * 1e6),
			.buffered_bytes_most = (uint64_t)(request->buffer_mb * 1e6),
			.queue_most = request->queue,
			.burst_most = request->burst,
			.degraded_preset = degraded,
			.deadline_s = request->deadline_s,
			.read_timeout_s = request->read_timeout_s,
			.listening = tell_listening,
			.context = request,
		};
		status = pf_serve(&order, error);
	}
	pf_session_close(&session);
	pf_dataset_free(nothing);
	return status;
}

int pf_cmd_serve(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS,
				  .variant = "fast-exact",
				  .address = "127.0.0.1",
				  .port = 8077,
				  .queue = 256,
				  .burst = 64,
				  .photo_mb = 128,
				  .buffer_mb = 512,
				  .deadline_s = 10,
				  .read_timeout_s = 30};
	const pf_arg table[] = {
		{"variant", 'v', PF_ARG_TEXT, &request.variant, "NAME",
		 "parallel, fast-exact or fast (default: fast-exact)", 0, 0},
		{"port", 'p', PF_ARG_COUNT, &request.port, "P",
		 "TCP port, 0: any that is free (default: 8077)", 0, 65535},
		{"address", 0, PF_ARG_TEXT, &request.address, "ADDRESS",
		 "to listen at; one beyond this machine needs --token-file (default: 127.0.0.1)", 0, 0},
		{"token-file", 0, PF_ARG_INPUT, &request.token_file, "FILE",
		 "requests have to bear the token that is its first line (Authorization: Bearer)", 0, 0},
		{"deadline", 0, PF_ARG_TIME, &request.deadline_s, "TIME",
		 "of requests without Deadline-Ms: none is taken that would miss it (default: 10)", 0.001,
		 1e6},
		{"degrade", 0, PF_ARG_CHOICE, &request.degrade, PF_PRESET_NAMES,
		 "score by this preset what would miss its deadline by the usual one, and say so", 0, 0},
		{"queue", 0, PF_ARG_COUNT, &request.queue, "N", "photos that may wait (default: 256)", 1,
		 100000},
		{"burst", 0, PF_ARG_COUNT, &request.burst, "N", "photos of one burst at most (default: 64)",
		 1, 1000},
		{"photo-limit", 0, PF_ARG_SIZE, &request.photo_mb, "SIZE", "of one photo (default: 128MB)",
		 0.001, 2000},
		{"buffer", 0, PF_ARG_SIZE, &request.buffer_mb, "SIZE",
		 "what all photos that wait may take (default: 512MB)", 0.001, 1e6},
		{"read-timeout", 0, PF_ARG_TIME, &request.read_timeout_s, "TIME",
		 "for a request to have come whole (default: 30)", 0.1, 3600},
		PF_PLUGIN_ARG(request.common.plugins),
		PF_SCORING_ARGS(request.common),
		PF_PLACEMENT_ARG(request.common),
		PF_COMMON_ARGS(request.common),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_scorer_config config;
	pf_error error = {0};
	pf_status status = pf_common_apply(&request.common, &config, &error);
	status = status == PF_OK ? serve(&request, &config, &error) : status;
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}
