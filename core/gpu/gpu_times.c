/* Times of events are floats in milliseconds since another event: they are taken since one that lies at most
 * ANCHOR_NS back, and is put down by the host's clock when the stream was empty. That is a little late, by
 * what waiting takes; whatever was waited for has ended by now, which corrects it. */
#include "core/gpu/gpu_times.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MOST_MARKS = 1024 };
#define ANCHOR_NS 1000000000u

typedef struct mark {
	CUevent begin, end; /* made when they are first used */
	pf_device_part part;
	size_t bytes;
	uint64_t begin_ns, ns; /* since the anchor, and long; as last read */
} mark;

struct pf_gpu_times {
	pf_trace *trace;
	CUevent anchor;
	uint64_t anchor_ns;
	unsigned count; /* of marks in use */
	bool open;      /* the last of them has begun, and not ended */
	mark marks[MOST_MARKS];
};

/* The stream is empty: an event is over when the wait for it returns. */
static bool set_anchor(pf_gpu_device *d)
{
	pf_gpu_times *t = d->times;
	bool fine = d->api.cuEventRecord(t->anchor, d->stream) == CUDA_SUCCESS &&
		    d->api.cuEventSynchronize(t->anchor) == CUDA_SUCCESS;
	t->anchor_ns = pf_now_ns();
	return fine;
}

static void name_device(const pf_gpu_device *d, pf_device_work *work)
{
	if (!work->name[0]) {
		d->api.cuDeviceGetName(work->name, PF_DEVICE_NAME, d->device);
		d->api.cuDeviceGetPCIBusId(work->bus, PF_DEVICE_BUS, d->device);
		work->name[PF_DEVICE_NAME - 1] = work->bus[PF_DEVICE_BUS - 1] = '\0';
	}
}

void pf_gpu_times_open(pf_gpu_device *d, pf_trace *trace)
{
	pf_gpu_times_close(d);
	if (!trace || d->failure.code != PF_OK) {
		return;
	}
	name_device(d, &trace->device);
	d->times = calloc(1, sizeof *d->times);
	if (!d->times) {
		return;
	}
	d->times->trace = trace;
	if (d->api.cuEventCreate(&d->times->anchor, 0) != CUDA_SUCCESS ||
	    d->api.cuStreamSynchronize(d->stream) != CUDA_SUCCESS || !set_anchor(d)) {
		pf_gpu_times_close(d);
	}
}

void pf_gpu_times_close(pf_gpu_device *d)
{
	pf_gpu_times *t = d->times;
	if (!t) {
		return;
	}
	for (unsigned i = 0; i < MOST_MARKS; i++) {
		CUevent both[2] = {t->marks[i].begin, t->marks[i].end};
		for (int k = 0; k < 2; k++) {
			if (both[k]) {
				d->api.cuEventDestroy(both[k]);
			}
		}
	}
	if (t->anchor) {
		d->api.cuEventDestroy(t->anchor);
	}
	free(t);
	d->times = NULL;
}

/* Makes the event where it is not there yet, and records it. */
static bool record(pf_gpu_device *d, CUevent *event)
{
	if (!*event && d->api.cuEventCreate(event, 0) != CUDA_SUCCESS) {
		*event = NULL;
		return false;
	}
	return d->api.cuEventRecord(*event, d->stream) == CUDA_SUCCESS;
}

void pf_gpu_part_begin(pf_gpu_device *d, pf_device_part part)
{
	pf_gpu_times *t = d->times;
	if (!t) {
		return;
	}
	t->open = t->count < MOST_MARKS && record(d, &t->marks[t->count].begin);
	if (t->open) {
		t->marks[t->count].part = part;
	} else {
		t->trace->device.untimed++;
	}
}

void pf_gpu_part_end(pf_gpu_device *d, size_t bytes)
{
	pf_gpu_times *t = d->times;
	if (!t || !t->open) {
		return;
	}
	mark *m = &t->marks[t->count];
	t->open = false;
	m->bytes = bytes;
	if (record(d, &m->end)) {
		t->count++;
	} else {
		t->trace->device.untimed++;
	}
}

static bool read_mark(pf_gpu_device *d, mark *m)
{
	float begin_ms, ms;
	bool fine = d->api.cuEventElapsedTime(&begin_ms, d->times->anchor, m->begin) == CUDA_SUCCESS &&
		    d->api.cuEventElapsedTime(&ms, m->begin, m->end) == CUDA_SUCCESS && begin_ms >= 0 &&
		    ms >= 0;
	m->begin_ns = fine ? (uint64_t)((double)begin_ms * 1e6) : 0;
	m->ns = fine ? (uint64_t)((double)ms * 1e6) : 0;
	return fine;
}

void pf_gpu_times_read(pf_gpu_device *d)
{
	pf_gpu_times *t = d->times;
	if (!t) {
		return;
	}
	uint64_t now = pf_now_ns(), last = 0;
	for (unsigned i = 0; i < t->count; i++) {
		mark *m = &t->marks[i];
		if (!read_mark(d, m)) {
			m->part = PF_DEVICE_PARTS; /* which is none */
			t->trace->device.untimed++;
		}
		last = m->begin_ns + m->ns > last ? m->begin_ns + m->ns : last;
	}
	if (t->anchor_ns + last > now) {
		t->anchor_ns = now - last;
	}
	for (unsigned i = 0; i < t->count; i++) {
		const mark *m = &t->marks[i];
		pf_trace_device(t->trace, m->part, t->anchor_ns + m->begin_ns,
				t->anchor_ns + m->begin_ns + m->ns, m->bytes);
	}
	t->count = 0;
	if (now - t->anchor_ns > ANCHOR_NS && !set_anchor(d)) {
		pf_gpu_times_close(d);
	}
}
