/* Spans of a user's own program: a set of traces, one a thread, and the names of their stages. */
#include "photofinish/spans.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MOST = 4096, KEPT_MOST = 1 << 24, NAME_BYTES = 48 };

struct pf_spans {
	uint32_t threads, capacity;
	atomic_uint entered;
	uint64_t created_ns;
	pthread_mutex_t mutex; /* of the stages; their count is read without it */
	atomic_uint stages;
	char names[PF_STAGES_MAX][NAME_BYTES];
	pf_wait_kind waits[PF_STAGES_MAX];
	pf_span *kept;
	pf_trace traces[];
};

static uint32_t power_of_two(uint32_t least)
{
	uint32_t power = 1;
	while (power < least) {
		power *= 2;
	}
	return least ? power : 0;
}

pf_status pf_spans_create(uint32_t threads, uint32_t kept, pf_spans **out, pf_error *error)
{
	*out = NULL;
	if (threads < 1 || threads > THREADS_MOST || kept > KEPT_MOST) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "spans are of 1 to %d threads and at most %d each",
			       THREADS_MOST, KEPT_MOST);
	}
	pf_spans *spans = calloc(1, sizeof *spans + threads * sizeof spans->traces[0]);
	uint32_t capacity = power_of_two(kept);
	pf_span *ring = capacity ? calloc((size_t)threads * capacity, sizeof *ring) : NULL;
	if (!spans || (capacity && !ring)) {
		free(spans);
		free(ring);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the spans of %u threads",
			       threads);
	}
	pthread_mutex_init(&spans->mutex, NULL);
	spans->threads = threads;
	spans->capacity = capacity;
	spans->kept = ring;
	spans->created_ns = pf_now_ns();
	for (uint32_t i = 0; i < threads; i++) {
		pf_trace_reset(&spans->traces[i]);
		pf_trace_keep(&spans->traces[i], ring ? ring + (size_t)i * capacity : NULL, capacity);
	}
	*out = spans;
	return PF_OK;
}

void pf_spans_destroy(pf_spans *spans)
{
	if (spans) {
		pthread_mutex_destroy(&spans->mutex);
		free(spans->kept);
		free(spans);
	}
}

pf_status pf_spans_stage(pf_spans *spans, const char *name, pf_wait_kind wait, pf_stage *stage,
			 pf_error *error)
{
	pf_status status = PF_OK;
	if (!name[0] || strlen(name) >= NAME_BYTES) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "a stage's name has 1 to %d bytes", NAME_BYTES - 1);
	}
	pthread_mutex_lock(&spans->mutex);
	uint32_t count = atomic_load(&spans->stages), i = 0;
	while (i < count && strcmp(spans->names[i], name) != 0) {
		i++;
	}
	if (i == PF_STAGES_MAX) {
		status = pf_fail(error, PF_ERR_USAGE, NULL, "there are %d stages already, no room for %s",
				 PF_STAGES_MAX, name);
	} else if (i == count) {
		memcpy(spans->names[i], name, strlen(name) + 1);
		spans->waits[i] = wait < PF_WAIT_KINDS ? wait : PF_WAIT_BLOCKED;
		atomic_store(&spans->stages, count + 1);
	}
	pthread_mutex_unlock(&spans->mutex);
	*stage = (pf_stage)i;
	return status;
}

pf_trace *pf_spans_enter(pf_spans *spans)
{
	uint32_t slot = atomic_fetch_add(&spans->entered, 1);
	if (slot >= spans->threads) {
		return NULL;
	}
	pf_trace_enter(&spans->traces[slot]);
	return &spans->traces[slot];
}

void pf_spans_leave(pf_trace *trace)
{
	if (trace) {
		pf_trace_leave(trace);
	}
}

static const char *name_of(const void *context, pf_stage stage)
{
	const pf_spans *spans = context;
	return (unsigned)stage < atomic_load(&spans->stages) ? spans->names[stage] : "(unnamed)";
}

static pf_wait_kind wait_of(const void *context, pf_stage stage)
{
	const pf_spans *spans = context;
	return (unsigned)stage < atomic_load(&spans->stages) ? spans->waits[stage] : PF_WAIT_BLOCKED;
}

static uint32_t used(const pf_spans *spans)
{
	uint32_t entered = atomic_load(&spans->entered);
	return entered < spans->threads ? entered : spans->threads;
}

pf_status pf_spans_report(const pf_spans *spans, FILE *stream, pf_error *error)
{
	pf_stage_words words = {.name = name_of, .wait = wait_of, .context = spans};
	pf_span_tree tree;
	uint32_t threads = used(spans), entered = atomic_load(&spans->entered);
	pf_status status = pf_span_tree_create(spans->traces, threads, &tree, error);
	if (status != PF_OK) {
		return status;
	}
	pf_span_tree_print(&tree, &words, stream);
	if (entered > threads) {
		fprintf(stream, "%u of %u threads are not in it: there was room for %u\n", entered - threads,
			entered, spans->threads);
	}
	pf_span_tree_release(&tree);
	return fflush(stream) || ferror(stream)
		       ? pf_fail_errno(error, NULL, "cannot write the report of spans")
		       : PF_OK;
}

pf_status pf_spans_write_events(const pf_spans *spans, FILE *stream, pf_error *error)
{
	pf_stage_words words = {.name = name_of, .wait = wait_of, .context = spans};
	uint32_t threads = used(spans);
	pf_span_lane *lanes = calloc(threads + 1, sizeof *lanes);
	char(*names)[24] = calloc(threads + 1, sizeof *names);
	if (!lanes || !names) {
		free(names);
		free(lanes);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the events of spans");
	}
	for (uint32_t i = 0; i < threads; i++) {
		const pf_trace *trace = &spans->traces[i];
		uint64_t ended = trace->ring ? trace->ended : 0;
		snprintf(names[i], sizeof names[i], "thread %u", i);
		lanes[i] = (pf_span_lane){
			.name = names[i],
			.origin_ns = spans->created_ns,
			.spans = trace->ring,
			.count = (size_t)(ended < spans->capacity ? ended : spans->capacity)};
	}
	pf_status status = pf_span_events_write(lanes, threads, &words, NULL, NULL, stream, error);
	free(names);
	free(lanes);
	return status;
}
