/* A pool of forked workers that get numbered units from the parent, one at a time, and say what became of
 * them: each through a line of its own, and nothing of the pool lies in memory that a worker could write to.
 * So the parent knows who has which unit, and takes no word of another. It learns of a worker's end by the
 * closing of its line, which no death can prevent.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/exec/pool_line.h"
#include "core/exec/pool_steps.h"
#include "photofinish/containment.h"
#include "photofinish/exec.h"
#include "photofinish/side_thread.h"

#define NO_UNIT PF_POOL_NO_UNIT
#define MAX_IDLE_DEATHS 16
#define WATCH_MS 200 /* between looks at how long photos take, and ticks */
#define AT_ONCE_MS 1 /* a unit that comes sooner was not waited for */
#define NAP_MS 50    /* of a worker without a unit, between looks at the request to stop */

/* Of the parent: one worker. */
struct member {
	pid_t pid;     /* 0: none */
	uint64_t unit; /* that it has, or shall have once it is ready */
	bool ready;    /* it has opened what it needs */
	bool waiting;  /* for a unit */
	bool over;     /* it was told that there are no more */
	bool refused;  /* what it said was refused: it is killed, and not listened to any more */
	bool killed;   /* it took too long */
	pf_status failed;
	pf_error why;
	uint32_t photo; /* that it was on when looked at last, and since when */
	uint64_t since_ns;
};

struct pf_pool {
	const struct pf_env *env;
	const pf_pool_job *job;
	struct member *members;
	pf_pool_line *lines;
	struct pollfd *looked; /* at the lines, and at what the feed waits for */
	uint64_t next, ready;  /* the unit to be given next; how many there are so far */
	bool all_there;        /* `ready` rises no more */
	unsigned idle_deaths;
	uint64_t deaths; /* all */
	bool feeding, cancelled;
	uint64_t watched_ns; /* when photos were looked at last */
};

const char *pf_death_text(int signal)
{
	return signal == PF_DEATH_BY_TIMEOUT   ? "they took too long"
	       : signal == PF_DEATH_BY_REFUSAL ? "they told of photos that they were not given"
	       : signal                        ? strsignal(signal)
					       : "exit";
}

/* In a worker: the next unit, waiting for one to come in. *unit is NO_UNIT when there will be none. */
static pf_status take(const pf_pool *pool, uint32_t slot, uint64_t *unit, pf_error *error)
{
	pf_trace *trace = &pool->env->traces[slot];
	for (bool first = true;; first = false) {
		if (pf_pool_take(unit,
				 first ? AT_ONCE_MS : 0)) { /* what was given is done, as what is at hand */
			return PF_OK;
		}
		if (pf_cancelled(pool->env)) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		uint64_t begin = pf_span_begin(trace, PF_STAGE_WAIT);
		bool came = pf_pool_take(unit, NAP_MS);
		pf_span_end(trace, PF_STAGE_WAIT, begin);
		if (came) {
			return PF_OK;
		}
	}
}

static pf_status work(const pf_pool *pool, uint32_t slot, pf_error *error)
{
	const pf_pool_job *job = pool->job;
	void *state = NULL;
	pf_status status = job->open(job->context, slot, &state, error);
	if (status == PF_OK) {
		status = pf_pool_say(PF_POOL_READY, NULL, 0);
	}
	while (status == PF_OK) {
		uint64_t unit;
		status = take(pool, slot, &unit, error);
		if (status != PF_OK || unit == NO_UNIT) {
			break;
		}
		status = job->unit(job->context, state, unit, error);
		if (status == PF_OK) {
			status = pf_pool_say(PF_POOL_DONE, NULL, 0);
		}
	}
	if (state) {
		job->close(job->context, state);
	}
	return status;
}

/* The whole life of a worker. */
static void __attribute__((noreturn)) live(const pf_pool *pool, uint32_t slot, pid_t parent)
{
	pf_error why = {0};
	pf_pool_line_enter(pool->lines, pool->env->workers, slot - 1);
	pf_worker_enter(pool->env, slot);
	if (getppid() != parent) { /* it died before the death signal was set */
		_exit(2);
	}
	pf_status status = pool->env->isolate ? pool->env->isolate(pool->env, slot, &why) : PF_OK;
	if (status == PF_OK) {
		status = pf_contain_worker(&why);
	}
	if (status == PF_OK) {
		status = work(pool, slot, &why);
	}
	pf_worker_leave(pool->env, slot);
	if (status != PF_OK) {
		pf_pool_say(PF_POOL_FAILED, &why, sizeof why);
	}
	_exit(0);
}

static pf_status spawn(pf_pool *pool, uint32_t slot, uint64_t first_unit, pf_error *error)
{
	pf_pool_line *line = &pool->lines[slot - 1];
	const pf_pool_job *job = pool->job;
	pf_status ready = job->forking ? job->forking(job->context, slot, error) : PF_OK;
	ready = ready == PF_OK ? pf_pool_line_open(line, error) : ready;
	if (ready != PF_OK) {
		return ready;
	}
	pid_t parent = getpid();
	if (job->beside) {
		pf_side_thread_enter(job->beside);
	}
	pid_t pid = fork();
	if (job->beside && pid != 0) {
		int why = errno;
		pf_side_thread_leave(job->beside);
		errno = why;
	}
	if (pid < 0) {
		pf_status status = pf_fail_errno(error, NULL, "cannot fork a worker");
		pf_pool_line_close(line);
		return status;
	}
	if (pid == 0) {
		live(pool, slot, parent);
	}
	pf_pool_line_forked(line);
	pool->members[slot - 1] = (struct member){.pid = pid, .unit = first_unit, .photo = PF_NO_PHOTO};
	pool->looked[slot - 1] = (struct pollfd){.fd = line->said, .events = POLLIN};
	if (job->forked) {
		job->forked(job->context, slot);
	}
	return PF_OK;
}

/* Takes no word of it any more. */
static void refuse(struct member *member)
{
	member->refused = true;
	if (member->pid > 0) {
		kill(member->pid, SIGKILL);
	}
}

/* Gives a worker that is ready the unit that it shall have, the next one, or word that there are none. */
static void give(pf_pool *pool, uint32_t slot)
{
	struct member *member = &pool->members[slot - 1];
	if (pf_cancelled(pool->env)) { /* which it will see, too */
		return;
	}
	if (member->unit == NO_UNIT && pool->next < pool->ready) {
		member->unit = pool->next++;
	}
	member->waiting = member->unit == NO_UNIT && !pool->all_there;
	member->over = member->unit == NO_UNIT && pool->all_there;
	if (!member->waiting && !pf_pool_line_give(&pool->lines[slot - 1], member->unit)) {
		refuse(member);
	}
}

/* What one worker says. */
struct hearing {
	pf_pool *pool;
	struct member *member;
	uint32_t slot;
	pf_status status;
	pf_error *error;
};

static bool is_failure(const pf_error *why)
{
	return why->code != PF_OK && (unsigned)why->code < PF_STATUS_COUNT &&
	       memchr(why->message, 0, sizeof why->message) && memchr(why->file, 0, sizeof why->file);
}

/* PF_ERR_INVALID: it is not the worker's to say. */
static pf_status hear_word(const struct hearing *hearing, const pf_pool_head *head, const void *payload)
{
	const pf_pool_job *job = hearing->pool->job;
	struct member *member = hearing->member;
	size_t bytes = head->bytes - sizeof *head;
	pf_status status = PF_ERR_INVALID;
	bool at_work = member->ready && member->unit != NO_UNIT && head->unit == member->unit;
	if (head->word == PF_POOL_READY && !member->ready) {
		member->ready = true;
		give(hearing->pool, hearing->slot);
		status = PF_OK;
	} else if (head->word == PF_POOL_TOLD && at_work && job->told && bytes > 0) {
		status = job->told(job->context, member->unit, payload, bytes, hearing->error);
	} else if (head->word == PF_POOL_DONE && at_work) {
		status = job->told ? job->told(job->context, member->unit, NULL, 0, hearing->error) : PF_OK;
		if (status == PF_OK) {
			member->unit = NO_UNIT;
			hearing->pool->idle_deaths = job->units == PF_POOL_ENDLESS
							     ? 0
							     : hearing->pool->idle_deaths;
			give(hearing->pool, hearing->slot);
		}
	} else if (head->word == PF_POOL_FAILED && bytes == sizeof member->why) {
		memcpy(&member->why, payload, bytes);
		if (is_failure(&member->why)) {
			member->failed = member->why.code;
			status = PF_OK;
		}
	}
	return status;
}

static bool take_word(void *context, const pf_pool_head *head, const void *payload)
{
	struct hearing *hearing = context;
	if (hearing->member->failed == PF_OK) { /* that was its last word */
		hearing->status = hear_word(hearing, head, payload);
	}
	if (hearing->status == PF_ERR_INVALID) {
		refuse(hearing->member);
		hearing->status = PF_OK;
	}
	return hearing->status == PF_OK && !hearing->member->refused;
}

/* Takes in what worker `slot` has said; *more is false once it is gone. */
static pf_status hear(pf_pool *pool, uint32_t slot, bool *more, pf_error *error)
{
	pf_pool_line *line = &pool->lines[slot - 1];
	struct hearing hearing = {
		.pool = pool, .member = &pool->members[slot - 1], .slot = slot, .error = error};
	line->used = hearing.member->refused ? 0 : line->used;
	int heard = hearing.member->refused ? 1 : pf_pool_line_hear(line, take_word, &hearing);
	if (heard < 0) {
		refuse(hearing.member);
	}
	*more = heard != 0 && !hearing.member->refused;
	return hearing.status;
}

/* How it ended: 0, or a signal as pf_pool_job.died takes it; *dead: it did not end by itself. */
static pf_status wait_for_end(struct member *member, bool *dead, int *signal, pf_error *error)
{
	int ending = 0;
	pid_t gone;
	/* A line is closed by dying; if by anything else, it will not be waited for. */
	kill(member->pid, SIGKILL);
	do {
		gone = waitpid(member->pid, &ending, 0);
	} while (gone < 0 && errno == EINTR);
	member->pid = 0;
	member->waiting = false;
	if (gone < 0) {
		return pf_fail_errno(error, NULL, "cannot learn how a worker ended");
	}
	bool by_itself = WIFEXITED(ending) && WEXITSTATUS(ending) == 0;
	*dead = !by_itself || member->refused || (member->failed == PF_OK && !member->over);
	*signal = member->refused       ? PF_DEATH_BY_REFUSAL
		  : member->killed      ? PF_DEATH_BY_TIMEOUT
		  : WIFSIGNALED(ending) ? WTERMSIG(ending)
					: 0;
	return PF_OK;
}

static pf_status outlive(pf_pool *pool, uint32_t slot, int signal, pf_error *error)
{
	pf_trace *trace = &pool->env->traces[slot];
	uint64_t unit = pool->members[slot - 1].unit;
	uint32_t photo = atomic_load(&trace->photo);
	atomic_store(&trace->photo, PF_NO_PHOTO);
	atomic_fetch_add(&trace->deaths, 1);
	pool->deaths++;
	if (signal == PF_DEATH_BY_REFUSAL) {
		atomic_store(&pool->env->traces[0].refused_slot, slot);
	}
	if (unit != NO_UNIT) {
		pf_status status = pool->job->died(pool->job->context, unit, photo, signal, error);
		if (status != PF_OK) {
			return status;
		}
	} else if (++pool->idle_deaths > MAX_IDLE_DEATHS) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "workers keep dying while they start (%s)",
			       pf_death_text(signal));
	}
	return spawn(pool, slot, unit, error);
}

/* Reaps worker `slot`, whose line closed, or that is killed. Replaces it if it died. */
static pf_status reap(pf_pool *pool, uint32_t slot, pf_error *error)
{
	struct member *member = &pool->members[slot - 1];
	bool dead = false;
	int signal = 0;
	pf_status status = wait_for_end(member, &dead, &signal, error);
	pf_pool_line_close(&pool->lines[slot - 1]);
	pool->looked[slot - 1].fd = -1;
	if (status == PF_OK && dead) {
		return outlive(pool, slot, signal, error);
	}
	if (status == PF_OK && member->failed != PF_OK && error) {
		*error = member->why;
	}
	return status != PF_OK ? status : member->failed;
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
static void watch_photos(pf_pool *pool, uint64_t now)
{
	for (uint32_t i = 0; i < pool->env->workers && pool->env->photo_timeout_ns; i++) {
		struct member *member = &pool->members[i];
		uint32_t photo = atomic_load(&pool->env->traces[i + 1].photo);
		if (photo != member->photo || (photo == PF_NO_PHOTO && !is_stopped(member->pid))) {
			member->photo = photo;
			member->since_ns = now;
		} else if (member->pid > 0 && !member->killed &&
			   now - member->since_ns > pool->env->photo_timeout_ns) {
			member->killed = true;
			kill(member->pid, SIGKILL);
		}
	}
}

/* Now and then: a feed that takes one step after another must not be held up by it. */
static void look_around(pf_pool *pool)
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

static void kill_all(pf_pool *pool)
{
	for (uint32_t i = 0; i < pool->env->workers; i++) {
		if (pool->members[i].pid > 0) {
			kill(pool->members[i].pid, SIGKILL);
			while (waitpid(pool->members[i].pid, NULL, 0) < 0 && errno == EINTR) {
			}
		}
		pf_pool_line_close(&pool->lines[i]);
	}
}

static bool any_alive(const pf_pool *pool)
{
	for (uint32_t i = 0; i < pool->env->workers; i++) {
		if (pool->looked[i].fd >= 0) {
			return true;
		}
	}
	return false;
}

void pf_pool_offer(pf_pool *pool, size_t units, bool more)
{
	pool->feeding = more && pool->job->feed;
	pool->ready = units;
	pool->all_there = !more;
	for (uint32_t slot = 1; slot <= pool->env->workers; slot++) {
		if (pool->members[slot - 1].waiting) {
			give(pool, slot);
		}
	}
}

static pf_status feed(pf_pool *pool, pf_error *error)
{
	size_t units = pool->ready;
	bool more = true;
	pf_status status = pool->job->feed(pool->job->context, &units, &more, error);
	assert(units >= pool->ready && units <= pool->job->units);
	pf_pool_offer(pool, units, status == PF_OK && more);
	return status;
}

/* Waits for the end of a worker or something to feed on, or not at all where the feed is to go on. */
static pf_status wait_for_events(pf_pool *pool, int fd, int wait_ms, pf_error *error)
{
	uint32_t workers = pool->env->workers;
	struct pollfd *source = &pool->looked[workers];
	bool watching = pool->env->photo_timeout_ns || pool->job->tick;
	*source = (struct pollfd){.fd = pool->feeding ? pool->job->feed_fd : fd, .events = POLLIN};
	bool at_once = pool->feeding && source->fd < 0;
	wait_ms = watching && (wait_ms < 0 || wait_ms > WATCH_MS) ? WATCH_MS : wait_ms;
	int ready = poll(pool->looked, workers + 1, at_once ? 0 : wait_ms);
	look_around(pool);
	if (ready < 0 && errno == EINTR) {
		for (uint32_t i = 0; i <= workers; i++) {
			pool->looked[i].revents = 0;
		}
		return PF_OK;
	}
	return ready < 0 ? pf_fail_errno(error, NULL, "cannot wait for the workers") : PF_OK;
}

/* Deals with what wait_for_events found. */
static pf_status handle_events(pf_pool *pool, pf_error *error)
{
	uint32_t workers = pool->env->workers;
	pf_status status = PF_OK, cancelled = PF_OK;
	for (uint32_t slot = 1; slot <= workers && status == PF_OK; slot++) {
		if (pool->looked[slot - 1].fd >= 0 && pool->looked[slot - 1].revents) {
			bool more;
			status = hear(pool, slot, &more, error);
			status = status == PF_OK && !more ? reap(pool, slot, error) : status;
		}
		if (status == PF_ERR_CANCELLED) { /* the others finish the photo at hand, too */
			cancelled = status;
			status = PF_OK;
		}
	}
	if (status == PF_OK && pool->feeding &&
	    (pool->looked[workers].fd < 0 || pool->looked[workers].revents)) {
		status = cancelled == PF_OK ? feed(pool, error) : PF_OK;
	}
	return status != PF_OK ? status : cancelled;
}

pf_status pf_pool_step(pf_pool *pool, int fd, int wait_ms, pf_error *error)
{
	pf_status status = wait_for_events(pool, fd, wait_ms, error);
	if (status == PF_OK) {
		status = handle_events(pool, error);
	}
	if (status == PF_ERR_CANCELLED) {
		pool->cancelled = true;
		pool->feeding = false;
		status = PF_OK;
	}
	return status;
}

bool pf_pool_alive(const pf_pool *pool)
{
	return any_alive(pool);
}

bool pf_pool_cancelled(const pf_pool *pool)
{
	return pool->cancelled;
}

uint64_t pf_pool_deaths(const pf_pool *pool)
{
	return pool->deaths;
}

void pf_pool_count(const pf_pool *pool, uint32_t *ready, uint32_t *busy)
{
	*ready = *busy = 0;
	for (uint32_t i = 0; i < pool->env->workers; i++) {
		const struct member *member = &pool->members[i];
		*ready += member->pid > 0 && member->ready;
		*busy += member->pid > 0 && member->ready && member->unit != NO_UNIT;
	}
}

static void release(pf_pool *pool)
{
	free(pool->lines);
	free(pool->members);
	free(pool->looked);
	free(pool);
}

void pf_pool_close(pf_pool *pool)
{
	if (pool) {
		kill_all(pool);
		release(pool);
	}
}

/* A pool without workers; NULL: no memory. */
static pf_pool *create(const struct pf_env *env, const pf_pool_job *job)
{
	uint32_t workers = env->workers;
	pf_pool *pool = calloc(1, sizeof *pool);
	if (pool) {
		pool->looked = calloc(workers + 1,
				      sizeof *pool->looked); /* the last: what the feed waits for */
		pool->members = calloc(workers, sizeof *pool->members);
		pool->lines = calloc(workers, sizeof *pool->lines);
	}
	if (!pool || !pool->looked || !pool->members || !pool->lines) {
		if (pool) {
			release(pool);
		}
		return NULL;
	}
	pool->env = env;
	pool->job = job;
	for (uint32_t i = 0; i < workers; i++) {
		pool->looked[i].fd = pool->lines[i].said = pool->lines[i].given = -1;
		pool->lines[i].worker_says = pool->lines[i].worker_given = -1;
		pool->members[i].unit = NO_UNIT;
		pool->members[i].photo = PF_NO_PHOTO;
	}
	return pool;
}

static pf_status no_memory(const struct pf_env *env, pf_error *error)
{
	return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for %u workers", env->workers);
}

static pf_status spawn_all(pf_pool *pool, pf_error *error)
{
	pf_status status = PF_OK;
	for (uint32_t slot = 1; slot <= pool->env->workers && status == PF_OK; slot++) {
		status = spawn(pool, slot, NO_UNIT, error);
	}
	return status;
}

pf_status pf_pool_open(const struct pf_env *env, const pf_pool_job *job, pf_pool **out, pf_error *error)
{
	pf_pool *pool = *out = create(env, job);
	pf_status status = pool ? spawn_all(pool, error) : no_memory(env, error);
	if (status != PF_OK) {
		pf_pool_close(pool);
		*out = NULL;
	}
	return status;
}

pf_status pf_pool_run(const struct pf_env *env, const pf_pool_job *job, pf_error *error)
{
	pf_pool *pool = create(env, job);
	if (!pool) {
		return no_memory(env, error);
	}
	bool fed = job->feed != NULL;
	pf_pool_offer(pool, fed ? 0 : job->units, fed);
	pf_status status = spawn_all(pool, error);
	while (status == PF_OK && any_alive(pool)) {
		status = pf_pool_step(pool, -1, -1, error);
	}
	status = status == PF_OK && pool->cancelled ? PF_ERR_CANCELLED : status;
	pf_pool_close(pool);
	return status;
}
