/* Memory: reading and copying what no cache holds; and moving bytes from one process to another. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/limits/limit_job.h"

enum {
	PART = 4 << 20,
	WRITE = 64 << 10,
	SLOT = 1 << 20,
	SLOTS = 4,
	MOVED = 16 /* slots a run */,
	SPINS = 100000
};

typedef struct memory {
	uint8_t *bytes;
	size_t size, at;
} memory;

static volatile uint64_t kept;

static void *no_memory(char why[200])
{
	snprintf(why, 200, "no memory");
	return NULL;
}

static void *open_memory(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	(void)id;
	memory *own = calloc(1, sizeof *own);
	if (!own) {
		return no_memory(why);
	}
	own->size = (setting->memory_bytes + PART - 1) / PART * PART;
	own->bytes = aligned_alloc(2 << 20, own->size);
	if (!own->bytes) {
		free(own);
		return no_memory(why);
	}
	madvise(own->bytes, own->size, MADV_HUGEPAGE);
	memset(own->bytes, 1, own->size);
	return own;
}

static void close_memory(void *state)
{
	memory *own = state;
	free(own->bytes);
	free(own);
}

typedef uint64_t words __attribute__((vector_size(32)));

static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
	const words *at = (const words *)(const void *)bytes;
	words a = {0}, b = {0}, c = {0}, d = {0};
	for (size_t i = 0; i + 4 <= size / sizeof *at; i += 4) {
		a += at[i];
		b += at[i + 1];
		c += at[i + 2];
		d += at[i + 3];
	}
	a += b + c + d;
	return a[0] + a[1] + a[2] + a[3];
}

static double run_read(void *state)
{
	memory *own = state;
	kept = sum_of(own->bytes + own->at, PART);
	own->at = (own->at + PART) % own->size;
	return PART;
}

static double run_copy(void *state)
{
	memory *own = state;
	size_t half = own->size / 2 / PART * PART, at = own->at % half;
	memcpy(own->bytes + half + at, own->bytes + at, PART);
	own->at = at + PART;
	return 2.0 * PART;
}

const pf_limit_job pf_limit_read_job = {
	.open = open_memory, .run = run_read, .close = close_memory, .scale = 1e-9};
const pf_limit_job pf_limit_copy_job = {
	.open = open_memory, .run = run_copy, .close = close_memory, .scale = 1e-9};

/* Two processes: this one sends, the other one takes. Neither sleeps: who waits tries again. What sleeping
 * and waking cost depends on who happens to be ahead; it is no part of a limit. */
typedef struct way {
	int pipe;
	pf_child taker;
	uint8_t *source;
	struct ring *ring;
	uint64_t sent;
} way;

struct ring {
	sem_t full, empty;
	_Alignas(64) uint8_t slots[SLOTS][SLOT];
};

/* Before another try. Somebody else may need this core: the other end, where there is only one. */
static void wait_a_little(unsigned *tries)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
	if (++*tries % 1024 == 0) {
		sched_yield();
	}
}

static void end_taker(way *own)
{
	pf_error ignored;
	if (!pf_child_has_ended(&own->taker)) {
		pf_child_stop(&own->taker, 0, true);
	}
	pf_child_reap(&own->taker, &ignored);
}

static way *open_way(char why[200])
{
	way *own = calloc(1, sizeof *own);
	uint8_t *source = own ? aligned_alloc(4096, SLOT) : NULL;
	if (!source) {
		free(own);
		return no_memory(why);
	}
	memset(source, 1, SLOT);
	own->pipe = -1;
	own->source = source;
	return own;
}

static _Noreturn void take_from_pipe(int fd)
{
	uint8_t *into = malloc(WRITE);
	unsigned tries = 0;
	for (ssize_t got = 1; into && (got > 0 || (got < 0 && errno == EAGAIN));) {
		got = read(fd, into, WRITE);
		if (got < 0) {
			wait_a_little(&tries);
		}
	}
	_exit(0);
}

static void close_way(void *state)
{
	way *own = state;
	if (own->pipe >= 0) {
		close(own->pipe);
	}
	end_taker(own);
	if (own->ring) {
		munmap(own->ring, sizeof *own->ring);
	}
	free(own->source);
	free(own);
}

static void *open_pipe(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	int ends[2];
	(void)id;
	way *own = open_way(why);
	if (!own || pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
		free(own ? own->source : NULL);
		free(own);
		return own ? no_memory(why) : NULL;
	}
	fcntl(ends[1], F_SETPIPE_SZ, SLOT); /* as our pipes between workers have it; less does, too */
	pid_t pid = pf_child_fork(&own->taker);
	if (pid == 0) {
		close(ends[1]);
		pf_limit_bind(setting->topology, 1);
		take_from_pipe(ends[0]);
	}
	close(ends[0]);
	own->pipe = ends[1];
	if (pid < 0) {
		snprintf(why, 200, "no second process: %s", strerror(errno));
		close(ends[1]);
		free(own->source);
		free(own);
		return NULL;
	}
	return own;
}

static double run_pipe(void *state)
{
	way *own = state;
	unsigned tries = 0;
	for (size_t done = 0; done < (size_t)MOVED * SLOT;) {
		ssize_t wrote = write(own->pipe, own->source, WRITE);
		if (wrote <= 0 && errno != EINTR && errno != EAGAIN) {
			return -1;
		}
		if (wrote <= 0) {
			wait_a_little(&tries);
		}
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	return (double)MOVED * SLOT;
}

/* Waits for a turn, but not for one who died. */
static bool take_turn(sem_t *turn)
{
	struct timespec end;
	for (unsigned tries = 0; tries < SPINS;) {
		if (sem_trywait(turn) == 0) {
			return true;
		}
		wait_a_little(&tries);
	}
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 30;
	while (sem_trywait(turn)) {
		if (sem_timedwait(turn, &end) == 0) {
			return true;
		}
		if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static _Noreturn void take_from_ring(struct ring *ring)
{
	for (uint64_t taken = 0; take_turn(&ring->full); taken++) {
		kept = sum_of(ring->slots[taken % SLOTS], SLOT);
		sem_post(&ring->empty);
	}
	_exit(0);
}

static void *open_shared(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	(void)id;
	way *own = open_way(why);
	if (!own) {
		return NULL;
	}
	own->ring = mmap(NULL, sizeof *own->ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool made = own->ring != MAP_FAILED && !sem_init(&own->ring->full, 1, 0) &&
		    !sem_init(&own->ring->empty, 1, SLOTS);
	pid_t pid = made ? pf_child_fork(&own->taker) : -1;
	if (pid == 0) {
		pf_limit_bind(setting->topology, 1);
		take_from_ring(own->ring);
	}
	if (pid < 0) {
		snprintf(why, 200, "no shared memory, or no second process: %s", strerror(errno));
		free(own->source);
		free(own);
		return NULL;
	}
	return own;
}

static double run_shared(void *state)
{
	way *own = state;
	for (int i = 0; i < MOVED; i++) {
		if (!take_turn(&own->ring->empty)) {
			return -1;
		}
		memcpy(own->ring->slots[own->sent++ % SLOTS], own->source, SLOT);
		sem_post(&own->ring->full);
	}
	return (double)MOVED * SLOT;
}

const pf_limit_job pf_limit_pipe_job = {
	.open = open_pipe, .run = run_pipe, .close = close_way, .scale = 1e-9, .single = true};
const pf_limit_job pf_limit_shared_job = {
	.open = open_shared, .run = run_shared, .close = close_way, .scale = 1e-9, .single = true};
