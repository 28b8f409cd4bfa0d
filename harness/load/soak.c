#include "harness/load/soak.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/trial/queries.h"
#include "photofinish/file.h"

/* Between two looks at one process: each takes the harness a tenth of a millisecond. */
#define LOOK_NS 10000000u

struct soaking {
	pf_soak *soak;
	const pf_outcomes *reference;
	int queries;         /* write end; -1 once closed */
	uint32_t query;      /* that runs; 0 is the first pass */
	size_t heard, total; /* photos of the first pass; all that are wanted */
	uint64_t first_ns, last_ns, begin_ns;
};

static void stop(struct soaking *soaking)
{
	if (soaking->queries >= 0) {
		close(soaking->queries);
		soaking->queries = -1;
	}
}

static uint32_t count_entries(const char *path)
{
	uint32_t count = 0;
	DIR *folder = opendir(path);
	while (folder && readdir(folder)) {
		count++;
	}
	if (folder) {
		closedir(folder);
	}
	return count > 2 ? count - 2 : 0; /* without "." and ".." */
}

/* What the kernel says of the process. Nothing where it is gone. Shared pages are left out: the harness's own
 * ring of spans is among them, and comes into being span by span. */
static void look_at(pid_t pid, pf_soak_sample *sample)
{
	char path[64];
	unsigned long long pages = 0, shared = 0;
	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	FILE *statm = fopen(path, "re");
	if (!statm || fscanf(statm, "%*u %llu %llu", &pages, &shared) != 2 || shared > pages) {
		pages = shared = 0;
	}
	if (statm) {
		fclose(statm);
	}
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	sample->fds = count_entries(path);
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	sample->threads = count_entries(path);
	sample->rss_bytes = sample->fds && sample->threads
				    ? (pages - shared) * (uint64_t)sysconf(_SC_PAGESIZE)
				    : 0;
}

static pf_soak_process *process_of(struct soaking *soaking, pid_t pid)
{
	pf_soak *soak = soaking->soak;
	for (size_t i = soak->process_count; i-- > 0;) {
		if (soak->processes[i].pid == pid) {
			return &soak->processes[i];
		}
	}
	if (soak->process_count == PF_SOAK_PROCESSES_MOST) {
		return NULL;
	}
	pf_soak_process *process = &soak->processes[soak->process_count++];
	*process = (pf_soak_process){.pid = pid, .query = UINT32_MAX};
	return process;
}

static void note_process(struct soaking *soaking, const pf_frame_process *frame)
{
	pf_soak_process *process = process_of(soaking, frame->pid);
	uint64_t now = pf_now_ns();
	if (!process || frame->index >= soaking->soak->session->dataset->count) {
		return;
	}
	if (process->count == process->capacity) {
		size_t capacity = 2 * process->capacity + 256;
		pf_soak_sample *grown = realloc(process->samples, capacity * sizeof *grown);
		if (!grown) {
			return;
		}
		process->samples = grown;
		process->capacity = capacity;
	}
	pf_soak_sample *sample = &process->samples[process->count++];
	*sample = (pf_soak_sample){.photo = frame->index, .heap_bytes = frame->heap_bytes};
	sample->photo_ns = process->query == soaking->query ? now - process->heard_ns : 0;
	process->query = soaking->query;
	process->heard_ns = now;
	if (now - process->looked_ns >= LOOK_NS) {
		process->looked_ns = now;
		look_at(frame->pid, sample);
	}
}

static void note_photo(struct soaking *soaking, const pf_frame_photo *photo)
{
	pf_soak *soak = soaking->soak;
	const pf_outcome *reference = &soaking->reference->photos[photo->index];
	const pf_outcome own = {.status = (pf_status)photo->status, .score = photo->score};
	char what[192];
	soak->wrong += !pf_tolerance_photo(&soak->tolerance, reference, &own, what, sizeof what);
	soaking->last_ns = pf_now_ns();
	if (soaking->query == 0) {
		soaking->first_ns = soaking->heard++ ? soaking->first_ns : soaking->last_ns;
		return;
	}
	soak->done++;
	soak->wall_s = (double)(soaking->last_ns - soaking->begin_ns) * 1e-9;
	if (soak->progress) {
		soak->progress(soak->context, soak->done, soaking->total);
	}
}

/* How many photos are wanted, by the pace of the first pass. */
static void plan(struct soaking *soaking)
{
	const pf_soak *soak = soaking->soak;
	double seconds = (double)(soaking->last_ns - soaking->first_ns) * 1e-9;
	double pace = soaking->heard > 1 && seconds > 0 ? (double)(soaking->heard - 1) / seconds : 1;
	double wanted = soak->photos ? (double)soak->photos : soak->duration_s * pace;
	double passes = ceil(wanted / (double)soak->session->dataset->count / soak->runs);
	soaking->total = (size_t)passes * soak->session->dataset->count * soak->runs;
}

static void next_query(struct soaking *soaking)
{
	const pf_soak *soak = soaking->soak;
	size_t photos = soak->session->dataset->count;
	if (soaking->query == 0) {
		plan(soaking);
		soaking->begin_ns = pf_now_ns();
	}
	if (pf_interrupts || soaking->query == soak->runs) {
		stop(soaking);
		return;
	}
	const pf_query query = {.number = ++soaking->query,
				.count = (uint32_t)photos,
				.repeats = (uint32_t)(soaking->total / photos / soak->runs),
				.samples = 1};
	if (!pf_query_issue(soaking->queries, &query)) {
		stop(soaking);
	}
}

static void hear(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	struct soaking *soaking = context;
	(void)so_far;
	if (!frame) {
		if (pf_interrupts) {
			stop(soaking);
		}
	} else if (frame->header.kind == PF_FRAME_PHOTO && frame->photo.index < soaking->reference->count) {
		note_photo(soaking, &frame->photo);
	} else if (frame->header.kind == PF_FRAME_PROCESS) {
		note_process(soaking, &frame->process);
	} else if (frame->header.kind == PF_FRAME_QUERY) {
		next_query(soaking);
	}
}

static pf_status run_trial(pf_soak *soak, const pf_outcomes *reference, pf_error *error)
{
	const pf_contestant *contestant = soak->contestant;
	struct soaking soaking = {.soak = soak, .reference = reference, .queries = -1};
	const pf_trial_listener ears = {.hear = hear, .context = &soaking};
	pf_session session = *soak->session;
	pf_trial trial = {0};
	pf_tolerance_take(contestant->variant->tolerance, &soak->tolerance);
	pf_status status = pf_queries_open(&session.queries_fd, &soaking.queries, error);
	if (status == PF_OK) {
		const pf_query first = {.count = (uint32_t)session.dataset->count, .repeats = 1};
		pf_query_issue(soaking.queries, &first);
		status = pf_trial_run(&session, contestant->variant, contestant->workers, contestant->options,
				      &ears, &trial, error);
	}
	if (session.queries_fd >= 0) {
		close(session.queries_fd);
	}
	stop(&soaking);
	soak->partial = pf_interrupts || trial.ending == PF_ENDED_CANCELLED;
	if (status == PF_OK && (trial.ending == PF_ENDED_CRASHED || trial.ending == PF_ENDED_FAILED ||
				trial.ending == PF_ENDED_TIMEOUT || trial.ending == PF_ENDED_UNAVAILABLE)) {
		status = pf_fail(error,
				 trial.ending == PF_ENDED_UNAVAILABLE ? PF_ERR_UNAVAILABLE : PF_ERR_CRASHED,
				 NULL, "%s did not end well, %zu photos into the soak: %s", contestant->label,
				 soak->done, trial.reason);
	}
	pf_disturbances_text(&trial.machine, soak->disturbed);
	pf_trial_release(&trial);
	return status;
}

pf_status pf_soak_run(pf_soak *soak, pf_error *error)
{
	pf_reference reference = {0};
	soak->processes = calloc(PF_SOAK_PROCESSES_MOST, sizeof *soak->processes);
	if (!soak->processes) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = pf_dataset_warm(soak->session->dataset, NULL, NULL, error);
	if (status == PF_OK) {
		status = pf_reference_get(soak->session, NULL, &reference, error);
	}
	if (status == PF_OK) {
		status = run_trial(soak, reference.outcomes, error);
	}
	if (status == PF_OK) {
		pf_soak_judge(soak);
	}
	pf_reference_release(&reference);
	return status;
}

void pf_soak_release(pf_soak *soak)
{
	for (size_t i = 0; i < soak->process_count; i++) {
		free(soak->processes[i].samples);
	}
	free(soak->processes);
	soak->processes = NULL;
	soak->process_count = 0;
}
