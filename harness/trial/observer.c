#include "harness/trial/observer.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/stats/order_statistics.h"
#include "harness/trial/frames.h"
#include "harness/trial/occupancy.h"

#define PF_OBSERVED_NAME(constant, name, text) name,
static const char *const names[] = {PF_OBSERVED_LIST(PF_OBSERVED_NAME)};
#define PF_OBSERVED_TEXT(constant, name, text) text,
static const char *const texts[] = {PF_OBSERVED_LIST(PF_OBSERVED_TEXT)};

const char *pf_observed_name(pf_observed_unit unit)
{
	return names[unit];
}

const char *pf_observed_text(pf_observed_unit unit)
{
	return texts[unit];
}

enum { EACH = 256, EACH_SLOW = 16, TRACES = 3, RING = 1024 };

/* What the batches work on. */
struct bench {
	pf_trace traces[TRACES];
	pf_span ring[RING];
	pf_trace *volatile nobody; /* NULL, which the compiler does not know */
	volatile uint64_t sum;
};

static void run_clock(struct bench *bench)
{
	bench->sum += pf_now_ns();
}

static void run_span(struct bench *bench)
{
	pf_trace *trace = &bench->traces[1];
	pf_span_end(trace, PF_STAGE_QUALITY, pf_span_begin(trace, PF_STAGE_QUALITY));
}

static void run_null_span(struct bench *bench)
{
	pf_trace *trace = bench->nobody;
	pf_span_end(trace, PF_STAGE_QUALITY, pf_span_begin(trace, PF_STAGE_QUALITY));
}

static void run_thread_cpu(struct bench *bench)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	bench->sum += (uint64_t)now.tv_nsec;
}

static void run_run_delay(struct bench *bench)
{
	char text[96];
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		bench->sum += (uint64_t)read(fd, text, sizeof text);
		close(fd);
	}
}

static void run_look(struct bench *bench)
{
	uint32_t of;
	bench->sum += pf_occupancy(bench->traces, TRACES - 1, PF_CAP_WORKERS, &of);
}

static int batch_size(pf_observed_unit unit)
{
	return unit == PF_OBSERVED_RUN_DELAY ? EACH_SLOW : EACH;
}

/* Inlined into each caller, so that what is timed is the unit and not a call by pointer. */
static inline __attribute__((always_inline)) double batch_ns(struct bench *bench,
							     void (*unit)(struct bench *), int each)
{
	uint64_t begin_ns = pf_now_ns();
	for (int i = 0; i < each; i++) {
		unit(bench);
	}
	return (double)(pf_now_ns() - begin_ns) / each;
}

static double time_batch(struct bench *bench, pf_observed_unit unit)
{
	switch (unit) {
	case PF_OBSERVED_CLOCK:
		return batch_ns(bench, run_clock, EACH);
	case PF_OBSERVED_SPAN:
		return batch_ns(bench, run_span, EACH);
	case PF_OBSERVED_NULL_SPAN:
		return batch_ns(bench, run_null_span, EACH);
	case PF_OBSERVED_THREAD_CPU:
		return batch_ns(bench, run_thread_cpu, EACH);
	case PF_OBSERVED_RUN_DELAY:
		return batch_ns(bench, run_run_delay, EACH_SLOW);
	case PF_OBSERVED_LOOK:
		return batch_ns(bench, run_look, EACH);
	case PF_OBSERVED_EVENT:
	case PF_OBSERVED_COUNT:
		break;
	}
	return 0;
}

static pf_unit_cost summarise(double *samples, size_t n, uint32_t each)
{
	pf_sort(samples, n);
	return (pf_unit_cost){.median_ns = pf_quantile(samples, n, 0.5),
			      .low_ns = pf_quantile(samples, n, 0.05),
			      .high_ns = pf_quantile(samples, n, 0.95),
			      .n = n,
			      .each = each};
}

/* The harness's side of the pipe: asleep until an event comes, as it is in a trial. */
struct listener {
	int fd;
	pf_frame_reader reader;
	atomic_size_t taken;
	pf_frame_photo last;
	double cpu_ns;
};

static void take(void *context, const pf_frame *frame)
{
	struct listener *listener = context;
	listener->last = frame->photo;
	atomic_fetch_add(&listener->taken, 1);
}

static double thread_cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *listen_to_events(void *context)
{
	struct listener *listener = context;
	struct pollfd events = {.fd = listener->fd, .events = POLLIN};
	double begin_ns = thread_cpu_ns();
	while (poll(&events, 1, -1) > 0 &&
	       pf_frame_read(&listener->reader, listener->fd, take, listener) > 0) {
	}
	listener->cpu_ns = thread_cpu_ns() - begin_ns;
	return NULL;
}

/* Sends one event at a time to a sleeping reader: the sender pays for waking it, the reader's CPU time comes
 * on top. Waiting in between is not timed. */
static bool send_events(int fd, struct listener *listener, double *samples, size_t n)
{
	struct pf_pipe_sink sink;
	pf_score score = {0};
	pf_pipe_sink_init(&sink, fd);
	for (size_t i = 0; i < n; i++) {
		pf_photo_result result = {.index = (uint32_t)i, .message = "", .score = &score};
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL); /* it has to fall asleep */
		uint64_t begin_ns = pf_now_ns();
		pf_status status = sink.sink.photo_done(&sink.sink, &result);
		samples[i] = (double)(pf_now_ns() - begin_ns);
		for (int wait = 0; status == PF_OK && atomic_load(&listener->taken) <= i && wait < 20000;
		     wait++) {
			nanosleep(&(struct timespec){.tv_nsec = 10000}, NULL);
		}
		if (status != PF_OK || atomic_load(&listener->taken) <= i) {
			return false;
		}
	}
	return true;
}

static pf_unit_cost measure_events(double *samples, size_t n)
{
	struct listener *listener = calloc(1, sizeof *listener);
	pf_unit_cost cost = {0};
	pthread_t thread;
	int ends[2];
	if (!listener || pipe2(ends, O_CLOEXEC)) {
		free(listener);
		return cost;
	}
	listener->fd = ends[0];
	if (pthread_create(&thread, NULL, listen_to_events, listener) == 0) {
		bool sent = send_events(ends[1], listener, samples, n);
		close(ends[1]);
		ends[1] = -1;
		pthread_join(thread, NULL);
		for (size_t i = 0; i < n; i++) {
			samples[i] += listener->cpu_ns / (double)n;
		}
		cost = sent ? summarise(samples, n, 1) : cost;
	}
	if (ends[1] >= 0) {
		close(ends[1]);
	}
	close(ends[0]);
	free(listener);
	return cost;
}

void pf_observer_measure(size_t batches, pf_observer *out)
{
	struct bench *bench = calloc(1, sizeof *bench);
	double *samples = calloc(batches, sizeof *samples);
	*out = (pf_observer){0};
	for (int i = 0; bench && i < TRACES; i++) {
		pf_trace_reset(&bench->traces[i]);
	}
	if (bench) { /* as a worker has it */
		pf_trace_keep(&bench->traces[1], bench->ring, RING);
		pf_trace_enter(&bench->traces[1]);
	}
	for (int unit = 0; bench && samples && unit < PF_OBSERVED_COUNT; unit++) {
		if (unit == PF_OBSERVED_EVENT) {
			out->costs[unit] = measure_events(samples, batches);
			continue;
		}
		time_batch(bench, (pf_observed_unit)unit); /* the first one finds cold caches */
		for (size_t i = 0; i < batches; i++) {
			samples[i] = time_batch(bench, (pf_observed_unit)unit);
		}
		out->costs[unit] = summarise(samples, batches, (uint32_t)batch_size((pf_observed_unit)unit));
	}
	free(samples);
	free(bench);
}

const pf_observer *pf_observer_of_this_machine(void)
{
	static pf_observer observer;
	if (!observer.costs[PF_OBSERVED_SPAN].n) {
		pf_observer_measure(PF_OBSERVER_BATCHES, &observer);
	}
	return &observer;
}

void pf_observed_add_trace(pf_observed *observed, const pf_trace *trace)
{
	observed->counts[PF_OBSERVED_SPAN] += trace->ended;
	observed->counts[PF_OBSERVED_THREAD_CPU] += trace->cpu_reads;
	observed->counts[PF_OBSERVED_CLOCK] += trace->cpu_reads; /* which looks at the clock once more */
	observed->counts[PF_OBSERVED_RUN_DELAY] += trace->run_delay_reads;
}

void pf_observed_settle(pf_observed *observed, const pf_observer *observer, uint64_t wall_ns)
{
	observed->known = observer && wall_ns > 0;
	observed->cost_ns = observed->results_ns = observed->share = 0;
	for (int unit = 0; observed->known && unit < PF_OBSERVED_COUNT; unit++) {
		const pf_unit_cost *cost = &observer->costs[unit];
		observed->known = cost->n > 0 || observed->counts[unit] == 0;
		*(unit == PF_OBSERVED_EVENT ? &observed->results_ns : &observed->cost_ns) +=
			cost->median_ns * (double)observed->counts[unit];
	}
	observed->cost_ns = observed->known ? observed->cost_ns : 0;
	observed->results_ns = observed->known ? observed->results_ns : 0;
	observed->share = observed->known ? observed->cost_ns / (double)wall_ns : 0;
}
