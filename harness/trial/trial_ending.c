/* How a trial ended, and what was measured beside it. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/signal_name.h"
#include "harness/base/text.h"
#include "harness/spans/trial_spans.h"
#include "harness/trial/known_part.h"
#include "harness/trial/trial_running.h"
#include "photofinish/file.h"

#define STDERR_TAIL 4096

/* The last line that the process printed, escaped; "" if it printed nothing. */
static void last_output(const struct running *run, char *out, size_t capacity)
{
	char tail[STDERR_TAIL + 1];
	size_t count = run->printed < STDERR_TAIL ? (size_t)run->printed : STDERR_TAIL;
	for (size_t i = 0; i < count; i++) {
		char c = run->output[(run->printed - count + i) % PF_TRIAL_OUTPUT];
		tail[i] = (char)(c ? c : ' ');
	}
	tail[count] = '\0';
	char *last = tail;
	for (char *line = strtok(tail, "\n"); line; line = strtok(NULL, "\n")) {
		last = strspn(line, " \t") == strlen(line) ? last : line;
	}
	pf_escape(last, out, capacity);
}

/* Where the process that died was: of its own slots, one that had a photo. Its workers may have been killed
 * with it; what they had is not to blame. */
static void describe_place(const struct running *run, char *out, size_t capacity)
{
	int32_t culprit = atomic_load(&run->shared->died_tid);
	out[0] = '\0';
	for (uint32_t i = 0; i <= run->workers; i++) {
		const pf_trace *trace = &run->shared->traces[i];
		uint32_t photo = pf_known_index(run->session->known, atomic_load(&trace->photo));
		uint32_t stage = atomic_load(&trace->stage);
		int32_t pid = atomic_load(&trace->pid);
		bool own = pid == (int32_t)run->child.pid ||
			   (i == 0 && pid == 0); /* slot 0 is its own by contract */
		if (!own || (culprit && atomic_load(&trace->tid) != culprit)) {
			continue;
		}
		if (stage < PF_STAGE_COUNT && !out[0]) {
			snprintf(out, capacity, " in %s", pf_stage_name((pf_stage)stage));
		}
		if (photo < run->session->dataset->count) {
			char name[128];
			pf_escape(run->session->dataset->photos[photo].path, name, sizeof name);
			snprintf(out, capacity, " in %s%s%s",
				 stage < PF_STAGE_COUNT ? pf_stage_name((pf_stage)stage) : "",
				 stage < PF_STAGE_COUNT ? " of " : "", name);
			return;
		}
	}
}

static void describe_crash(struct running *run, int ending)
{
	pf_trial *trial = run->trial;
	char output[192], where[192];
	last_output(run, output, sizeof output);
	describe_place(run, where, sizeof where);
	char how[64];
	if (run->garbled) {
		snprintf(how, sizeof how, "its events are malformed");
	} else if (WIFSIGNALED(ending)) {
		pf_signal_name(WTERMSIG(ending), how);
	} else {
		snprintf(how, sizeof how, "exit status %d", WEXITSTATUS(ending));
	}
	snprintf(trial->reason, sizeof trial->reason, "%s%s, %zu of %zu photos done%s%s%s", how, where,
		 trial->outcomes->scored + trial->outcomes->failed, trial->outcomes->count,
		 output[0] ? " (" : "", output, output[0] ? ")" : "");
}

void pf_trial_judge(struct running *run)
{
	int ending = run->child.ending;
	pf_trial *trial = run->trial;
	size_t missing = 0;
	char file[256];
	if (run->over_memory) {
		char seen[PF_TEXT], most[PF_TEXT];
		trial->ending = PF_ENDED_FAILED;
		snprintf(
			trial->reason, sizeof trial->reason,
			"its processes took %s, more than the limit of %s: stopped with %zu of %zu photos done; fewer "
			"workers take less",
			pf_text_bytes((double)trial->memory_seen_bytes, seen),
			pf_text_bytes((double)run->session->order.memory_most_bytes, most),
			trial->outcomes->scored + trial->outcomes->failed, trial->outcomes->count);
	} else if (run->starved && !run->killed_on_request) {
		trial->ending = PF_ENDED_FAILED; /* note_starved gave the reason */
	} else if (run->killed_on_request || (run->ended && run->end.status == PF_ERR_CANCELLED)) {
		trial->ending = PF_ENDED_CANCELLED;
		snprintf(trial->reason, sizeof trial->reason, "stopped on request");
	} else if (run->stopped_at_first && run->held_up_ns == 0) {
		trial->ending = PF_ENDED_AT_FIRST_RESULT;
	} else if (run->timed_out) {
		trial->ending = PF_ENDED_TIMEOUT;
		snprintf(trial->reason, sizeof trial->reason, "killed after %.10g s, %zu of %zu photos done",
			 run->session->timeout_s, trial->outcomes->scored + trial->outcomes->failed,
			 trial->outcomes->count);
	} else if (run->garbled || !WIFEXITED(ending) || WEXITSTATUS(ending) != 0 || !run->ended) {
		trial->ending = PF_ENDED_CRASHED;
		describe_crash(run, ending);
	} else if (run->end.status != PF_OK) {
		char message[320];
		trial->ending = run->end.status == PF_ERR_UNAVAILABLE ? PF_ENDED_UNAVAILABLE
								      : PF_ENDED_FAILED;
		pf_escape(run->end.file, file, sizeof file);
		pf_escape(run->end.message, message, sizeof message);
		char output[192] = ""; /* why a command failed it says itself */
		if (run->variant->caps & PF_CAP_COMMAND && run->end.status == PF_ERR_CRASHED) {
			last_output(run, output, sizeof output);
		}
		snprintf(trial->reason, sizeof trial->reason, "%s%s%s%s%s%s", file, file[0] ? ": " : "",
			 message, output[0] ? " (" : "", output, output[0] ? ")" : "");
	} else if (run->variant->caps & PF_CAP_FLOOR && trial->outcomes->scored + trial->outcomes->failed) {
		trial->ending = PF_ENDED_INVALID;
		snprintf(trial->reason, sizeof trial->reason, "it is a floor, yet it scored photos");
	} else if (!trial->unscored && run->session->queries_fd <= 0 &&
		   !(run->variant->caps & PF_CAP_FLOOR) && !pf_outcomes_complete(trial->outcomes, &missing)) {
		trial->ending = PF_ENDED_INVALID;
		pf_escape(run->session->dataset->photos[missing].path, file, sizeof file);
		snprintf(trial->reason, sizeof trial->reason, "photo %zu (%s) has no %s", missing, file,
			 trial->outcomes->photos[missing].done ? "rank" : "outcome");
	} else if (trial->photos_scored && trial->observed.share > PF_OBSERVER_MOST) {
		trial->ending = PF_ENDED_INVALID;
		snprintf(trial->reason, sizeof trial->reason,
			 "observing it cost up to %.1f %% of its time, more than %g %%",
			 100 * trial->observed.share, 100 * PF_OBSERVER_MOST);
	} else if (trial->refused_worker) {
		trial->ending = PF_ENDED_FAILED;
		snprintf(
			trial->reason, sizeof trial->reason,
			"worker %u told of photos that it was not given: it was replaced, and is not to be trusted",
			trial->refused_worker);
	} else if (trial->worker_deaths > 0) {
		trial->ending = PF_ENDED_DISTURBED;
		snprintf(trial->reason, sizeof trial->reason, "%" PRIu64 " worker%s died and %s replaced",
			 trial->worker_deaths, trial->worker_deaths == 1 ? "" : "s",
			 trial->worker_deaths == 1 ? "was" : "were");
	} else if (run->held_up_ns > 0) {
		trial->ending = PF_ENDED_DISTURBED;
		snprintf(trial->reason, sizeof trial->reason, "the harness itself was held up for %.1f s",
			 (double)run->held_up_ns * 1e-9);
	}
}

/* A command's time begins with its exec and ends when it was reaped: what its trial's process takes beside
 * that is the harness's. That process is the harness's own; the command cannot write to what they share. */
static void collect_command(struct running *run)
{
	const pf_command_note *note = &run->shared->command;
	pf_trial *trial = run->trial;
	trial->unscored = note->wrote_nothing != 0;
	trial->tolerance = note->tolerance;
	if (note->end_ns > note->begin_ns && note->begin_ns >= run->child.begin_ns) {
		uint64_t before = note->begin_ns - run->child.begin_ns;
		trial->wall_ns = note->end_ns - note->begin_ns;
		uint64_t first = trial->first_result_ns > before ? trial->first_result_ns - before : 0;
		trial->first_result_ns = first < trial->wall_ns ? first : trial->wall_ns;
	}
}

/* What a run of any length takes for opening scorers: of the variant's own process, then of its workers,
 * which open theirs side by side. Who opens one for each photo does that once, too; the rest grows with the
 * photos. */
static uint64_t startup_once(const pf_trace *traces, uint32_t workers)
{
	uint64_t main_ns = 0, sum_ns = 0, count = 0;
	for (uint32_t i = 0; i <= workers; i++) {
		pf_stage_sum startup;
		pf_trace_sum(&traces[i], PF_STAGE_STARTUP, &startup);
		uint64_t one = startup.spans ? startup.own_ns / startup.spans : 0;
		main_ns += i == 0 ? one : 0;
		sum_ns += i > 0 ? one : 0;
		count += i > 0 && startup.spans;
	}
	return main_ns + (count ? sum_ns / count : 0);
}

static void collect_spans(struct running *run)
{
	const pf_trial_traces from = {.traces = run->shared->traces,
				      .rings = pf_trial_rings(run->shared, run->workers)->spans,
				      .count = run->workers + 1,
				      .capacity = PF_TRIAL_RING};
	if (!(run->variant->caps & PF_CAP_COMMAND)) { /* what a command does, nobody sees */
		run->trial->spans = pf_trial_spans_create(
			&from, run->child.begin_ns, run->child.begin_ns + run->trial->wall_ns,
			run->variant->caps & PF_CAP_WORKERS, run->session->keep_spans);
	}
}

void pf_trial_collect(struct running *run)
{
	const struct rusage *usage = &run->child.usage;
	pf_trial *trial = run->trial;
	trial->cpu_ns = pf_child_user_ns(&run->child) + pf_child_system_ns(&run->child);
	trial->photos_scored = trial->outcomes->scored;
	trial->photos_failed = trial->outcomes->failed;
	trial->device_read_bytes = (uint64_t)usage->ru_inblock * 512u;
	trial->involuntary_switches = (uint64_t)usage->ru_nivcsw;
	trial->voluntary_switches = (uint64_t)usage->ru_nvcsw;
	trial->major_faults = (uint64_t)usage->ru_majflt;
	trial->machine.minor_faults = (uint64_t)usage->ru_minflt;
	pf_tolerance_take(run->variant->tolerance, &trial->tolerance);
	if (run->variant->caps & PF_CAP_COMMAND) {
		collect_command(run);
	}
	pf_probes_collect(run->looks, trial->wall_ns, trial->found);
	trial->places = calloc(run->workers + 1, sizeof *trial->places);
	if (trial->places) {
		memcpy(trial->places, pf_trial_places(run->shared, run->workers),
		       (run->workers + 1) * sizeof *trial->places);
	}
	trial->refused_worker = atomic_load(&run->shared->traces[0].refused_slot);
	trial->moved_count = pf_moved_collect(run->shared->traces, run->events, run->workers, &trial->moved);
	collect_spans(run);
	trial->startup_ns = startup_once(run->shared->traces, run->workers);
	for (uint32_t i = 0; i <= run->workers; i++) {
		const pf_trace *trace = &run->shared->traces[i];
		for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
			pf_stage_sum sum;
			pf_trace_sum(trace, (pf_stage)stage, &sum);
			trial->stage_ns[stage] += sum.own_ns;
			trial->stage_spans[stage] += sum.spans;
			trial->main_stage_ns[stage] += i == 0 ? sum.own_ns : 0;
			trial->main_ns += i == 0 && stage != PF_STAGE_WAIT ? sum.own_ns : 0;
		}
		pf_observed_add_trace(&trial->observed, trace);
		trial->worker_deaths += atomic_load(&trace->deaths);
		trial->chunks += trace->chunks;
		trial->read_bytes += trace->read_bytes;
		trial->moved_bytes += trace->moved_bytes;
		/* Slots of one process (threads) have the same peak: it counts once. */
		bool counted = false;
		for (uint32_t other = 0; other < i; other++) {
			counted = counted ||
				  atomic_load(&run->shared->traces[other].pid) == atomic_load(&trace->pid);
		}
		trial->peak_rss_bytes += counted ? 0 : trace->peak_rss_bytes;
	}
	/* A command's events are made of what it wrote, after its end: they are not in its time. */
	bool inside = !(run->variant->caps & PF_CAP_COMMAND);
	pf_observed_settle(&trial->observed, inside ? run->session->observer : NULL, trial->wall_ns);
}
