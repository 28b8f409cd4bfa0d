#include "harness/gate/gate_side.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/signal_name.h"
#include "harness/base/workload_library.h"
#include "photofinish/file.h"

typedef enum side_call { CALL_SET_UP, CALL_RUN, CALL_DIGEST, CALL_TEAR_DOWN, CALL_END } side_call;

/* What passes between the two processes. `turn` grows by one with each call (odd: the twin's) and each
 * answer. */
typedef struct exchange {
	_Atomic uint32_t turn;
	side_call call;
	uint64_t units;
	unsigned cut;
	char name[PF_GATE_NAME];
	pf_gate_fault fault;
	char text[PF_GATE_TEXT];
	pf_gate_slot slot;
	uint8_t digest[PF_WORKLOAD_DIGEST_BYTES];
} exchange;

struct pf_gate_side {
	void *handle;
	const pf_workloads *table;
	const pf_workload *workload;
	void *state;
	exchange *shared; /* NULL: the library is executed here */
	pid_t twin;
	int schedule; /* this thread's account with the scheduler; -1: it has none */
};

/* How long this thread was ready to run and did not get to, by now; 0 where the kernel does not tell. */
static uint64_t queued_ns(const pf_gate_side *side)
{
	char text[96];
	unsigned long long ran, queued;
	ssize_t got = side->schedule >= 0 ? pread(side->schedule, text, sizeof text - 1, 0) : -1;
	text[got > 0 ? got : 0] = '\0';
	return sscanf(text, "%llu %llu", &ran, &queued) == 2 ? queued : 0;
}

const char *pf_gate_fault_name(pf_gate_fault fault)
{
#define NAME(constant, name, text) name,
	static const char *const names[] = {PF_GATE_FAULT_LIST(NAME)};
#undef NAME
	return (unsigned)fault < PF_GATE_FAULTS ? names[fault] : "unknown";
}

const char *pf_gate_fault_text(pf_gate_fault fault)
{
#define TEXT(constant, name, text) text,
	static const char *const texts[] = {PF_GATE_FAULT_LIST(TEXT)};
#undef TEXT
	return (unsigned)fault < PF_GATE_FAULTS ? texts[fault] : "unknown fault";
}

static void wait_while(_Atomic uint32_t *word, uint32_t value)
{
	struct timespec limit = {.tv_nsec = 50000000}; /* then look whether the other end lives */
	syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

static void set_and_wake(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static pf_gate_fault set_up(pf_gate_side *side, const char *name, unsigned cut, char text[PF_GATE_TEXT])
{
	const pf_workload *workload;
	for (uint32_t i = 0; (workload = pf_workload_at(side->table, i)); i++) {
		if (strcmp(workload->name, name) == 0) {
			break;
		}
	}
	if (!workload) {
		snprintf(text, PF_GATE_TEXT, "no workload \"%.64s\"", name);
		return PF_GATE_MISSING;
	}
	uint64_t size = workload->size_default / cut;
	size = size < workload->size_least ? workload->size_least : size;
	pf_workload_input input = {.struct_size = sizeof input, .seed = 1, .size = size};
	char error[PF_GATE_TEXT] = "";
	side->workload = workload;
	side->state = NULL;
	if (workload->set_up(workload, &input, &side->state, error, sizeof error)) {
		pf_escape(error, text, PF_GATE_TEXT);
		return PF_GATE_SET_UP_FAILED;
	}
	return PF_GATE_FINE;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static pf_gate_fault run(pf_gate_side *side, uint64_t units, pf_gate_slot *slot, char text[PF_GATE_TEXT])
{
	struct rusage before, after;
	if (!side->workload) {
		return PF_GATE_SET_UP_FAILED;
	}
	getrusage(RUSAGE_THREAD, &before);
	uint64_t queued = queued_ns(side), begin = clock_ns(CLOCK_MONOTONIC);
	int failed = side->workload->run(side->state, units);
	slot->wall_ns = clock_ns(CLOCK_MONOTONIC) - begin;
	queued = queued_ns(side) - queued;
	getrusage(RUSAGE_THREAD, &after);
	slot->wall_ns = queued < slot->wall_ns ? slot->wall_ns - queued : slot->wall_ns;
	slot->preempted = after.ru_nivcsw != before.ru_nivcsw;
	if (failed) {
		snprintf(text, PF_GATE_TEXT, "run returned %d", failed);
		return PF_GATE_RUN_FAILED;
	}
	return PF_GATE_FINE;
}

static pf_gate_fault digest_of(const pf_gate_side *side, uint8_t out[PF_WORKLOAD_DIGEST_BYTES])
{
	if (!side->workload) {
		return PF_GATE_SET_UP_FAILED;
	}
	side->workload->digest(side->state, out);
	return PF_GATE_FINE;
}

static void tear_down(pf_gate_side *side)
{
	if (side->workload) {
		side->workload->tear_down(side->state);
	}
	side->workload = NULL;
	side->state = NULL;
}

/* In the twin: calls, until it is told to end or its parent is gone. */
static void serve(pf_gate_side *side)
{
	exchange *x = side->shared;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (bool going = true; going;) {
		uint32_t turn = atomic_load(&x->turn);
		if (turn % 2 == 0) {
			wait_while(&x->turn, turn);
			continue;
		}
		x->fault = PF_GATE_FINE;
		switch (x->call) {
		case CALL_SET_UP:
			x->fault = set_up(side, x->name, x->cut, x->text);
			break;
		case CALL_RUN:
			x->fault = run(side, x->units, &x->slot, x->text);
			break;
		case CALL_DIGEST:
			x->fault = digest_of(side, x->digest);
			break;
		case CALL_TEAR_DOWN:
			tear_down(side);
			break;
		case CALL_END:
			going = false;
			break;
		}
		set_and_wake(&x->turn, turn + 1);
	}
	_exit(0);
}

enum { LOAD_FAILED = 100 }; /* and the fault: exit status of a twin that has no library */

static pf_gate_fault ended(const exchange *x, int status, char text[PF_GATE_TEXT])
{
	if (WIFSIGNALED(status)) {
		snprintf(text, PF_GATE_TEXT, "%s",
			 pf_signal_name(WTERMSIG(status), (char[PF_SIGNAL_NAME]){0}));
		return PF_GATE_CRASHED;
	}
	int code = WEXITSTATUS(status);
	if (code == LOAD_FAILED + PF_GATE_NO_LIBRARY || code == LOAD_FAILED + PF_GATE_NO_TABLE) {
		memcpy(text, x->text, PF_GATE_TEXT);
		return (pf_gate_fault)(code - LOAD_FAILED);
	}
	snprintf(text, PF_GATE_TEXT, "exit status %d", code);
	return PF_GATE_ENDED;
}

/* Hands the twin a call and waits for its answer. */
static pf_gate_fault call(pf_gate_side *side, side_call what, char text[PF_GATE_TEXT])
{
	exchange *x = side->shared;
	int status;
	if (side->twin <= 0) {
		return PF_GATE_ENDED;
	}
	uint32_t asked = atomic_load(&x->turn) + 1;
	x->call = what;
	set_and_wake(&x->turn, asked);
	while (atomic_load(&x->turn) == asked) {
		wait_while(&x->turn, asked);
		if (atomic_load(&x->turn) == asked && waitpid(side->twin, &status, WNOHANG) == side->twin) {
			side->twin = 0;
			return ended(x, status, text);
		}
	}
	memcpy(text, x->text, PF_GATE_TEXT);
	return x->fault;
}

static pf_gate_fault load(pf_gate_side *side, const char *library, char text[PF_GATE_TEXT])
{
	side->handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!side->handle) {
		pf_escape(dlerror(), text, PF_GATE_TEXT);
		return PF_GATE_NO_LIBRARY;
	}
	const pf_workloads *table = pf_workload_table(side->handle);
	if (!table) {
		snprintf(text, PF_GATE_TEXT, "no usable %s", PF_WORKLOADS_SYMBOL);
		return PF_GATE_NO_TABLE;
	}
	side->table = table;
	side->schedule = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	return PF_GATE_FINE;
}

pf_gate_fault pf_gate_side_open(const char *library, bool twin, pf_gate_side **out, char text[PF_GATE_TEXT])
{
	pf_gate_side *side = calloc(1, sizeof *side);
	*out = side;
	if (!side) {
		snprintf(text, PF_GATE_TEXT, "not enough memory");
		return PF_GATE_NO_LIBRARY;
	}
	side->schedule = -1;
	if (!twin) {
		return load(side, library, text);
	}
	side->shared = mmap(NULL, sizeof *side->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (side->shared == MAP_FAILED) {
		side->shared = NULL;
		snprintf(text, PF_GATE_TEXT, "%s", strerror(errno));
		return PF_GATE_NO_LIBRARY;
	}
	side->twin = fork();
	if (side->twin == 0) {
		pf_gate_fault fault = load(side, library, side->shared->text);
		if (fault != PF_GATE_FINE) { /* every call is answered by it */
			_exit(LOAD_FAILED + (int)fault);
		}
		serve(side);
	}
	return side->twin > 0 ? PF_GATE_FINE : PF_GATE_NO_LIBRARY;
}

void pf_gate_side_close(pf_gate_side *side)
{
	if (!side) {
		return;
	}
	if (side->shared) {
		if (side->twin > 0) {
			kill(side->twin, SIGKILL);
			waitpid(side->twin, NULL, 0);
		}
		munmap(side->shared, sizeof *side->shared);
	} else {
		tear_down(side);
		if (side->schedule >= 0) {
			close(side->schedule);
		}
	}
	/* The library stays loaded: what it started may still run. The process ends soon. */
	free(side);
}

const pf_workloads *pf_gate_side_table(const pf_gate_side *side)
{
	return side->table;
}

pf_gate_fault pf_gate_side_set_up(pf_gate_side *side, const char *name, unsigned cut, char text[PF_GATE_TEXT])
{
	if (!side->shared) {
		return set_up(side, name, cut, text);
	}
	side->shared->cut = cut;
	snprintf(side->shared->name, sizeof side->shared->name, "%s", name);
	return call(side, CALL_SET_UP, text);
}

pf_gate_fault pf_gate_side_run(pf_gate_side *side, uint64_t units, pf_gate_slot *slot,
			       char text[PF_GATE_TEXT])
{
	if (!side->shared) {
		return run(side, units, slot, text);
	}
	side->shared->units = units;
	pf_gate_fault fault = call(side, CALL_RUN, text);
	*slot = side->shared->slot;
	return fault;
}

pf_gate_fault pf_gate_side_digest(pf_gate_side *side, uint8_t out[PF_WORKLOAD_DIGEST_BYTES],
				  char text[PF_GATE_TEXT])
{
	if (!side->shared) {
		return digest_of(side, out);
	}
	pf_gate_fault fault = call(side, CALL_DIGEST, text);
	memcpy(out, side->shared->digest, PF_WORKLOAD_DIGEST_BYTES);
	return fault;
}

void pf_gate_side_tear_down(pf_gate_side *side)
{
	char ignored[PF_GATE_TEXT];
	if (!side->shared) {
		tear_down(side);
	} else {
		call(side, CALL_TEAR_DOWN, ignored);
	}
}
