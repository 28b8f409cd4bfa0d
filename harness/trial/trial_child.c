/* The process of a trial: takes what the harness prepared, runs the variant, says how it ended. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/probe/probe.h"
#include "harness/registry/known.h"
#include "harness/registry/outside.h"
#include "harness/trial/frames.h"
#include "harness/trial/known_part.h"
#include "harness/trial/photo_stream.h"
#include "harness/trial/queries.h"
#include "harness/trial/trial.h"
#include "harness/trial/trial_contain.h"
#include "harness/trial/trial_isolate.h"
#include "harness/trial/trial_layout.h"
#include "harness/trial/trial_shared.h"
#include "photofinish/dataset.h"
#include "photofinish/exec.h"
#include "photofinish/variant.h"

static atomic_int *cancel_flag;

static void request_cancel(int signal)
{
	(void)signal;
	atomic_store(cancel_flag, 1);
}

#ifndef PF_SANITIZED
static _Atomic int32_t *died_tid;

/* Names the thread that a deadly signal struck, and lets it die of it. */
static void note_death(int signal)
{
	atomic_store(died_tid, (int32_t)gettid());
	raise(signal); /* the handler is gone by now */
}
#endif

/* Threads die together: say which one did it. Sanitizers have handlers of their own. */
static void watch_threads(struct pf_trial_shared *shared)
{
#ifndef PF_SANITIZED
	static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction action = {.sa_handler = note_death, .sa_flags = (int)SA_RESETHAND};
	died_tid = &shared->died_tid;
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
		sigaction(deadly[i], &action, NULL);
	}
#else
	(void)shared;
#endif
}

static struct pf_trial_shared *map_shared(void)
{
	struct stat info;
	if (fstat(PF_TRIAL_FD_SHARED, &info) || info.st_size < (off_t)sizeof(struct pf_trial_shared)) {
		return NULL;
	}
	struct pf_trial_shared *shared = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
					      PF_TRIAL_FD_SHARED, 0);
	return shared == MAP_FAILED || shared->magic != PF_TRIAL_MAGIC || shared->layout != pf_trial_layout()
		       ? NULL
		       : shared;
}

static pf_status run_variant(const struct pf_variant *variant, struct pf_trial_shared *shared,
			     const pf_dataset *dataset, struct pf_pipe_sink *sink, pf_error *error)
{
	pf_status status = PF_OK;
	struct pf_env env = {
		.abi_version = PF_ABI_VERSION,
		.struct_size = sizeof env,
		.workers = shared->order.workers,
		.traces = shared->traces,
		.cancel = &shared->cancel,
		.scorer = &shared->order.scorer,
		.memory_limit_bytes = shared->order.memory_limit_bytes,
		.photo_timeout_ns = shared->order.photo_timeout_ns,
		.options = shared->order.options,
		.places = pf_trial_places(shared, shared->order.workers),
		.isolate = pf_trial_isolate,
	};
	for (uint32_t i = 0; i <= shared->order.workers; i++) {
		pf_trace_keep(&shared->traces[i], pf_trial_rings(shared, shared->order.workers)[i].spans,
			      PF_TRIAL_RING);
	}
	/* Its own process is slot 0, whether the variant enters it or not: bound from the start. */
	pf_worker_enter(&env, 0);
	pf_probes_start(shared, shared->probe_offsets, shared->traces, shared->order.workers);
	const char *why_not = "no reason given";
#ifndef PF_SANITIZED /* a sanitizer's own memory counts */
	const rlim_t most = shared->order.memory_most_bytes;
	if (most) { /* of one process; what they take together is watched */
		setrlimit(RLIMIT_DATA, &(struct rlimit){most, most});
	}
#endif
	if (variant->probe && variant->probe(&env, &why_not) != PF_OK) {
		status = pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s", why_not);
	} else if (shared->inbox_slots) {
		const pf_intake_order order = {.struct_size = sizeof order,
					       .slots = shared->inbox_slots,
					       .slot_bytes = shared->inbox_slot_bytes,
					       .memory_fd = PF_TRIAL_FD_INBOX,
					       .other_preset = shared->inbox_preset};
		status = pf_photo_stream_run(variant, &env, &order, sink, error);
	} else if (shared->takes_queries) {
		status = pf_queries_run(variant, &env, dataset, sink, error);
	} else if (shared->known_offset) {
		status = pf_known_part_run(variant, &env, dataset,
					   (const uint8_t *)shared + shared->known_offset, sink, error);
	} else {
		status = variant->run(&env, dataset, &sink->sink, error);
	}
	pf_probes_stop(shared, shared->probe_offsets);
	pf_worker_leave(&env, 0);
	return status;
}

/* Which photos there are, then what must not be trusted: contained from here on. */
static pf_status prepare(struct pf_trial_shared *shared, const char *plugin, bool command,
			 pf_dataset **dataset, pf_error *error)
{
	pf_status status = pf_dataset_unpack(PF_TRIAL_FD_MANIFEST, dataset, error);
	status = status == PF_OK ? pf_trial_isolate_prepare(shared, error) : status;
	if (shared->order.folder[0]) {
		setenv("TMPDIR", shared->order.folder, 1);
	}
	if (status == PF_OK && !command) {
		status = pf_trial_contain(&shared->order, *dataset, plugin, error);
	}
	return status == PF_OK && plugin ? pf_plugin_adopt(plugin, error) : status;
}

static void take_signals(void)
{
	struct sigaction action = {.sa_handler = request_cancel, .sa_flags = SA_RESTART};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

int pf_trial_child(const char *variant_name, const char *plugin, const char *command, const char *view)
{
	struct pf_trial_shared *shared = map_shared();
	if (!shared) {
		fprintf(stderr,
			"photofinish: \"trial\" is for the harness of the same build; see photofinish --help\n");
		return 2;
	}
	if (!command) { /* what this program's caller has open is not for variants */
		close_range(shared->inbox_slots ? PF_TRIAL_FD_INBOX + 1 : PF_TRIAL_FD_CONTAINMENT + 1, ~0u,
			    0);
	}
	/* No harness, no trial. It may have died before this line: then nobody reads the events. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cancel_flag = &shared->cancel;
	pf_command_attach(command, view, &shared->command);
	take_signals();
	pf_probes_enter();
	struct pf_pipe_sink sink;
	pf_error error = {0};
	pf_dataset *dataset = NULL;
	fcntl(PF_TRIAL_FD_EVENTS, F_SETFD, FD_CLOEXEC);
	fcntl(PF_TRIAL_FD_SHARED, F_SETFD, FD_CLOEXEC);
	fcntl(PF_TRIAL_FD_MANIFEST, F_SETFD, FD_CLOEXEC);
	pf_pipe_sink_init(&sink, PF_TRIAL_FD_EVENTS);
	pf_status status = prepare(shared, plugin, command, &dataset, &error);
	const struct pf_variant *variant = status == PF_OK ? pf_variant_find(variant_name) : NULL;
	if (status == PF_OK && !variant) {
		status = pf_fail(&error, PF_ERR_INVALID, NULL, "there is no variant \"%s\" here",
				 variant_name);
	}
	if (variant) {
		if (variant->caps & PF_CAP_MAY_CRASH) {
			setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		}
		if (variant->caps & PF_CAP_THREADS) {
			watch_threads(shared);
		}
		status = run_variant(variant, shared, dataset, &sink, &error);
	}
	pf_dataset_free(dataset);
	return pf_pipe_sink_end(&sink, status, &error) == PF_OK ? 0 : 2;
}
