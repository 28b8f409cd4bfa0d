/* A pool of forked workers that take numbered units from a shared counter. The parent waits, and takes in
 * further units where there is a feed: it learns of a worker's end by the closing of a pipe that the worker
 * holds, which no death can prevent. Workers without a unit sleep on a futex, which nobody can die holding.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "photofinish/containment.h"
#include "photofinish/exec.h"
#include "photofinish/side_thread.h"

#define NO_UNIT UINT64_MAX
#define NOBODY 0
#define DONE UINT32_MAX
#define MAX_IDLE_DEATHS 16
#define WATCH_MS 200 /* between looks at how long photos take, and ticks */
#define NAP_MS 50    /* of a worker without a unit, between looks at the request to stop */

/* Shared with the workers. */
typedef struct shared_worker {
	atomic_int failed; /* `error` holds why the worker gave up */
	pf_error error;
} shared_worker;

typedef struct shared_pool {
	atomic_uint_fast64_t next, ready; /* the unit to be taken next; how many there are so far */
	atomic_bool all_there;            /* `ready` rises no more */
	_Atomic uint32_t news;            /* futex: changes with the two above */
	shared_worker workers[];
} shared_pool;

/* Since when a worker has been on the photo that it has, as far as the parent has seen. */
struct on_photo {
	uint32_t photo;
	bool killed;
	uint64_t since_ns;
};

/* Of the parent. */
struct pool {
	const struct pf_env *env;
	const pf_pool_job *job;
	shared_pool *shared;
	_Atomic uint32_t *owner; /* of each unit, shared: the slot that has it; NOBODY, or DONE */
	struct pollfd *alive;    /* read ends; fd -1 where no worker is */
	pid_t *pids;
	struct on_photo *on_photo;
	unsigned idle_deaths;
	bool feeding;
	uint64_t watched_ns; /* when photos were looked at last */
};

static long futex(_Atomic uint32_t *word, int operation, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

/* Takes the next unit, waiting for one to come in. *unit is NO_UNIT when there will be none. A unit has its
 * owner in the same instant in which it is taken, so that no death can lose one. */
static pf_status take(const struct pool *pool, uint32_t slot, uint64_t *unit, pf_error *error)
{
	shared_pool *shared = pool->shared;
	pf_trace *trace = &pool->env->traces[slot];
	for (;;) {
		if (pf_cancelled(pool->env)) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		uint32_t news = atomic_load(&shared->news);
		bool all_there = atomic_load(&shared->all_there); /* before `ready`, which it makes final */
		uint64_t ready = atomic_load(&shared->ready), next = atomic_load(&shared->next);
		if (next < ready) {
			uint32_t nobody = NOBODY;
			*unit = next;
			bool mine = atomic_compare_exchange_strong(&pool->owner[next], &nobody, slot);
			/* Whoever lost helps on: the owner may have died before it could. */
			atomic_compare_exchange_strong(&shared->next, &next, next + 1);
			if (mine) {
				return PF_OK;
			}
		} else if (all_there) {
			*unit = NO_UNIT;
			return PF_OK;
		} else {
			uint64_t begin = pf_span_begin(trace, PF_STAGE_WAIT);
			futex(&shared->news, FUTEX_WAIT, news,
			      &(struct timespec){.tv_nsec = NAP_MS * 1000000});
			pf_span_end(trace, PF_STAGE_WAIT, begin);
		}
	}
}

static pf_status work(const struct pool *pool, uint32_t slot, uint64_t first_unit, pf_error *error)
{
	const pf_pool_job *job = pool->job;
	void *state = NULL;
	pf_status status = job->open(job->context, slot, &state, error);
	uint64_t unit = first_unit;
	while (status == PF_OK) {
		if (unit == NO_UNIT) {
			status = take(pool, slot, &unit, error);
		} else if (pf_cancelled(pool->env)) {
			status = pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		if (status != PF_OK || unit == NO_UNIT) {
			break;
		}
		status = job->unit(job->context, state, unit, error);
		if (status == PF_OK) {
			atomic_store(&pool->owner[unit], DONE);
		}
		unit = NO_UNIT;
	}
	if (state) {
		job->close(job->context, state);
	}
	return status;
}

static pf_status spawn(struct pool *pool, uint32_t slot, uint64_t first_unit, pf_error *error)
{
	shared_worker *shared = &pool->shared->workers[slot - 1];
	int ends[2];
	pf_status ready = pool->job->forking ? pool->job->forking(pool->job->context, slot, error) : PF_OK;
	if (ready != PF_OK) {
		return ready;
	}
	if (pipe2(ends, O_CLOEXEC)) {
		return pf_fail_errno(error, NULL, "cannot open a pipe for a worker");
	}
	pid_t parent = getpid();
	if (pool->job->beside) {
		pf_side_thread_enter(pool->job->beside);
	}
	pid_t pid = fork();
	if (pool->job->beside && pid != 0) {
		int why = errno;
		pf_side_thread_leave(pool->job->beside);
		errno = why;
	}
	if (pid < 0) {
		pf_status status = pf_fail_errno(error, NULL, "cannot fork a worker");
		close(ends[0]);
		close(ends[1]);
		return status;
	}
	if (pid == 0) {
		/* Other workers' read ends were inherited; they do no harm, but their own pipe must close
		 * with them, so no write end may be: the parent closes its copy of each right after the fork.
		 */
		close(ends[0]);
		pf_worker_enter(pool->env, slot);
		if (getppid() != parent) { /* it died before the death signal was set */
			_exit(2);
		}
		pf_status status = pf_contain_worker(&shared->error);
		if (status == PF_OK) {
			status = work(pool, slot, first_unit, &shared->error);
		}
		pf_worker_leave(pool->env, slot);
		atomic_store(&shared->failed, status != PF_OK);
		_exit(0);
	}
	close(ends[1]);
	pool->pids[slot - 1] = pid;
	pool->alive[slot - 1] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	if (pool->job->forked) {
		pool->job->forked(pool->job->context, slot);
	}
	return PF_OK;
}

/* What worker `slot` has at hand, or had when it died; NO_UNIT between units. */
static uint64_t unit_of(const struct pool *pool, uint32_t slot)
{
	uint64_t taken = atomic_load(&pool->shared->ready);
	for (uint64_t unit = 0; unit < taken; unit++) {
		if (atomic_load(&pool->owner[unit]) == slot) {
			return unit;
		}
	}
	return NO_UNIT;
}

/* Reaps worker `slot`, whose pipe closed. Replaces it if it died. */
static pf_status reap(struct pool *pool, uint32_t slot, pf_error *error)
{
	shared_worker *shared = &pool->shared->workers[slot - 1];
	pf_trace *trace = &pool->env->traces[slot];
	int ending = 0;
	pid_t gone;
	do {
		gone = waitpid(pool->pids[slot - 1], &ending, 0);
	} while (gone < 0 && errno == EINTR);
	pf_status lost = gone < 0 ? pf_fail_errno(error, NULL, "cannot learn how a worker ended") : PF_OK;
	close(pool->alive[slot - 1].fd);
	pool->alive[slot - 1].fd = -1;
	pool->pids[slot - 1] = 0;
	if (lost != PF_OK) {
		return lost;
	}
	if (WIFEXITED(ending) && WEXITSTATUS(ending) == 0) {
		if (!atomic_load(&shared->failed)) {
			return PF_OK;
		}
		if (error) {
			*error = shared->error;
		}
		return shared->error.code;
	}
	int signal = WIFSIGNALED(ending) ? WTERMSIG(ending) : 0;
	if (pool->on_photo[slot - 1].killed) {
		signal = PF_DEATH_BY_TIMEOUT;
	}
	pool->on_photo[slot - 1] = (struct on_photo){.photo = PF_NO_PHOTO};
	uint64_t unit = unit_of(pool, slot);
	uint32_t photo = atomic_load(&trace->photo);
	atomic_store(&trace->photo, PF_NO_PHOTO);
	atomic_fetch_add(&trace->deaths, 1);
	if (unit == NO_UNIT) {
		if (++pool->idle_deaths > MAX_IDLE_DEATHS) {
			return pf_fail(error, PF_ERR_CRASHED, NULL,
				       "workers keep dying while they start (%s)",
				       signal ? strsignal(signal) : "exit");
		}
	} else {
		pf_status status = pool->job->died(pool->job->context, unit, photo, signal, error);
		if (status != PF_OK) {
			return status;
		}
	}
	return spawn(pool, slot, unit, error);
}

/* By somebody's SIGSTOP, and neither continued nor dead since. */
static bool is_stopped(pid_t pid)
{
	siginfo_t info = {0};
	return pid > 0 && waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid && info.si_code == CLD_STOPPED;
}

/* Kills workers that have been on one photo for too long, and those that are stopped without one for as long.
 */
static void watch_photos(struct pool *pool, uint64_t now)
{
	for (uint32_t i = 0; i < pool->env->workers && pool->env->photo_timeout_ns; i++) {
		struct on_photo *on = &pool->on_photo[i];
		uint32_t photo = atomic_load(&pool->env->traces[i + 1].photo);
		if (photo != on->photo || (photo == PF_NO_PHOTO && !is_stopped(pool->pids[i]))) {
			*on = (struct on_photo){.photo = photo, .since_ns = now};
		} else if (pool->pids[i] > 0 && !on->killed &&
			   now - on->since_ns > pool->env->photo_timeout_ns) {
			on->killed = true;
			kill(pool->pids[i], SIGKILL);
		}
	}
}

/* Now and then: a feed that takes one step after another must not be held up by it. */
static void look_around(struct pool *pool)
{
	uint64_t now = pf_now_ns();
	if (now - pool->watched_ns < WATCH_MS * 1000000ull / 2) {
		return;
	}
	pool->watched_ns = now;
	watch_photos(pool, now);
	if (pool->job->tick) {
		pool->job->tick(pool->job->context);
	}
}

static void kill_all(struct pool *pool)
{
	for (uint32_t i = 0; i < pool->env->workers; i++) {
		if (pool->pids[i] > 0) {
			kill(pool->pids[i], SIGKILL);
			while (waitpid(pool->pids[i], NULL, 0) < 0 && errno == EINTR) {
			}
			close(pool->alive[i].fd);
		}
	}
}

static bool any_alive(const struct pool *pool)
{
	for (uint32_t i = 0; i < pool->env->workers; i++) {
		if (pool->alive[i].fd >= 0) {
			return true;
		}
	}
	return false;
}

/* Tells the workers how many units there are; `more`: further ones will come. */
static void publish(struct pool *pool, size_t units, bool more)
{
	shared_pool *shared = pool->shared;
	pool->feeding = more;
	if (more && atomic_load(&shared->ready) == units) {
		return;
	}
	atomic_store(&shared->ready, units);
	atomic_store(&shared->all_there, !more);
	atomic_fetch_add(&shared->news, 1);
	futex(&shared->news, FUTEX_WAKE, INT_MAX, NULL);
}

static pf_status feed(struct pool *pool, pf_error *error)
{
	size_t units = atomic_load(&pool->shared->ready);
	bool more = true;
	pf_status status = pool->job->feed(pool->job->context, &units, &more, error);
	assert(units >= atomic_load(&pool->shared->ready) && units <= pool->job->units);
	publish(pool, units, status == PF_OK && more);
	return status;
}

/* Waits for the end of a worker or something to feed on, or not at all where the feed is to go on. */
static pf_status wait_for_events(struct pool *pool, pf_error *error)
{
	uint32_t workers = pool->env->workers;
	struct pollfd *source = &pool->alive[workers];
	bool watching = pool->env->photo_timeout_ns || pool->job->tick;
	*source = (struct pollfd){.fd = pool->feeding ? pool->job->feed_fd : -1, .events = POLLIN};
	bool at_once = pool->feeding && source->fd < 0;
	int ready = poll(pool->alive, workers + 1, at_once ? 0 : watching ? WATCH_MS : -1);
	look_around(pool);
	if (ready < 0 && errno == EINTR) {
		for (uint32_t i = 0; i <= workers; i++) {
			pool->alive[i].revents = 0;
		}
		return PF_OK;
	}
	return ready < 0 ? pf_fail_errno(error, NULL, "cannot wait for the workers") : PF_OK;
}

/* Deals with what wait_for_events found. */
static pf_status handle_events(struct pool *pool, pf_error *error)
{
	uint32_t workers = pool->env->workers;
	pf_status status = PF_OK, cancelled = PF_OK;
	for (uint32_t slot = 1; slot <= workers && status == PF_OK; slot++) {
		if (pool->alive[slot - 1].fd >= 0 && pool->alive[slot - 1].revents) {
			status = reap(pool, slot, error);
		}
		if (status == PF_ERR_CANCELLED) { /* the others finish the photo at hand, too */
			cancelled = status;
			status = PF_OK;
		}
	}
	if (status == PF_OK && pool->feeding &&
	    (pool->alive[workers].fd < 0 || pool->alive[workers].revents)) {
		status = cancelled == PF_OK ? feed(pool, error) : PF_OK;
	}
	return status != PF_OK ? status : cancelled;
}

static pf_status supervise(struct pool *pool, pf_error *error)
{
	pf_status status = PF_OK, cancelled = PF_OK;
	bool fed = pool->job->feed != NULL;
	publish(pool, fed ? 0 : pool->job->units, fed);
	for (uint32_t slot = 1; slot <= pool->env->workers && status == PF_OK; slot++) {
		status = spawn(pool, slot, NO_UNIT, error);
	}
	while (status == PF_OK && any_alive(pool)) {
		status = wait_for_events(pool, error);
		if (status == PF_OK) {
			status = handle_events(pool, error);
		}
		if (status == PF_ERR_CANCELLED) {
			cancelled = status;
			pool->feeding = false;
			status = PF_OK;
		}
	}
	if (status != PF_OK) {
		kill_all(pool);
	}
	return status != PF_OK ? status : cancelled;
}

pf_status pf_pool_run(const struct pf_env *env, const pf_pool_job *job, pf_error *error)
{
	uint32_t workers = env->workers;
	size_t bytes = sizeof(shared_pool) + workers * sizeof(shared_worker);
	struct pool pool = {.env = env, .job = job};
	pf_status status = PF_OK;
	pool.shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t owner_bytes = (job->units + 1) * sizeof *pool.owner;
	pool.owner = mmap(NULL, owner_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pool.alive = calloc(workers + 1, sizeof *pool.alive); /* the last: what the feed waits for */
	pool.pids = calloc(workers, sizeof *pool.pids);
	pool.on_photo = calloc(workers, sizeof *pool.on_photo);
	if (pool.shared == MAP_FAILED || pool.owner == MAP_FAILED || !pool.alive || !pool.pids ||
	    !pool.on_photo) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for %u workers", workers);
		goto out;
	}
	for (uint32_t i = 0; i < workers; i++) {
		pool.alive[i].fd = -1;
		pool.on_photo[i].photo = PF_NO_PHOTO;
	}
	status = supervise(&pool, error);
out:
	free(pool.on_photo);
	free(pool.pids);
	free(pool.alive);
	if (pool.shared != MAP_FAILED) {
		munmap(pool.shared, bytes);
	}
	if (pool.owner != MAP_FAILED) {
		munmap(pool.owner, owner_bytes);
	}
	return status;
}
