/* Processes that do the same at once, each on a core of its own: what they did in windows of equal length. */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/interrupt.h"
#include "harness/limits/limit_job.h"
#include "harness/stats/enough.h"
#include "harness/stats/order_statistics.h"
#include "photofinish/trace.h"

#define START_S 120.0 /* that opening may take */
#define LATE_S 60.0   /* that a worker may be late at the end */
#define LONG 4.0      /* times as long as was asked for: then fewer windows must do */

enum { LEAST = 3 }; /* marks: two windows */

/* What a worker has done when a window was over. */
typedef struct mark {
	uint64_t at_ns;
	double done;
} mark;

typedef struct worker {
	mark marks[PF_LIMIT_WINDOWS + 1];
	uint32_t count;
	char why[200];
} worker;

typedef struct board {
	_Atomic uint32_t ready, failed;
	_Atomic uint64_t go_ns; /* 0: not yet */
	worker workers[];
} board;

void pf_limit_bind(const pf_topology *topology, uint32_t index)
{
	cpu_set_t only;
	uint32_t seen = 0, cores = topology->cores ? topology->cores : 1;
	CPU_ZERO(&only);
	for (uint32_t i = 0; i < topology->count; i++) {
		if (topology->cpus[i].sibling == 0 && seen++ == index % cores) {
			CPU_SET(topology->cpus[i].cpu, &only);
		}
	}
	if (CPU_COUNT(&only)) {
		sched_setaffinity(0, sizeof only, &only); /* as it was, where that is not allowed */
	}
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* From the go to the end of the last window. */
static void work(const pf_limit_job *job, void *state, board *shared, worker *own, double seconds)
{
	uint64_t window_ns = (uint64_t)(seconds * 1e9 / PF_LIMIT_WINDOWS);
	uint64_t long_ns = 0; /* units of seconds: fewer windows */
	while (pf_now_ns() < atomic_load(&shared->go_ns)) {
	}
	uint64_t next_ns = pf_now_ns();
	own->marks[0] = (mark){.at_ns = next_ns};
	own->count = 1;
	long_ns = next_ns + (uint64_t)(seconds * 1e9 * LONG);
	next_ns += window_ns;
	for (double done = 0; own->count <= PF_LIMIT_WINDOWS && (own->count < LEAST || next_ns < long_ns);) {
		double more = job->run(state);
		uint64_t now_ns = pf_now_ns();
		if (more < 0) {
			snprintf(own->why, sizeof own->why, "it failed while it was measured");
			atomic_fetch_add(&shared->failed, 1);
			return;
		}
		done += more;
		if (now_ns >= next_ns) {
			own->marks[own->count++] = (mark){.at_ns = now_ns, .done = done};
			next_ns = now_ns + window_ns;
		}
	}
}

static _Noreturn void be_worker(const pf_limit_job *job, pf_limit_id id, const pf_limit_setting *setting,
				board *shared)
{
	worker *own = &shared->workers[setting->worker];
	pf_limit_bind(setting->topology, setting->worker);
	void *state = job->open(setting, id, own->why);
	if (state && job->run(state) < 0) { /* once unmeasured: caches, page faults */
		snprintf(own->why, sizeof own->why, "it failed at the first try");
		job->close(state);
		state = NULL;
	}
	if (!state) {
		atomic_fetch_add(&shared->failed, 1);
		_exit(1);
	}
	atomic_fetch_add(&shared->ready, 1);
	while (!atomic_load(&shared->go_ns)) {
		sleep_ms(1);
	}
	work(job, state, shared, own, setting->question->seconds / PF_LIMIT_PASSES);
	job->close(state);
	_exit(0);
}

/* Waits for all workers to be ready, or to have ended. */
static bool wait_for(board *shared, pf_child *children, uint32_t count, bool ready, double seconds)
{
	uint64_t end_ns = pf_now_ns() + (uint64_t)(seconds * 1e9);
	while (pf_now_ns() < end_ns && !pf_interrupts && !atomic_load(&shared->failed)) {
		uint32_t ended = 0;
		for (uint32_t i = 0; i < count; i++) {
			ended += pf_child_has_ended(&children[i]);
		}
		if (ready && atomic_load(&shared->ready) == count) {
			return true;
		}
		if (ended && (ready || ended == count)) {
			return !ready;
		}
		sleep_ms(2);
	}
	return false;
}

static uint32_t fewest_windows(const board *shared, uint32_t count)
{
	uint32_t fewest = PF_LIMIT_WINDOWS;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t own = shared->workers[i].count ? shared->workers[i].count - 1 : 0;
		fewest = own < fewest ? own : fewest;
	}
	return fewest;
}

/* The sum over the workers of what each did in its windows: the n-th of all of them together. */
static void sum_up(const board *shared, uint32_t count, const pf_limit_job *job, pf_limit_samples *out)
{
	uint32_t windows = fewest_windows(shared, count);
	for (uint32_t k = 0; k < windows && out->count < PF_LIMIT_SAMPLES; k++) {
		double rate = 0;
		for (uint32_t i = 0; i < count; i++) {
			const mark *from = &shared->workers[i].marks[k];
			rate += (from[1].done - from[0].done) * 1e9 / (double)(from[1].at_ns - from[0].at_ns);
		}
		out->samples[out->count++] = job->inverse ? job->scale / rate : rate * job->scale;
	}
	double sorted[PF_LIMIT_SAMPLES];
	memcpy(sorted, out->samples, sizeof sorted);
	pf_sort(sorted, out->count);
	out->median = pf_median(sorted, out->count);
	out->low = sorted[0];
	out->high = sorted[out->count - 1];
	out->best = job->inverse ? out->low : out->high;
}

static void find_why(const board *shared, uint32_t count, char why[200])
{
	snprintf(why, 200, "a process ended before it was done");
	for (uint32_t i = 0; i < count; i++) {
		if (shared->workers[i].why[0]) {
			snprintf(why, 200, "%s", shared->workers[i].why);
		}
	}
}

bool pf_limit_run(const pf_limit_job *job, pf_limit_id id, const pf_limit_setting *setting,
		  pf_limit_samples *out, char why[200])
{
	uint32_t count = setting->workers, begun = 0;
	size_t bytes = sizeof(board) + count * sizeof(worker);
	board *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pf_child *children = calloc(count, sizeof *children);
	bool done = false;
	if (shared == MAP_FAILED || !children) {
		pf_out_of_memory();
	}
	fflush(NULL); /* nothing may be printed twice */
	for (; begun < count; begun++) {
		pf_limit_setting own = *setting;
		own.worker = begun;
		pid_t pid = pf_child_fork(&children[begun]);
		if (pid == 0) {
			be_worker(job, id, &own, shared);
		}
		if (pid < 0) {
			break;
		}
	}
	if (begun == count && wait_for(shared, children, count, true, START_S)) {
		atomic_store(&shared->go_ns, pf_now_ns() + 3000000);
		done = wait_for(shared, children, count, false, LONG * setting->question->seconds + LATE_S);
	}
	done = done && fewest_windows(shared, count) + 1 >= LEAST;
	for (uint32_t i = 0; i < begun; i++) {
		pf_error ignored;
		if (!pf_child_has_ended(&children[i])) {
			pf_child_stop(&children[i], 0, true);
		}
		pf_child_reap(&children[i], &ignored);
	}
	if (done) {
		sum_up(shared, count, job, out);
	} else {
		*out = (pf_limit_samples){0};
		find_why(shared, count, why);
	}
	munmap(shared, bytes);
	free(children);
	return done;
}
