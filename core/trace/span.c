/* Begin and end of a span: what runs inside the workers' time. */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/trace.h"

const pf_span_hook *pf_span_hooks;

static uint64_t thread_cpu_ns(void)
{
	struct timespec used;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* How long this thread was ready to run without a processor since it began. False where the kernel does not
 * count it. */
static bool read_run_delay(uint64_t *ns)
{
	char text[96];
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0) {
		close(fd);
	}
	if (got <= 0) {
		return false;
	}
	text[got] = '\0';
	char *second = strchr(text, ' ');
	*ns = second ? strtoull(second, NULL, 10) : 0;
	return second != NULL;
}

/* Starts counting in this thread. */
static void set_marks(pf_trace *trace, uint64_t now)
{
	trace->mark_thread = (uint64_t)pthread_self();
	trace->mark_cpu_ns = thread_cpu_ns();
	trace->run_delay_known = read_run_delay(&trace->mark_run_delay_ns);
	trace->mark_ns = now;
}

void pf_trace_enter(pf_trace *trace)
{
	int32_t pid = (int32_t)getpid(), tid = (int32_t)gettid();
	uint64_t now = pf_now_ns();
	if (trace->entered_ns && !trace->left_ns && atomic_load(&trace->pid) == pid &&
	    atomic_load(&trace->tid) == tid) {
		return;
	}
	trace->lived_ns = pf_trace_lifetime_ns(trace);
	trace->entered_ns = now;
	trace->left_ns = 0;
	atomic_store(&trace->pid, pid);
	atomic_store(&trace->tid, tid);
	pf_trace_take_over(trace);
}

void pf_trace_take_over(pf_trace *trace)
{
	trace->depth = 0;
	atomic_store(&trace->stage, (uint32_t)PF_STAGE_COUNT);
	set_marks(trace, pf_now_ns());
}

void pf_trace_leave(pf_trace *trace)
{
	trace->left_ns = pf_now_ns();
}

/* The thread had `elapsed` ns, too long a time to be taken for CPU time unread. */
static void __attribute__((noinline)) charge_read(pf_trace *trace, uint64_t now, pf_span_sum *to)
{
	if (trace->mark_thread != (uint64_t)pthread_self()) {
		set_marks(trace, now); /* another thread had it, which did not say so */
		return;
	}
	uint64_t elapsed = now - trace->mark_ns, cpu = thread_cpu_ns();
	uint64_t used = cpu > trace->mark_cpu_ns ? cpu - trace->mark_cpu_ns : 0;
	used = used < elapsed ? used : elapsed;
	trace->cpu_reads++;
	if (trace->run_delay_known && elapsed - used >= PF_RUN_DELAY_LEAST_NS) {
		uint64_t delay = trace->mark_run_delay_ns, off = elapsed - used;
		trace->run_delay_known = read_run_delay(&delay);
		uint64_t more = delay > trace->mark_run_delay_ns ? delay - trace->mark_run_delay_ns : 0;
		to->run_delay_ns += more < off ? more : off;
		trace->mark_run_delay_ns = delay;
		trace->run_delay_reads++;
	}
	to->cpu_ns += used;
	trace->mark_cpu_ns = cpu;
	trace->mark_ns = now;
}

/* Gives the time since the last mark to the span that it was spent in. True if that took a system call. */
static inline bool charge(pf_trace *trace, uint64_t now, pf_span_sum *to)
{
	uint64_t elapsed = now - trace->mark_ns;
	if (elapsed >= PF_CPU_LEAST_NS) {
		charge_read(trace, now, to);
		return true;
	}
	to->cpu_ns += elapsed;
	trace->mark_cpu_ns += elapsed;
	trace->mark_ns = now;
	return false;
}

static inline pf_span_sum *innermost(pf_trace *trace)
{
	uint32_t depth = trace->depth < PF_SPAN_DEPTH ? trace->depth : PF_SPAN_DEPTH;
	return depth ? &trace->sums[trace->open[depth - 1].sum] : &trace->outside;
}

/* The sum of `stage` within that of index `outer`; a new one where it is met for the first time. */
static uint16_t path_to(pf_trace *trace, uint16_t outer, uint16_t stage)
{
	uint16_t i = trace->sums[outer].first_inner;
	while (i && trace->sums[i].stage != stage) {
		i = trace->sums[i].next_inner;
	}
	if (!i && trace->paths < PF_SPAN_PATHS) {
		i = (uint16_t)(PF_STAGES_MAX + trace->paths++);
		trace->sums[i] = (pf_span_sum){
			.stage = stage, .outer = outer, .next_inner = trace->sums[outer].first_inner};
		trace->sums[outer].first_inner = i;
	}
	trace->lost_paths += !i;
	return i ? i : stage;
}

uint64_t pf_trace_begin(pf_trace *trace, pf_stage stage)
{
	uint32_t depth = trace->depth;
	for (const pf_span_hook *hook = pf_span_hooks; hook; hook = hook->next) {
		hook->begin(trace, stage);
	}
	trace->depth = depth + 1;
	if (depth >= PF_SPAN_DEPTH) {
		trace->too_deep++;
		return 0;
	}
	pf_open_span *open = &trace->open[depth];
	open->stage = (uint16_t)stage;
	open->sum = depth ? path_to(trace, trace->open[depth - 1].sum, (uint16_t)stage) : (uint16_t)stage;
	open->outer_stage = atomic_load_explicit(&trace->stage, memory_order_relaxed);
	if (!depth || stage < PF_STAGE_COUNT) {
		atomic_store_explicit(&trace->stage, (uint32_t)stage, memory_order_relaxed);
	}
	uint64_t now = pf_now_ns();
	if (charge(trace, now, depth ? &trace->sums[trace->open[depth - 1].sum] : &trace->outside)) {
		trace->mark_ns = now = pf_now_ns(); /* what the reading took is not the span's */
	}
	open->begin_ns = now;
	return now;
}

/* Ends the innermost span. */
static inline void close_innermost(pf_trace *trace, uint64_t now)
{
	uint32_t depth = --trace->depth;
	if (depth >= PF_SPAN_DEPTH) {
		return;
	}
	const pf_open_span *open = &trace->open[depth];
	pf_span_sum *sum = &trace->sums[open->sum];
	uint64_t ns = now - open->begin_ns;
	charge(trace, now, sum);
	sum->spans++;
	sum->wall_ns += ns;
	innermost(trace)->inner_ns += ns;
	if (trace->ring) {
		trace->ring[trace->ended & (trace->ring_capacity - 1)] = (pf_span){
			.begin_ns = open->begin_ns,
			.end_ns = now,
			.photo = atomic_load_explicit(&trace->photo, memory_order_relaxed),
			.stage = open->stage,
			.depth = (uint16_t)depth,
		};
	}
	trace->ended++;
	atomic_store_explicit(&trace->stage, open->outer_stage, memory_order_relaxed);
}

/* How many open spans there will be once the one that began then is ended; -1: there is none. */
static int depth_of(const pf_trace *trace, pf_stage stage, uint64_t begin_ns)
{
	int depth = (int)(trace->depth < PF_SPAN_DEPTH ? trace->depth : PF_SPAN_DEPTH) - 1;
	while (depth >= 0 &&
	       (trace->open[depth].stage != (uint16_t)stage || trace->open[depth].begin_ns != begin_ns)) {
		depth--;
	}
	return depth;
}

void pf_trace_end(pf_trace *trace, pf_stage stage, uint64_t begin_ns)
{
	uint64_t now = pf_now_ns();
	bool too_deep = begin_ns == 0 && trace->depth > PF_SPAN_DEPTH;
	int depth = too_deep ? (int)trace->depth - 1 : depth_of(trace, stage, begin_ns);
	trace->unbalanced += depth < 0 ? 1 : trace->depth - 1 - (uint32_t)depth;
	while (depth >= 0 && trace->depth > (uint32_t)depth) {
		close_innermost(trace, now);
	}
	for (const pf_span_hook *hook = pf_span_hooks; hook; hook = hook->next) {
		hook->end(trace, stage);
	}
}
