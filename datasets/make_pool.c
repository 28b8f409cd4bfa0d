#include "datasets/make_pool.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEATHS_MAX = 3, POLL_MS = 20, PROGRESS_MS = 200 };

typedef struct pool {
	const pf_make_job *job;
	const pf_make_options *options;
	pid_t children[PF_MAKE_WORKERS_MAX]; /* 0: none */
	unsigned workers, alive, deaths;
	double began;
	uint32_t resumed;
} pool;

double pf_make_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static _Noreturn void child(const pool *p, unsigned slot, int group, pid_t parent)
{
	pf_make_slot *own = &p->job->shared->slots[slot];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) { /* it died before the line above */
		_exit(1);
	}
	/* Ctrl-C and the end of the terminal reach the whole foreground group: the parent decides */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	pf_status status = pf_make_work(p->job, slot, group, &own->error);
	_exit(status == PF_OK ? 0 : 1);
}

static pf_status start(pool *p, unsigned slot, int group, pf_error *error)
{
	pid_t parent = getpid();
	memset(&p->job->shared->slots[slot].error, 0, sizeof(pf_error));
	atomic_store(&p->job->shared->slots[slot].group, -1);
	pid_t pid = fork();
	if (pid < 0) {
		return pf_fail_errno(error, NULL, "cannot start a worker process");
	}
	if (pid == 0) {
		child(p, slot, group, parent);
	}
	p->children[slot] = pid;
	p->alive++;
	return PF_OK;
}

/* A worker ended: by itself, or killed; a killed one is replaced and its group tried again. */
static pf_status ended(pool *p, unsigned slot, int wait_status, pf_error *error)
{
	pf_make_slot *own = &p->job->shared->slots[slot];
	p->children[slot] = 0;
	p->alive--;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
		return PF_OK;
	}
	if (WIFEXITED(wait_status) && own->error.code != PF_OK) {
		if (error) {
			*error = own->error;
		}
		return own->error.code;
	}
	char path[PF_PLAN_PATH_MAX];
	uint32_t photo = atomic_load(&own->photo);
	const pf_plan *plan = p->job->plan;
	const pf_plan_group *group = &plan->groups[pf_plan_group_of(plan, photo)];
	pf_plan_path(plan, group, photo - group->first, path);
	if (++p->deaths > DEATHS_MAX) {
		return pf_fail(error, PF_ERR_CRASHED, path,
			       "workers died %u times, the last by signal %d at this photo", p->deaths,
			       WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0);
	}
	return atomic_load(&p->job->shared->stop) ? PF_OK : start(p, slot, atomic_load(&own->group), error);
}

/* Collects the children that ended; with `block` waits for the first. */
static pf_status reap(pool *p, bool block, pf_error *error)
{
	pf_status status = PF_OK;
	for (unsigned slot = 0; slot < p->workers; slot++) {
		int wait_status;
		if (p->children[slot] == 0) {
			continue;
		}
		pid_t pid;
		do {
			pid = waitpid(p->children[slot], &wait_status, block ? 0 : WNOHANG);
		} while (pid < 0 && errno == EINTR);
		if (pid == p->children[slot]) {
			pf_status one = ended(p, slot, wait_status, status ? NULL : error);
			status = status ? status : one;
		} else if (pid < 0) { /* someone else's SIGCHLD handling took it */
			p->children[slot] = 0;
			p->alive--;
		}
	}
	return status;
}

static void report(const pool *p)
{
	const pf_make_shared *shared = p->job->shared;
	pf_make_progress progress = {.total = p->job->plan->spec->photos, .resumed = p->resumed};
	if (!p->options->progress) {
		return;
	}
	progress.done = atomic_load(&shared->done);
	progress.bytes = atomic_load(&shared->bytes);
	progress.seconds = pf_make_clock() - p->began;
	uint32_t fresh = progress.done - p->resumed;
	progress.eta_seconds = fresh ? progress.seconds / fresh * (progress.total - progress.done) : -1;
	p->options->progress(p->options->context, &progress);
}

pf_status pf_make_pool_run(const pf_make_job *job, const pf_make_options *options, unsigned workers,
			   double began, uint32_t resumed, pf_error *error)
{
	pool p = {.job = job, .options = options, .workers = workers, .began = began, .resumed = resumed};
	pf_status status = PF_OK;
	double reported = 0;
	for (unsigned slot = 0; slot < workers && status == PF_OK; slot++) {
		status = start(&p, slot, -1, error);
	}
	while (status == PF_OK && p.alive > 0) {
		struct timespec pause = {0, POLL_MS * 1000000L};
		nanosleep(&pause, NULL);
		if (options->cancel && *options->cancel) {
			status = pf_fail(error, PF_ERR_CANCELLED, NULL,
					 "stopped on request; a later make goes on from here");
			break;
		}
		status = reap(&p, false, error);
		if (pf_make_clock() - reported > PROGRESS_MS * 1e-3) {
			report(&p);
			reported = pf_make_clock();
		}
	}
	atomic_store(&job->shared->stop, 1);
	while (p.alive > 0) {
		pf_status late = reap(&p, true, status ? NULL : error);
		status = status ? status : late;
	}
	report(&p);
	return status;
}
