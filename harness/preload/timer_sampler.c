/* Preloaded where perf events are not allowed: each thread has a timer of its own CPU time, whose signal
 * takes a sample of that thread. Frame pointers first; where they end at once, the unwinder, which is
 * async-signal-safe since glibc 2.35 and gcc 12. It links nothing of the harness. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "harness/preload/sample_board.h"

enum { FEW_FRAMES = 4 }; /* so few by frame pointers: code without them may stand between */

static pf_sample_board *board;
static int (*real_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static pthread_key_t thread_ends;

struct own {
	timer_t timer;
	bool has_timer;
	uintptr_t stack_end; /* one behind its highest address; 0: not known */
	uint64_t random;
};
static _Thread_local struct own own __attribute__((tls_model("initial-exec")));

/* Uniform from half a period to one and a half: no beat with what the program does regularly. */
static void arm(void)
{
	if (!board) {
		return;
	}
	own.random ^= own.random << 13;
	own.random ^= own.random >> 7;
	own.random ^= own.random << 17;
	uint64_t period = 1000000000u / board->hz, ns = period / 2 + own.random % (period + 1);
	const struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)}};
	timer_settime(own.timer, 0, &when, NULL);
}

static bool registers(const ucontext_t *context, uintptr_t *ip, uintptr_t *frame, uintptr_t *stack)
{
#if defined(__x86_64__)
	*ip = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
	*frame = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
	*stack = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
	return true;
#elif defined(__aarch64__)
	*ip = (uintptr_t)context->uc_mcontext.pc;
	*frame = (uintptr_t)context->uc_mcontext.regs[29];
	*stack = (uintptr_t)context->uc_mcontext.sp;
	return true;
#else
	(void)context;
	*ip = *frame = *stack = 0;
	return false;
#endif
}

/* Only what lies between the stack's pointer and its end is read. */
static void walk_frames(uintptr_t frame, uintptr_t stack, pf_sample *sample)
{
	while (frame >= stack && frame % sizeof(uintptr_t) == 0 && own.stack_end > 2 * sizeof(uintptr_t) &&
	       frame <= own.stack_end - 2 * sizeof(uintptr_t)) {
		const uintptr_t *pair = (const uintptr_t *)frame;
		if (pair[1] < 4096) {
			return;
		}
		if (sample->count == PF_SAMPLE_FRAMES) {
			sample->cut = 1;
			return;
		}
		sample->ips[sample->count++] = pair[1];
		if (pair[0] <= frame) {
			return;
		}
		frame = pair[0];
	}
}

struct unwinding {
	pf_sample *sample;
	uintptr_t ip; /* the interrupted one: what stands before it is this handler's */
	bool begun;
};

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *argument)
{
	struct unwinding *unwinding = argument;
	pf_sample *sample = unwinding->sample;
	uintptr_t ip = _Unwind_GetIP(context);
	unwinding->begun = unwinding->begun || ip == unwinding->ip;
	if (unwinding->begun && sample->count == PF_SAMPLE_FRAMES) {
		sample->cut = 1;
		return _URC_END_OF_STACK;
	}
	if (unwinding->begun && ip) {
		sample->ips[sample->count++] = ip;
	}
	return _URC_NO_REASON;
}

static void look(const ucontext_t *context, pf_sample *sample)
{
	uintptr_t ip, frame, stack;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sample->time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	sample->pid = (int32_t)getpid();
	sample->tid = (int32_t)gettid();
	sample->cut = 0;
	sample->count = 0;
	if (!registers(context, &ip, &frame, &stack)) {
		return;
	}
	sample->ips[sample->count++] = ip;
	walk_frames(frame, stack, sample);
	if (sample->count < FEW_FRAMES) {
		struct unwinding unwinding = {.sample = sample, .ip = ip};
		uint32_t walked = sample->count;
		uintptr_t kept[FEW_FRAMES];
		for (uint32_t i = 0; i < walked; i++) {
			kept[i] = sample->ips[i];
		}
		sample->count = 0;
		_Unwind_Backtrace(take_frame, &unwinding);
		if (sample->count < walked) { /* code that no unwinder knows */
			for (uint32_t i = 0; i < walked; i++) {
				sample->ips[i] = kept[i];
			}
			sample->count = walked;
		}
	}
}

/* A slot for the calling thread alone; NULL: all are full. */
static pf_sample_slot *take_slot(uint64_t *ticket)
{
	uint64_t next = atomic_load_explicit(&board->next, memory_order_relaxed);
	for (;;) {
		pf_sample_slot *slot = &board->slots[next % PF_SAMPLE_SLOTS];
		uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
		if (turn < next) {
			return NULL;
		}
		if (turn == next && atomic_compare_exchange_weak(&board->next, &next, next + 1)) {
			*ticket = next;
			return slot;
		}
		if (turn > next) {
			next = atomic_load_explicit(&board->next, memory_order_relaxed);
		}
	}
}

static void on_tick(int number, siginfo_t *info, void *context)
{
	int kept_errno = errno;
	uint64_t ticket;
	(void)number;
	if (info->si_code == SI_TIMER && info->si_value.sival_ptr == &board && own.has_timer) {
		pf_sample_slot *slot = take_slot(&ticket);
		if (slot) {
			look(context, &slot->sample);
			/* A reader that would not wait for it any more has moved on. */
			atomic_compare_exchange_strong(&slot->turn, &ticket, ticket + 1);
		} else {
			atomic_fetch_add(&board->lost, 1);
		}
		arm();
	}
	errno = kept_errno;
}

static void end_thread(void *ignored)
{
	(void)ignored;
	if (own.has_timer) {
		own.has_timer = false;
		timer_delete(own.timer);
	}
}

static void begin_thread(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
				 .sigev_signo = SIGPROF,
				 .sigev_value = {.sival_ptr = &board}};
	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &own.timer)) {
		atomic_fetch_add(&board->threads_failed, 1);
		return;
	}
	own.has_timer = true;
	own.random = ((uint64_t)gettid() << 32 ^ (uint64_t)time(NULL)) | 1;
	pthread_setspecific(thread_ends, &own);
	atomic_fetch_add(&board->threads, 1);
	arm();
}

static void find_stack(void)
{
	pthread_attr_t attributes;
	void *low;
	size_t size;
	if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
		if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
			own.stack_end = (uintptr_t)low + size;
		}
		pthread_attr_destroy(&attributes);
	}
}

/* A fork has its parent's handler, and none of its timers. */
static void after_fork(void)
{
	own.has_timer = false;
	begin_thread();
}

struct start {
	void *(*routine)(void *);
	void *argument;
};

static void *run_thread(void *context)
{
	struct start start = *(struct start *)context;
	free(context);
	find_stack();
	begin_thread();
	return start.routine(start.argument);
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
							  void *(*routine)(void *), void *argument)
{
	if (!real_create) {
		void *address = dlsym(RTLD_NEXT, "pthread_create");
		memcpy(&real_create, &address, sizeof address);
	}
	struct start *start = board ? malloc(sizeof *start) : NULL;
	if (!start) {
		return real_create(thread, attributes, routine, argument);
	}
	*start = (struct start){routine, argument};
	int failed = real_create(thread, attributes, run_thread, start);
	if (failed) {
		free(start);
	}
	return failed;
}

static _Unwind_Reason_Code one_frame(struct _Unwind_Context *context, void *ignored)
{
	(void)context;
	(void)ignored;
	return _URC_END_OF_STACK;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv(PF_SAMPLE_VARIABLE);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0) {
		return;
	}
	void *at = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	struct sigaction before,
		action = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
	if (at == MAP_FAILED || ((pf_sample_board *)at)->magic != PF_SAMPLE_MAGIC ||
	    sigaction(SIGPROF, NULL, &before) || before.sa_handler != SIG_DFL ||
	    pthread_key_create(&thread_ends, end_thread)) {
		return;
	}
	_Unwind_Backtrace(one_frame, NULL); /* it loads itself here, and not in a handler */
	board = at;
	find_stack();
	sigaction(SIGPROF, &action, NULL);
	pthread_atfork(NULL, NULL, after_fork);
	begin_thread();
}
