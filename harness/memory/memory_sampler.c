#include "harness/memory/memory_sampler.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LEAST_PERIOD_NS 20000000u  /* between samples */
#define FIRST_EXPECTED_NS 1000000u /* what a sample is taken to cost before there was one */
#define MOST_PROCESSES 4096        /* of one trial */

bool pf_memory_sampler_open(pf_memory_sampler *sampler, double share, uint64_t begin_ns)
{
	*sampler = (pf_memory_sampler){
		.series = calloc(1, sizeof *sampler->series),
		.share = share,
		.begin_ns = begin_ns,
		.last_ns = begin_ns,
		.expected_ns = FIRST_EXPECTED_NS,
		.stride = 1,
	};
	return sampler->series != NULL;
}

/* When the next sample fits into the budget. */
static uint64_t due_ns(const pf_memory_sampler *sampler)
{
	uint64_t earned = (uint64_t)((double)(sampler->series->cost_ns + sampler->expected_ns) /
				     sampler->share);
	uint64_t rested = sampler->last_ns + LEAST_PERIOD_NS;
	uint64_t affordable = sampler->begin_ns + earned;
	return rested > affordable ? rested : affordable;
}

int pf_memory_sampler_wait_ms(const pf_memory_sampler *sampler, uint64_t now_ns, int most)
{
	uint64_t due = due_ns(sampler);
	uint64_t wait = due > now_ns ? (due - now_ns + 999999) / 1000000 : 0;
	return wait > (uint64_t)most ? most : (int)wait;
}

static uint32_t slot_of(pid_t pid, const pf_trace *traces, uint32_t workers)
{
	for (uint32_t i = 0; i <= workers; i++) {
		if (atomic_load_explicit(&traces[i].pid, memory_order_relaxed) == (int32_t)pid) {
			return i;
		}
	}
	return PF_NO_SLOT;
}

/* Known, or taken in; NULL without memory, or where there are too many. */
static pf_memory_process *process_of(pf_memory_series *series, pid_t pid)
{
	for (size_t i = 0; i < series->process_count; i++) {
		if (series->processes[i].pid == pid) {
			return &series->processes[i];
		}
	}
	uint64_t *pss = series->process_count < MOST_PROCESSES ? malloc(PF_MEMORY_POINTS * sizeof *pss)
							       : NULL;
	pf_memory_process *more = pss ? realloc(series->processes, (series->process_count + 1) * sizeof *more)
				      : NULL;
	if (!more) {
		free(pss);
		return NULL;
	}
	for (size_t i = 0; i < PF_MEMORY_POINTS; i++) {
		pss[i] = PF_MEMORY_ABSENT;
	}
	series->processes = more;
	more[series->process_count] = (pf_memory_process){.pid = pid, .slot = PF_NO_SLOT, .pss = pss};
	return &more[series->process_count++];
}

static void add(pf_smaps *sum, const pf_smaps *one)
{
	sum->rss += one->rss;
	sum->pss += one->pss;
	sum->own += one->own;
	sum->shared = sum->shared == UINT64_MAX || one->shared == UINT64_MAX ? UINT64_MAX
									     : sum->shared + one->shared;
}

/* Reads one process into `point`, and into its own series at `at` (PF_MEMORY_POINTS: it becomes no point). */
static void probe(pf_memory_series *series, pid_t pid, uint32_t slot, size_t at, pf_memory_point *point)
{
	pf_smaps now;
	if (!pf_smaps_read(pid, &now)) {
		bool gone = errno == ESRCH || errno == ENOENT || errno == ENODATA;
		series->why_errno = gone || series->why_errno ? series->why_errno : errno;
		return;
	}
	pf_memory_process *process = process_of(series, pid);
	if (!process) {
		return;
	}
	add(&point->all, &now);
	point->probed++;
	process->slot = slot == PF_NO_SLOT ? process->slot : slot;
	process->samples++;
	process->peak = now.pss > process->peak.pss ? now : process->peak;
	if (at < PF_MEMORY_POINTS) {
		process->pss[at] = now.pss;
	}
}

/* Makes room where a series is full: every other point goes, and from now on every other sample. */
static void thin(pf_memory_sampler *sampler)
{
	pf_memory_series *series = sampler->series;
	for (size_t i = 0; i < PF_MEMORY_POINTS / 2; i++) {
		series->points[i] = series->points[2 * i];
	}
	for (size_t k = 0; k < series->process_count; k++) {
		uint64_t *pss = series->processes[k].pss;
		for (size_t i = 0; i < PF_MEMORY_POINTS; i++) {
			pss[i] = i < PF_MEMORY_POINTS / 2 ? pss[2 * i] : PF_MEMORY_ABSENT;
		}
	}
	series->point_count = PF_MEMORY_POINTS / 2;
	sampler->stride *= 2;
	sampler->skipped = 0;
}

/* All processes of the group. Their numbers come from /proc: a kernel need not list a process's children. */
static void probe_group(pf_memory_series *series, pid_t group, const pf_trace *traces, uint32_t workers,
			size_t at, pf_memory_point *point)
{
	DIR *proc = opendir("/proc");
	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		if (pid > 0 && !*end && getpgid((pid_t)pid) == group) {
			probe(series, (pid_t)pid, slot_of((pid_t)pid, traces, workers), at, point);
		}
	}
	if (proc) {
		closedir(proc);
	}
}

static uint64_t cpu_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void pf_memory_sampler_look(pf_memory_sampler *sampler, pid_t group, const pf_trace *traces, uint32_t workers)
{
	pf_memory_series *series = sampler->series;
	uint64_t now = pf_now_ns();
	if (now < due_ns(sampler)) {
		return;
	}
	uint64_t cpu_before = cpu_now_ns();
	bool kept = sampler->skipped == 0;
	if (kept && series->point_count == PF_MEMORY_POINTS) {
		thin(sampler);
	}
	pf_memory_point point = {.at_ns = now - sampler->begin_ns};
	probe_group(series, group, traces, workers, kept ? series->point_count : PF_MEMORY_POINTS, &point);
	if (point.probed) {
		series->samples++;
		series->peak = point.all.pss > series->peak.all.pss ? point : series->peak;
		if (kept) {
			series->points[series->point_count++] = point;
		}
		sampler->skipped = (sampler->skipped + 1) % sampler->stride;
	}
	uint64_t cost = cpu_now_ns() - cpu_before;
	series->cost_ns += cost;
	/* Memory grows while a trial starts: the next look is taken to cost somewhat more. */
	sampler->expected_ns = cost + cost / 4;
	sampler->last_ns = pf_now_ns();
}

void pf_memory_series_free(pf_memory_series *series)
{
	for (size_t i = 0; series && i < series->process_count; i++) {
		free(series->processes[i].pss);
	}
	free(series ? series->processes : NULL);
	free(series);
}
