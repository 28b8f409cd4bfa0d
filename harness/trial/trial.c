#include "harness/trial/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/memory/group_memory.h"
#include "harness/registry/outside.h"
#include "harness/spans/trial_spans.h"
#include "harness/stats/enough.h"
#include "harness/trial/known_part.h"
#include "harness/trial/occupancy.h"
#include "harness/trial/photo_stream.h"
#include "harness/trial/queries.h"
#include "harness/trial/trial_folder.h"
#include "harness/trial/trial_layout.h"
#include "harness/trial/trial_running.h"
#include "harness/trial/trial_shared.h"
#include "photofinish/file.h"

#define TICK_MS 100
#define READS_AT_ONCE 64      /* of output, before events are looked at again */
#define HELD_UP_NS 250000000u /* a harness that does not get to run for so long beyond a tick cannot time */

/* Slot 0 does the work itself where there are no other workers; else it is left to the kernel, on any of the
 * processors that were chosen. */
static void ask_for_places(struct running *run)
{
	const pf_placement *placement = &run->session->placement;
	pf_place *places = pf_trial_places(run->shared, run->workers);
	bool many = run->variant->caps &
		    (PF_CAP_WORKERS | PF_CAP_COMMAND); /* who knows what a program starts */
	for (uint32_t i = 0; i <= run->workers && placement->places; i++) {
		if (i > 0 || !many) {
			places[i].asked = pf_placement_place(placement, i ? i - 1 : 0);
		}
		for (uint32_t k = 0; i == 0 && many && k < placement->count; k++) {
			pf_cpus_add(&places[0].asked, placement->cpus[k].cpu);
		}
	}
}

/* Devices are opened for writing and asked in ways of their own; counters are opened by those that are
 * counted; where code that is made at run time lies, oneDNN writes into /tmp for who profiles. */
static void allow_what_is_needed(struct running *run)
{
	uint32_t *allow = &run->shared->order.allowance.allow;
	if (run->session->asked[PF_PROBE_profile]) {
		pf_error full; /* then names of such functions are missing, and no more */
		pf_allowance_add(&run->shared->order.allowance, "write=/tmp", &full);
	}
	if (run->variant->caps & PF_CAP_GPU || strcmp(run->shared->order.scorer.backend, "cudnn") == 0) {
		*allow |= PF_ALLOW_DEVICES;
	}
	if (run->session->asked[PF_PROBE_counters] || run->session->asked[PF_PROBE_profile]) {
		*allow |= PF_ALLOW_COUNTERS;
	}
	if (run->variant->caps & PF_CAP_COMMAND) {
		snprintf(run->trial->containment.why_not, sizeof run->trial->containment.why_not,
			 "a command runs with all rights of who gave it");
	}
}

static pf_status prepare(struct running *run, uint32_t workers, const int64_t *options, pf_error *error)
{
	uint64_t offsets[PF_PROBE_COUNT];
	size_t own = pf_trial_shared_bytes(workers), bits = pf_known_bytes(run->session->known);
	size_t bytes = pf_probes_place(run->session->asked, workers, own + bits, offsets);
	run->shared_bytes = bytes;
	run->workers = workers;
	run->shared_fd = pf_memory_file("trial", bytes);
	if (run->shared_fd < 0) {
		return pf_fail_errno(error, NULL, "cannot set up a trial");
	}
	run->shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, run->shared_fd, 0);
	if (run->shared == MAP_FAILED) {
		run->shared = NULL;
		return pf_fail_errno(error, NULL, "cannot set up a trial");
	}
	run->shared->magic = PF_TRIAL_MAGIC;
	run->shared->layout = pf_trial_layout();
	run->shared->bytes = bytes;
	run->shared->known_offset = bits ? own : 0;
	run->shared->takes_queries = run->session->queries_fd > 0;
	if (run->session->inbox) {
		run->shared->inbox_slots = run->session->inbox->slots;
		run->shared->inbox_slot_bytes = run->session->inbox->slot_bytes;
		run->shared->inbox_preset = run->session->inbox->other_preset;
	}
	run->shared->order = run->session->order;
	run->shared->order.workers = workers;
	allow_what_is_needed(run);
	pf_status folder = run->variant->caps & PF_CAP_SERVER
				   ? pf_trial_folder_make(&run->shared->order, error)
				   : PF_OK;
	if (folder != PF_OK) {
		return folder;
	}
	snprintf(run->folder, sizeof run->folder, "%s", run->shared->order.folder);
	memcpy(run->shared->probe_offsets, offsets, sizeof offsets);
	const struct pf_option *known = run->variant->options;
	for (int i = 0; known && known[i].name; i++) {
		run->shared->order.options[i] = options ? options[i] : known[i].default_value;
	}
	for (uint32_t i = 0; i <= workers; i++) {
		pf_trace_reset(&run->shared->traces[i]);
	}
	pf_tolerance_reset(&run->shared->command.tolerance);
	ask_for_places(run);
	run->events = calloc(workers + 2, sizeof *run->events);
	run->placed = calloc(run->trial->outcomes->count + 1, sizeof *run->placed);
	if (!run->events || !run->placed) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_known_take(run->session->known, run->trial->outcomes, (uint8_t *)run->shared + own);
	return PF_OK;
}

/* Its own end does not wait. */
static pf_status open_pipe(int *own, int *other, pf_error *error)
{
	int ends[2] = {-1, -1};
	pf_status status = PF_OK;
	if (pipe2(ends, O_CLOEXEC)) {
		status = pf_fail_errno(error, NULL, "cannot open a pipe");
	} else {
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
	}
	*own = ends[0];
	*other = ends[1];
	return status;
}

/* Starts the process in a session of its own, so that a Ctrl-C reaches the harness alone. */
static pf_status start(struct running *run, pf_error *error)
{
	const pf_outside *outside = pf_outside_of(run->variant);
	bool command = outside && outside->command;
	char *const arguments[] = {"photofinish",
				   "trial",
				   (char *)run->variant->name,
				   command   ? "command"
				   : outside ? "plugin"
					     : NULL,
				   command   ? (char *)outside->command
				   : outside ? outside->plugin
					     : NULL,
				   command ? (char *)run->session->view : NULL,
				   NULL};
	int events_end, output_end, told;
	pf_status status = open_pipe(&run->events_fd, &events_end, error);
	status = status ? status : open_pipe(&run->output_fd, &output_end, error);
	if (status != PF_OK) {
		close(events_end);
		return status;
	}
	status = pf_refusals_open(&run->refusals, &told, error);
	if (status != PF_OK) {
		close(events_end);
		close(output_end);
		return status;
	}
	fcntl(run->events_fd, F_SETPIPE_SZ,
	      1 << 20); /* best effort: a worker should not wait for the screen */

	pf_child_fd fds[] = {{-1, STDIN_FILENO},
			     {output_end, STDOUT_FILENO},
			     {output_end, STDERR_FILENO},
			     {events_end, PF_TRIAL_FD_EVENTS},
			     {run->shared_fd, PF_TRIAL_FD_SHARED},
			     {run->session->manifest_fd, PF_TRIAL_FD_MANIFEST},
			     {told, PF_TRIAL_FD_CONTAINMENT},
			     {run->session->queries_fd, PF_TRIAL_FD_QUERIES},
			     {run->session->inbox ? run->session->inbox->fd : -1, PF_TRIAL_FD_INBOX}};
	const pf_child_order order = {
		.kind = PF_CHILD_OWN,
		.program = run->session->executable ? run->session->executable : "/proc/self/exe",
		.arguments = arguments,
		.environment = pf_probes_environment(run->looks),
		.fds = fds,
		.fd_count = sizeof fds / sizeof *fds - (run->session->queries_fd <= 0) - !run->session->inbox,
	};
	status = pf_child_start(&order, &run->child, error);
	close(told);
	close(events_end);
	close(output_end);
	return status;
}

/* What the machine lacks is no property of a photo: kept as its outcome, it would be compared and called the
 * same. The trial fails, and need not go on. */
static void note_starved(struct running *run, const pf_frame_photo *photo)
{
	char name[192], message[256];
	if (!run->starved) {
		snprintf(run->trial->reason, sizeof run->trial->reason, "not enough memory for %s%s%s",
			 pf_escape(run->session->dataset->photos[photo->index].path, name, sizeof name),
			 photo->message[0] ? ": " : "", pf_escape(photo->message, message, sizeof message));
	}
	run->starved = true;
	atomic_store(&run->shared->cancel, 1);
}

static void note_photo(struct running *run, const pf_frame_photo *photo)
{
	pf_outcomes *outcomes = run->trial->outcomes;
	const pf_outcomes *known = run->session->known;
	if (photo->index >= outcomes->count || (known && known->photos[photo->index].done)) {
		return; /* found out by the accounting: the real photo is missing then */
	}
	if (photo->status != PF_OK && run->session->stop_at_first_failure) {
		atomic_store(&run->shared->cancel, 1);
	}
	if (photo->status == PF_ERR_NO_MEMORY) {
		note_starved(run, photo);
		return;
	}
	pf_outcome *outcome = &outcomes->photos[photo->index];
	if (outcome->done) { /* a worker died between telling and noting: the same again */
		outcomes->scored -= outcome->status == PF_OK;
		outcomes->failed -= outcome->status != PF_OK;
	}
	free(outcome->message);
	*outcome = (pf_outcome){
		.done = true,
		.ranked = outcome->ranked,
		.rank = outcome->rank,
		.place = outcome->place,
		.status = (pf_status)photo->status,
		.burst = photo->burst,
		.score = photo->score,
		.message = photo->status == PF_OK ? NULL : pf_enough(strdup(photo->message)),
	};
	outcomes->scored += photo->status == PF_OK;
	outcomes->failed += photo->status != PF_OK;
	if (photo->status == PF_OK && !run->trial->first_result_ns) {
		/* By the harness's own clock: what a variant says of when it sent it is not relied on. */
		run->trial->first_result_ns = pf_now_ns() - run->child.begin_ns;
		run->stopped_at_first = run->session->stop_at_first_result;
		if (run->stopped_at_first) {
			pf_child_stop(&run->child, 0, true);
		}
	}
}

static void take_frame(void *context, const pf_frame *frame)
{
	struct running *run = context;
	pf_outcomes *outcomes = run->trial->outcomes;
	run->trial->observed.counts[PF_OBSERVED_EVENT]++;
	pf_event_note(run->events, run->shared->traces, run->workers, frame->header.tid, frame->header.bytes);
	switch (frame->header.kind) {
	case PF_FRAME_BURST:
		outcomes->bursts++;
		break;
	case PF_FRAME_PHOTO:
		note_photo(run, &frame->photo);
		break;
	case PF_FRAME_MEMBERS:
		for (uint32_t i = 0; run->session->known && i < frame->ranks.count; i++) {
			uint32_t index = frame->ranks.photos[i].index;
			if (index < outcomes->count) {
				outcomes->photos[index].burst = frame->ranks.burst;
				outcomes->photos[index].place = frame->ranks.first + i;
				run->placed[index] = true;
			}
		}
		break;
	case PF_FRAME_RANKS:
		for (uint32_t i = 0; i < frame->ranks.count; i++) {
			uint32_t index = frame->ranks.photos[i].index;
			if (index < outcomes->count) {
				outcomes->photos[index].ranked = true;
				outcomes->photos[index].rank = frame->ranks.photos[i].rank;
				outcomes->photos[index].place = frame->ranks.first + i;
			}
		}
		break;
	case PF_FRAME_END:
		run->ended = true;
		run->end = frame->end;
		break;
	default:
		break;
	}
	if (run->listener && run->listener->hear) {
		run->listener->hear(run->listener->context, outcomes, frame);
	}
}

/* Takes in what was printed, of which the end is kept; not for ever: who prints without end is to hear of
 * requests and limits, too. */
static void read_output(struct running *run)
{
	for (int i = 0; i < READS_AT_ONCE && run->output_fd >= 0; i++) {
		size_t at = run->printed % PF_TRIAL_OUTPUT;
		ssize_t got = read(run->output_fd, run->output + at, PF_TRIAL_OUTPUT - at);
		if (got > 0) {
			run->printed += (uint64_t)got;
		} else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		} else {
			close(run->output_fd);
			run->output_fd = -1;
		}
	}
}

/* Stops a trial that takes more memory than it may. One process alone cannot: the kernel refuses it
 * (trial_child.c). */
static void keep_memory(struct running *run)
{
	uint64_t most = run->session->order.memory_most_bytes;
	if (!most || run->over_memory) {
		return;
	}
	uint64_t seen = pf_group_memory(run->child.pid, most);
	if (seen > run->trial->memory_seen_bytes) {
		run->trial->memory_seen_bytes = seen;
	}
	if (seen > most) {
		run->over_memory = true;
		pf_child_stop(&run->child, 0, true);
	}
}

/* Passes on interrupts and keeps the time limit. */
static void watch(struct running *run)
{
	if (pf_interrupts > (run->session->drains_itself ? 1 : 0)) {
		atomic_store(&run->shared->cancel, 1);
	}
	if (run->reaped) { /* nothing to stop any more */
		return;
	}
	double limit_s = run->session->timeout_s;
	bool late = limit_s > 0 && (double)(pf_now_ns() - run->child.begin_ns) > limit_s * 1e9;
	if ((late && !run->timed_out) || (pf_interrupts > 1 && !run->killed_on_request)) {
		run->timed_out = late;
		run->killed_on_request = !late;
		pf_child_stop(&run->child, 0, true);
	}
	keep_memory(run);
	run->trial->observed.counts[PF_OBSERVED_LOOK]++;
	pf_machine_look_frequency(NULL, pf_now_ns(), &run->trial->machine);
	pf_probes_tick(run->looks, false);
	const pf_trial_listener *listener = run->listener;
	if (listener && listener->look) {
		uint32_t of, busy = pf_occupancy(run->shared->traces, run->workers, run->variant->caps, &of);
		listener->look(listener->context, busy, of);
	}
	if (listener && listener->hear) {
		listener->hear(listener->context, run->trial->outcomes, NULL);
	}
}

/* Reads once; false at the end of the stream. A variant whose memory is corrupt may write anything: it is
 * stopped, or it would wait for ever for a reader. */
static bool read_events(struct running *run)
{
	long got = pf_frame_read(&run->reader, run->events_fd, take_frame, run);
	if (got < 0 && errno == EBADMSG) {
		run->garbled = true;
		pf_child_stop(&run->child, 0, true);
	}
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Notes how long the harness did not get to run: it was stopped, or its terminal took nothing. */
static uint64_t note_turn(struct running *run, uint64_t last_turn_ns)
{
	uint64_t now = pf_now_ns(), turn = now - last_turn_ns;
	uint64_t expected = TICK_MS * 1000000ull + HELD_UP_NS;
	if (!run->reaped && turn > expected && turn > run->held_up_ns) {
		run->held_up_ns = turn;
	}
	return now;
}

/* Waits for events or the process's end, and takes events in; false once the stream is at its end. */
static bool take_events(struct running *run, bool open)
{
	struct pollfd looked[] = {{.fd = open ? run->events_fd : -1, .events = POLLIN},
				  {.fd = run->child.life, .events = POLLIN},
				  {.fd = run->output_fd, .events = POLLIN},
				  {.fd = pf_refusals_fd(&run->refusals), .events = POLLIN}};
	int wait_ms = run->reaped ? TICK_MS : pf_probes_wait_ms(run->looks, TICK_MS);
	int ready = poll(looked, 4, wait_ms);
	if (ready > 0 && looked[3].revents) {
		pf_refusals_take(&run->refusals, &run->trial->containment, &run->trial->refusals);
	}
	if (ready > 0 && looked[0].revents) {
		open = read_events(run);
	}
	if (ready > 0 && looked[2].revents) {
		read_output(run);
	}
	if (!run->reaped) {
		pf_probes_tick(run->looks, true);
	}
	return open;
}

/* Reaps the process, which has ended. What it read and wrote can be had between its end and that. */
static void reap(struct running *run)
{
	pf_io_read(run->child.pid, &run->trial->io);
	if (pf_child_reap(&run->child, NULL) == PF_OK) {
		run->trial->wall_ns = run->child.end_ns - run->child.begin_ns;
	} else { /* somebody else did: its ending is unknown */
		run->garbled = true;
	}
	run->reaped = true;
}

/* Takes events until the process is gone and what it wrote was read, but no longer than a tick after its end:
 * a process that left its session may hold on to the stream. */
static void follow(struct running *run)
{
	bool open = true;
	uint64_t turn_ns = pf_now_ns(), last_tick_ns = run->child.begin_ns, reaped_ns = 0;
	while (!run->reaped || (open && turn_ns - reaped_ns < TICK_MS * 1000000ull)) {
		open = take_events(run, open);
		bool gone = !run->reaped && pf_child_has_ended(&run->child);
		if (gone) {
			reap(run);
		}
		turn_ns = note_turn(run, turn_ns);
		reaped_ns = gone ? turn_ns : reaped_ns;
		if (turn_ns - last_tick_ns > TICK_MS * 1000000ull) {
			watch(run);
			last_tick_ns = pf_now_ns();
		}
	}
}

static pf_status open_probes(struct running *run, pf_error *error)
{
	const pf_probe_traces traces = {.traces = run->shared->traces,
					.workers = run->workers,
					.rings = pf_trial_rings(run->shared, run->workers)->spans,
					.ring_capacity = PF_TRIAL_RING};
	return pf_probes_open(run->looks, run->session->asked, run->shared, run->shared->probe_offsets,
			      &traces, error);
}

pf_status pf_trial_run(const pf_session *session, const struct pf_variant *variant, uint32_t workers,
		       const int64_t *options, const pf_trial_listener *listener, pf_trial *out,
		       pf_error *error)
{
	struct running *run = calloc(1, sizeof *run);
	*out = (pf_trial){.workers = workers};
	if (!run) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	run->session = session;
	run->variant = variant;
	run->listener = listener;
	run->trial = out;
	run->shared_fd = run->events_fd = run->output_fd = run->child.life = -1;
	pf_refusals_none(&run->refusals);
	pf_status status = pf_outcomes_create(session->dataset->count, &out->outcomes, error);
	if (status == PF_OK) {
		status = prepare(run, workers, options, error);
	}
	if (status == PF_OK) {
		pf_machine_counters before, after;
		pf_machine_read(NULL, NULL, &before);
		status = open_probes(run, error);
		if (status == PF_OK) {
			status = start(run, error);
		}
		if (status == PF_OK) {
			pf_probes_begin(run->looks, run->child.pid, run->child.begin_ns);
			follow(run);
			read_output(run); /* the rest */
			pf_machine_read(NULL, NULL, &after);
			status = session->known ? pf_known_rank(out->outcomes, run->placed,
								&session->order.scorer, error)
						: PF_OK;
			pf_trial_collect(run);
			pf_machine_between(&before, &after, out->cpu_ns, &out->machine);
			pf_trial_judge(run);
		}
		pf_probes_close(run->looks);
	}
	if (status == PF_OK && out->ending == PF_ENDED_OK) {
		status = pf_outcomes_digest(out->outcomes, out->digest, error);
	}
	if (run->shared) {
		munmap(run->shared, run->shared_bytes);
	}
	close(run->shared_fd);
	close(run->events_fd);
	if (run->output_fd >= 0) {
		close(run->output_fd);
	}
	pf_refusals_close(&run->refusals);
	pf_trial_folder_remove(run->folder);
	free(run->events);
	free(run->placed);
	free(run);
	if (status != PF_OK) {
		pf_trial_release(out);
	}
	return status;
}

void pf_trial_release(pf_trial *trial)
{
	pf_outcomes_free(trial->outcomes);
	free(trial->places);
	free(trial->moved);
	pf_trial_spans_free(trial->spans);
	pf_probes_release(trial->found);
	json_decref(trial->as_kept);
	*trial = (pf_trial){0};
}
