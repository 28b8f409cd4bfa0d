#include "harness/counters/counter_spans.h"

#include <pthread.h>
#include <string.h>

enum { BATCHES = 5, READS_A_BATCH = 20 };

/* Of the process. */
static const pf_counter_backend *source;
static pf_counter_block *shared;
static const pf_trace *first_trace;
static uint32_t slots;
static pf_counter_reader whole;
static pthread_key_t thread_ends;

/* Of a thread: events of its own, and the stages that it is in. */
struct own {
	pf_counter_reader reader;
	bool is_open;
	unsigned depth;
	struct within {
		pf_stage stage;
		uint32_t depth; /* spans that enclose it */
	} stack[PF_SPAN_DEPTH];
	pf_count last[PF_COUNTERS_MAX];
};
static _Thread_local struct own own;

size_t pf_counter_block_bytes(const pf_counter_plan *plan, uint32_t workers)
{
	return plan && plan->count ? sizeof(pf_counter_block) + (workers + 1) * sizeof(pf_counter_slot) : 0;
}

static pf_counter_slot *slot_of(const pf_trace *trace)
{
	return trace >= first_trace && trace < first_trace + slots ? &shared->slots[trace - first_trace]
								   : NULL;
}

static void close_own(void *ignored)
{
	(void)ignored;
	if (own.is_open) {
		source->close(&own.reader);
	}
	own.is_open = false;
	own.depth = 0;
}

/* A forked process has inherited its parent's events: they count the parent. */
static void after_fork(void)
{
	close_own(NULL);
}

static void open_own(pf_counter_slot *slot)
{
	uint64_t begin_ns = pf_now_ns();
	source->open(source, &shared->plan, false, &own.reader, slot->openings);
	slot->threads++;
	own.is_open = true;
	own.depth = 0;
	memset(own.last, 0, sizeof own.last);
	source->read(&own.reader, own.last);
	pthread_setspecific(thread_ends, &own); /* any value: its end closes the descriptors */
	slot->opening_ns += pf_now_ns() - begin_ns;
}

/* Books what was counted since the last edge. */
static void charge(pf_counter_slot *slot, unsigned stage)
{
	pf_count now[PF_COUNTERS_MAX];
	uint32_t count = shared->plan.count;
	memcpy(now, own.last, count * sizeof *now);
	source->read(&own.reader, now);
	for (uint32_t i = 0; i < count; i++) {
		slot->stages[stage][i].value += now[i].value - own.last[i].value;
		slot->stages[stage][i].enabled_ns += now[i].enabled_ns - own.last[i].enabled_ns;
		slot->stages[stage][i].running_ns += now[i].running_ns - own.last[i].running_ns;
	}
	memcpy(own.last, now, count * sizeof *now);
	slot->reads++;
}

/* The stage that the thread is in. */
static unsigned current(void)
{
	return own.depth ? own.stack[own.depth - 1].stage : PF_COUNTER_BETWEEN;
}

/* Leaves those that `depth` spans or more enclosed: they have ended, if need be with another one. */
static void leave(uint32_t depth)
{
	while (own.depth && own.stack[own.depth - 1].depth >= depth) {
		own.depth--;
	}
}

static void begin(pf_trace *trace, pf_stage stage)
{
	pf_counter_slot *slot = slot_of(trace);
	if (!slot || stage >= PF_STAGE_COUNT) { /* a part counts as its stage */
		return;
	}
	if (own.is_open) {
		charge(slot, current());
	} else {
		open_own(slot);
	}
	leave(trace->depth);
	if (own.depth < PF_SPAN_DEPTH) {
		own.stack[own.depth++] = (struct within){stage, trace->depth};
	}
}

static void end(pf_trace *trace, pf_stage stage)
{
	pf_counter_slot *slot = slot_of(trace);
	if (slot && stage < PF_STAGE_COUNT && own.depth) { /* else it began before a fork */
		charge(slot, current());
		leave(trace->depth);
	}
}

static pf_span_hook hook = {.begin = begin, .end = end};

/* The least of several means: what the machine did meanwhile is not the counters' cost. */
static double measure_read_ns(pf_counter_slot *slot)
{
	double least = 0;
	for (int batch = 0; batch < BATCHES; batch++) {
		uint64_t begin_ns = pf_now_ns();
		for (int i = 0; i < READS_A_BATCH; i++) {
			charge(slot, PF_COUNTER_BETWEEN);
		}
		double mean = (double)(pf_now_ns() - begin_ns) / READS_A_BATCH;
		least = batch == 0 || mean < least ? mean : least;
	}
	memset(slot->stages, 0, sizeof slot->stages);
	slot->reads = 0;
	return least;
}

void pf_counter_spans_start(const pf_counter_backend *backend, pf_counter_block *block,
			    const pf_trace *traces, uint32_t workers)
{
	static bool prepared;
	bool any = false;
	uint64_t begin_ns = pf_now_ns();
	source = backend;
	shared = block;
	first_trace = traces;
	slots = workers + 1;
	backend->open(backend, &block->plan, true, &whole, block->openings);
	for (uint32_t i = 0; i < block->plan.count; i++) {
		any = any || block->openings[i].why == 0;
	}
	if (!any) { /* spans cost nothing then */
		return;
	}
	if (!prepared) {
		prepared = true;
		pthread_key_create(&thread_ends, close_own);
		pthread_atfork(NULL, NULL, after_fork);
	}
	open_own(&block->slots[0]);
	block->read_ns = measure_read_ns(&block->slots[0]);
	hook.next = pf_span_hooks;
	pf_span_hooks = &hook;
	block->opening_ns = pf_now_ns() - begin_ns - block->slots[0].opening_ns;
}

void pf_counter_spans_stop(pf_counter_block *block)
{
	source->read(&whole, block->counts);
	atomic_store(&block->counted, 1);
}

void pf_counter_spans_forget(void)
{
	pf_span_hooks = pf_span_hooks == &hook ? hook.next : pf_span_hooks;
	close_own(NULL);
	source->close(&whole);
}
