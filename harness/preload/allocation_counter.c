/* A shared object to be preloaded: counts calls and bytes of malloc and its kin, by the stage that the
 * calling thread is in, into memory that the harness reads. The allocator itself is whatever comes after it,
 * so that a program with one of its own keeps it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/preload/allocation_board.h"

#define EXPORT __attribute__((visibility("default")))
/* Preloaded, its thread-local variables have a fixed place: reading them never allocates. */
#define OF_THREAD static __thread __attribute__((tls_model("initial-exec")))

/* The functions of the allocator behind this one. */
static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	size_t (*usable)(void *);
	_Atomic bool there;
} real;

static pf_allocation_process early; /* what comes before the block is there, or without one */
static pf_allocation_process *own = &early;
static pf_allocation_board *board;
OF_THREAD uint32_t stage_at = PF_STAGE_COUNT;
OF_THREAD bool inside;  /* this thread is in here already: nothing is counted twice */
OF_THREAD bool looking; /* this thread is looking for the real functions */

/* Looking for a function may allocate: that comes from here, and is never given back. */
#define ARENA_BYTES 65536
#define ALIGNMENT 16
static _Alignas(ALIGNMENT) char arena[ARENA_BYTES];
static _Atomic size_t arena_used;

static bool of_arena(const void *memory)
{
	return (const char *)memory >= arena && (const char *)memory < arena + ARENA_BYTES;
}

/* Its size stands in front of it. */
static void *take_arena(size_t bytes)
{
	if (bytes > ARENA_BYTES - 2 * ALIGNMENT) {
		errno = ENOMEM;
		return NULL;
	}
	size_t whole = ALIGNMENT + (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	size_t at = atomic_fetch_add(&arena_used, whole);
	if (at > ARENA_BYTES - whole) {
		errno = ENOMEM;
		return NULL;
	}
	memcpy(arena + at, &bytes, sizeof bytes);
	return arena + at + ALIGNMENT;
}

static size_t arena_bytes(const void *memory)
{
	size_t bytes;
	memcpy(&bytes, (const char *)memory - ALIGNMENT, sizeof bytes);
	return bytes;
}

/* ISO C has no conversion from an object's pointer to a function's; POSIX says that the bytes are the same.
 */
static bool find(const char *name, void *function)
{
	void *address = dlsym(RTLD_NEXT, name);
	memcpy(function, &address, sizeof address);
	return address != NULL;
}

/* False while this thread is looking for them. Several threads may look at once: they find the same. */
static bool ready(void)
{
	if (atomic_load_explicit(&real.there, memory_order_acquire)) {
		return true;
	}
	if (looking) {
		return false;
	}
	looking = true;
	bool all = find("malloc", &real.malloc) && find("calloc", &real.calloc) &&
		   find("realloc", &real.realloc) && find("free", &real.free) &&
		   find("posix_memalign", &real.posix_memalign) &&
		   find("aligned_alloc", &real.aligned_alloc) && find("memalign", &real.memalign) &&
		   find("malloc_usable_size", &real.usable);
	looking = false;
	atomic_store_explicit(&real.there, all, memory_order_release);
	return all;
}

static void raise_to(_Atomic int64_t *peak, int64_t value)
{
	int64_t before = atomic_load_explicit(peak, memory_order_relaxed);
	while (before < value && !atomic_compare_exchange_weak_explicit(
					 peak, &before, value, memory_order_relaxed, memory_order_relaxed)) {
	}
}

static void add(_Atomic uint64_t *to, uint64_t value)
{
	atomic_fetch_add_explicit(to, value, memory_order_relaxed);
}

/* The heap of this process grew by so many bytes (or shrank). */
static void change_live(pf_allocation_process *process, pf_allocation_cell *cell, int64_t bytes)
{
	int64_t live = atomic_fetch_add_explicit(&process->live_bytes, bytes, memory_order_relaxed) + bytes;
	if (bytes > 0) {
		raise_to(&process->peak_live_bytes, live);
		raise_to(&cell->peak_live_bytes, live);
	}
}

static void *note_allocation(void *memory, size_t bytes)
{
	if (memory && !inside) {
		int why = errno;
		inside = true;
		pf_allocation_cell *cell = &own->stages[stage_at];
		add(&cell->allocations, 1);
		add(&cell->bytes, bytes);
		change_live(own, cell, (int64_t)real.usable(memory));
		inside = false;
		errno = why;
	}
	return memory;
}

static void note_free(size_t usable)
{
	pf_allocation_cell *cell = &own->stages[stage_at];
	add(&cell->frees, 1);
	change_live(own, cell, -(int64_t)usable);
}

EXPORT void *malloc(size_t bytes)
{
	return ready() ? note_allocation(real.malloc(bytes), bytes) : take_arena(bytes);
}

EXPORT void *calloc(size_t count, size_t each)
{
	size_t bytes;
	if (ready()) {
		/* Where the product overflows, the real one refuses: nothing is noted. */
		return note_allocation(real.calloc(count, each), count * each);
	}
	if (__builtin_mul_overflow(count, each, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return take_arena(bytes); /* zeroed: it is used once */
}

EXPORT void free(void *memory)
{
	if (!memory || of_arena(memory) || !ready()) {
		return;
	}
	if (!inside) {
		inside = true;
		note_free(real.usable(memory));
		inside = false;
	}
	real.free(memory);
}

/* Out of the arena: a copy. */
static void *move_out(const void *memory, size_t bytes)
{
	void *other = malloc(bytes);
	size_t before = arena_bytes(memory);
	if (other) {
		memcpy(other, memory, before < bytes ? before : bytes);
	}
	return other;
}

EXPORT void *realloc(void *memory, size_t bytes)
{
	if (!memory) {
		return malloc(bytes);
	}
	if (of_arena(memory)) {
		return move_out(memory, bytes);
	}
	if (!ready()) {
		errno = ENOMEM;
		return NULL;
	}
	if (inside) {
		return real.realloc(memory, bytes);
	}
	inside = true;
	size_t before = real.usable(memory);
	void *other = real.realloc(memory, bytes);
	int why = errno;
	pf_allocation_cell *cell = &own->stages[stage_at];
	if (other) {
		add(&cell->reallocations, 1);
		add(&cell->bytes, bytes);
		change_live(own, cell, (int64_t)real.usable(other) - (int64_t)before);
	} else if (bytes == 0) { /* it was freed */
		note_free(before);
	}
	inside = false;
	errno = why;
	return other;
}

EXPORT void *reallocarray(void *memory, size_t count, size_t each)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, each, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t bytes)
{
	int failed = ready() ? real.posix_memalign(out, alignment, bytes) : ENOMEM;
	if (!failed) {
		note_allocation(*out, bytes);
	}
	return failed;
}

static void *refuse(void)
{
	errno = ENOMEM;
	return NULL;
}

EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
	return ready() ? note_allocation(real.aligned_alloc(alignment, bytes), bytes) : refuse();
}

EXPORT void *memalign(size_t alignment, size_t bytes)
{
	return ready() ? note_allocation(real.memalign(alignment, bytes), bytes) : refuse();
}

EXPORT void *valloc(size_t bytes)
{
	return memalign((size_t)sysconf(_SC_PAGESIZE), bytes);
}

EXPORT void *pvalloc(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole;
	if (__builtin_add_overflow(bytes, page - 1, &whole)) {
		return refuse();
	}
	return memalign(page, whole / page * page);
}

EXPORT void pf_allocation_stage(uint32_t stage)
{
	stage_at = stage < PF_STAGE_COUNT ? stage : PF_STAGE_COUNT;
}

/* A place of its own on the board for this process; NULL where there is no more. */
static pf_allocation_process *enter_board(void)
{
	uint32_t at = atomic_fetch_add(&board->used, 1);
	if (at >= PF_ALLOCATION_PROCESSES) {
		return NULL;
	}
	pf_allocation_process *process = &board->processes[at];
	atomic_store(&process->pid, (int32_t)getpid());
	return process;
}

/* A forked child has one thread; what it has on its heap it has from its parent. */
static void after_fork(void)
{
	int64_t live = atomic_load(&own->live_bytes);
	pf_allocation_process *process = enter_board();
	own = process ? process : &early;
	own->inherited_bytes = live;
	atomic_store(&own->live_bytes, live);
	atomic_store(&own->peak_live_bytes, live);
}

static void take_over_early(pf_allocation_process *process)
{
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		pf_allocation_cell *from = &early.stages[i], *to = &process->stages[i];
		add(&to->allocations, atomic_load(&from->allocations));
		add(&to->reallocations, atomic_load(&from->reallocations));
		add(&to->frees, atomic_load(&from->frees));
		add(&to->bytes, atomic_load(&from->bytes));
		raise_to(&to->peak_live_bytes, atomic_load(&from->peak_live_bytes));
	}
	atomic_store(&process->live_bytes, atomic_load(&early.live_bytes));
	atomic_store(&process->peak_live_bytes, atomic_load(&early.peak_live_bytes));
}

/* Before main(), and before any thread. */
__attribute__((constructor)) static void attach(void)
{
	const char *path = getenv(PF_ALLOCATION_VARIABLE);
	int fd = path && ready() ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat info;
	if (fd < 0) {
		return;
	}
	if (!fstat(fd, &info) && info.st_size == (off_t)sizeof *board) {
		void *memory = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		board = memory == MAP_FAILED ? NULL : memory;
	}
	close(fd);
	if (!board || board->magic != PF_ALLOCATION_MAGIC || board->capacity != PF_ALLOCATION_PROCESSES) {
		board = NULL;
		return;
	}
	pf_allocation_process *process = enter_board();
	if (process) {
		take_over_early(process);
		own = process;
	}
	inside = true;
	pthread_atfork(NULL, NULL, after_fork);
	inside = false;
}
