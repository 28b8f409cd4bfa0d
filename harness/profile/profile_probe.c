/* The profiler as a probe, where a session asks for it with a pf_profile_order. What it finds is a
 * pf_profile. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/probe/probe.h"
#include "harness/profile/profiler.h"
#include "photofinish/thread_context.h"

enum { PATIENCE_MS = 5000 };

/* With the trial's process, which starts nothing before it is looked at. */
struct meeting {
	atomic_uint ready;
	char variant[64]; /* "": threads say nothing of themselves */
};

static size_t meeting_bytes(const void *asked, uint32_t workers)
{
	(void)asked;
	(void)workers;
	return sizeof(struct meeting);
}

static pf_status open_profiler(pf_probe_look *look, pf_error *error)
{
	pf_profiler *profiler;
	const pf_profile_order *order = look->asked;
	struct meeting *meeting = look->shared;
	if (meeting && order->variant) {
		snprintf(meeting->variant, sizeof meeting->variant, "%s", order->variant);
	}
	pf_status status = pf_profiler_open(order, &profiler, error);
	look->state = profiler;
	if (status == PF_OK) {
		const pf_tag_source source = {.traces = look->traces,
					      .rings = look->rings,
					      .capacity = look->ring_capacity,
					      .count = look->workers + 1};
		pf_profiler_tag(profiler, &source);
	}
	return status;
}

static char **environment(const pf_probe_look *look)
{
	return pf_profiler_environment(look->state);
}

static void begin(pf_probe_look *look)
{
	struct meeting *meeting = look->shared;
	pf_profiler_attach(look->state, look->group, false);
	if (meeting) {
		atomic_store(&meeting->ready, 1);
	}
}

static void start(void *shared, const pf_trace *traces, uint32_t workers)
{
	struct meeting *meeting = shared;
	const struct timespec pause = {.tv_nsec = 200000};
	if (meeting->variant[0]) {
		pf_thread_context_publish(meeting->variant, traces, workers + 1);
	}
	for (int i = 0; i < 5 * PATIENCE_MS && !atomic_load(&meeting->ready); i++) {
		nanosleep(&pause, NULL);
	}
}

static void tick(pf_probe_look *look)
{
	pf_profiler_tick(look->state);
}

static void *collect(pf_probe_look *look)
{
	pf_profile *profile = pf_profiler_finish(look->state);
	if (profile) {
		profile->wall_ns = look->wall_ns;
	}
	return profile;
}

static void close_profiler(pf_probe_look *look)
{
	pf_profiler_close(look->state);
}

static void release(void *found)
{
	if (found) {
		pf_profile_release(found);
		free(found);
	}
}

const pf_probe pf_probe_profile = {
	.on_request = true,
	.shared_bytes = meeting_bytes,
	.open = open_profiler,
	.environment = environment,
	.start = start,
	.begin = begin,
	.tick = tick,
	.collect = collect,
	.close = close_profiler,
	.release = release,
};
