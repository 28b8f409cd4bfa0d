/* The profiler as a probe, where a session asks for it with a pf_profile_order. What it finds is a
 * pf_profile. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/probe/probe.h"
#include "harness/profile/profiler.h"
#include "photofinish/thread_context.h"
#include "photofinish/trace.h"

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

/* Of a look: the profiler, and when what it found was handed on last. */
struct state {
	pf_profiler *profiler;
	uint64_t cut_ns;
};

static pf_status open_profiler(pf_probe_look *look, pf_error *error)
{
	struct state *state = calloc(1, sizeof *state);
	const pf_profile_order *order = look->asked;
	struct meeting *meeting = look->shared;
	if (meeting && order->variant) {
		snprintf(meeting->variant, sizeof meeting->variant, "%s", order->variant);
	}
	if (!state) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = pf_profiler_open(order, &state->profiler, error);
	look->state = state;
	state->cut_ns = pf_now_ns();
	if (status == PF_OK) {
		const pf_tag_source source = {.traces = look->traces,
					      .rings = look->rings,
					      .capacity = look->ring_capacity,
					      .count = look->workers + 1};
		pf_profiler_tag(state->profiler, &source);
	}
	return status;
}

static char **environment(const pf_probe_look *look)
{
	const struct state *state = look->state;
	return pf_profiler_environment(state->profiler);
}

static void begin(pf_probe_look *look)
{
	struct meeting *meeting = look->shared;
	struct state *state = look->state;
	pf_profiler_attach(state->profiler, look->group, false);
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

static void release(void *found)
{
	if (found) {
		pf_profile_release(found);
		free(found);
	}
}

/* Of a continuous profile: the part since the last one. */
static void hand_on(const pf_profile_order *order, struct state *state, pf_profile *part)
{
	uint64_t now_ns = pf_now_ns();
	if (part) {
		snprintf(part->label, sizeof part->label, "%s", order->variant ? order->variant : "");
		part->wall_ns = now_ns - state->cut_ns;
		order->take(order->context, part);
	}
	state->cut_ns = now_ns;
	release(part);
}

static void tick(pf_probe_look *look)
{
	const pf_profile_order *order = look->asked;
	struct state *state = look->state;
	if (order->every_s > 0 && (double)(pf_now_ns() - state->cut_ns) * 1e-9 >= order->every_s) {
		hand_on(order, state, pf_profiler_cut(state->profiler));
	} else {
		pf_profiler_tick(state->profiler);
	}
}

static void *collect(pf_probe_look *look)
{
	const pf_profile_order *order = look->asked;
	struct state *state = look->state;
	pf_profile *profile = pf_profiler_finish(state->profiler);
	if (order->every_s > 0) {
		hand_on(order, state, profile);
		return NULL;
	}
	if (profile) {
		profile->wall_ns = look->wall_ns;
	}
	return profile;
}

static void close_profiler(pf_probe_look *look)
{
	struct state *state = look->state;
	if (state) {
		pf_profiler_close(state->profiler);
	}
	free(state);
	look->state = NULL;
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
