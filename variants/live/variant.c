/* live: detection in a background process; its milestones and the results are told as they happen. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "photofinish/crew.h"
#include "photofinish/framed_pipe.h"
#include "photofinish/variant.h"

enum milestone { BURST_FOUND = 1, ALL_FOUND, GAVE_UP };

#define DEATHS_IN_ALL 16 /* of detectors, wherever they died */

typedef struct live_run {
	pf_crew crew;
	pf_framed_end milestones; /* what the detector tells */
	pid_t detector;           /* 0: none */
	size_t skip;              /* bursts that a replaced detector had told of */
	unsigned deaths;
	uint32_t died_on; /* photo */
	uint64_t peak_rss_bytes;
	uint64_t frame_bytes; /* most that a frame takes */
	uint32_t *frame;      /* a burst: its id, then its photos */
} live_run;

/* In the background process. */

static pf_status tell_of_burst(void *context, const pf_burst *burst)
{
	struct iovec parts[] = {
		{.iov_base = (void *)&burst->id, .iov_len = sizeof burst->id},
		{.iov_base = (void *)burst->photos, .iov_len = burst->count * sizeof *burst->photos},
	};
	return pf_framed_send(context, BURST_FOUND, parts, 2, NULL);
}

static void detect(const live_run *live, pf_framed_end *to_parent)
{
	const pf_crew *crew = &live->crew;
	pf_burst_scan *scan = NULL;
	pf_error why = {0};
	pf_trace_take_over(crew->trace);
	pf_status status = pf_burst_scan_create(crew->dataset, crew->trace, tell_of_burst, to_parent, &scan,
						&why);
	if (status == PF_OK) {
		status = pf_burst_scan_rest(scan, crew->env->cancel, &why);
	}
	if (status == PF_OK) {
		pf_framed_send(to_parent, ALL_FOUND, NULL, 0, NULL);
	} else {
		why.code = status;
		pf_framed_send(to_parent, GAVE_UP, &(struct iovec){&why, sizeof why}, 1, NULL);
	}
	pf_burst_scan_destroy(scan);
}

/* In the variant's own process, which supervises. */

static pf_status start_detector(live_run *live, pf_error *error)
{
	pf_framed_end to_parent;
	pf_status status = pf_framed_open(live->frame_bytes, live->crew.env->cancel, &live->milestones,
					  &to_parent, error);
	if (status != PF_OK) {
		return status;
	}
	live->milestones.hop = pf_hop_of(live->crew.trace->hops, PF_HOP_BURSTS, PF_NO_SLOT);
	to_parent.cancel = NULL; /* it says that it was stopped, as its last word */
	live->crew.feed_fd = live->milestones.fd;
	live->skip = pf_burst_store_count(live->crew.bursts);
	pid_t parent = getpid();
	live->detector = fork();
	if (live->detector < 0) {
		live->detector = 0;
		status = pf_fail_errno(error, NULL, "cannot fork a process for detection");
	} else if (live->detector == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pf_framed_close(&live->milestones);
		if (getppid() == parent && /* else it died before the signal was set */
		    pf_crew_isolate(&live->crew, 0, NULL) == PF_OK) {
			detect(live, &to_parent);
		}
		_exit(0);
	}
	pf_framed_close(&to_parent);
	return status;
}

/* In a worker: what the detector says is not for it. */
static pf_status enter(pf_crew *crew, pf_error *error)
{
	live_run *live = crew->context;
	(void)error;
	pf_framed_close(&live->milestones);
	return PF_OK;
}

static int reap_detector(live_run *live)
{
	struct rusage usage = {0};
	int ending = 0;
	while (wait4(live->detector, &ending, 0, &usage) < 0 && errno == EINTR) {
	}
	live->detector = 0;
	pf_framed_close(&live->milestones);
	uint64_t peak = (uint64_t)usage.ru_maxrss * 1024;
	live->peak_rss_bytes = peak > live->peak_rss_bytes ? peak : live->peak_rss_bytes;
	return WIFSIGNALED(ending) ? WTERMSIG(ending) : 0;
}

/* The first death may be the fault of something else; a second one on the same photo is not. */
static pf_status replace_detector(live_run *live, pf_error *error)
{
	pf_trace *trace = live->crew.trace;
	int signal = reap_detector(live);
	uint32_t photo = atomic_exchange(&trace->photo, PF_NO_PHOTO);
	atomic_fetch_add(&trace->deaths, 1);
	bool again = photo != PF_NO_PHOTO && photo == live->died_on;
	if (again || ++live->deaths > DEATHS_IN_ALL) {
		return pf_fail(error, PF_ERR_CRASHED,
			       photo == PF_NO_PHOTO ? NULL : live->crew.dataset->photos[photo].path,
			       "detection keeps dying (%s)", signal ? strsignal(signal) : "it exits");
	}
	live->died_on = photo;
	return start_detector(live, error);
}

static pf_status take_burst(live_run *live, uint64_t bytes, pf_error *error)
{
	uint32_t *frame = live->frame;
	pf_status status = pf_framed_receive(&live->milestones, frame, bytes, error);
	if (status != PF_OK) {
		return status;
	}
	if (live->skip > 0) {
		live->skip--;
		return PF_OK;
	}
	pf_burst burst = {
		.id = frame[0], .count = (uint32_t)(bytes / sizeof *frame - 1), .photos = frame + 1};
	return pf_crew_add(&live->crew, &burst);
}

/* Called when the detector has told something, or is gone. */
static pf_status hear(pf_crew *crew, bool *more, pf_error *error)
{
	live_run *live = crew->context;
	pf_error why = {0};
	uint32_t kind;
	uint64_t bytes;
	pf_status status = pf_framed_next(&live->milestones, &kind, &bytes, error);
	bool gone = status == PF_OK && kind == 0;
	if (status == PF_OK && kind == BURST_FOUND) {
		status = take_burst(live, bytes, error);
	} else if (status == PF_OK && kind == ALL_FOUND) {
		*more = false;
		reap_detector(live);
	} else if (status == PF_OK && kind == GAVE_UP) {
		status = pf_framed_receive(&live->milestones, &why, sizeof why, error);
		if (status == PF_OK) {
			*error = why;
			status = why.code;
		}
	}
	return gone || status == PF_ERR_TRUNCATED ? replace_detector(live, error) : status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	live_run live = {.milestones = {.fd = -1},
			 .died_on = PF_NO_PHOTO,
			 .frame_bytes = (dataset->count + 1) * sizeof *live.frame + sizeof(pf_error)};

	pf_status status = pf_crew_open(&live.crew, env, dataset, sink, error);
	live.frame = malloc(live.frame_bytes);
	if (status == PF_OK && !live.frame) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	if (status == PF_OK) {
		status = start_detector(&live, error);
	}
	if (status == PF_OK) {
		live.crew.feed = hear;
		live.crew.enter = enter;
		live.crew.context = &live;
		status = pf_crew_run(&live.crew, error);
	}
	if (live.detector) {
		kill(live.detector, SIGKILL);
		reap_detector(&live);
	}
	free(live.frame);
	pf_crew_close(&live.crew);
	env->traces[0].peak_rss_bytes += live.peak_rss_bytes;
	return status;
}

const struct pf_variant pf_variant_live = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "live",
	.parent = "streaming",
	.summary = "detection in a background process, all of it told as it happens",
	.change = "detection runs in a process of its own instead of the one that supervises",
	.principle = "show progress all along",
	.hypothesis = "telling of milestones as they happen costs nothing",
	.expected = "as fast as streaming",
	.caps = PF_CAP_WORKERS,
	.run = run,
};
