/* A slot's state is one word, so that nobody can die holding it. The service's process is alive as long as it
 * holds the write end of a pipe. */
#include "photofinish/pose_service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/exec/futex.h"
#include "core/scoring/pose_estimator.h"
#include "photofinish/containment.h"

enum phase {
	FREE,  /* the worker's */
	ASKED, /* the service may take it */
	TAKEN, /* it runs */
	DONE,  /* to be read by the worker */
};

typedef struct slot {
	_Atomic uint32_t phase;
	uint64_t asked_ns;
	uint32_t orientation;
	struct {
		uint64_t offset; /* from the start of the slot's memory */
		uint32_t width_px, height_px, stride_bytes;
		bool there;
	} planes[3];
	pf_status status;
	pf_pose pose;
	pf_error error;
} slot;

struct pf_pose_service {
	uint64_t bytes, memory_at, slot_bytes;
	const atomic_int *cancel; /* at the same address in every process: they are forks */
	uint32_t slots, batch, wait_us;
	int alive; /* read end */
	pid_t pid;
	_Atomic uint32_t asks; /* a count that the service waits on */
	_Atomic uint32_t ready, over;
	pf_status opened; /* before `ready` */
	pf_error error;
	_Atomic uint64_t photos, runs, largest;
	slot slot[];
};

static uint8_t *memory_of(pf_pose_service *s, uint32_t number)
{
	return (uint8_t *)s + s->memory_at + number * s->slot_bytes;
}

static bool is_cancelled(const pf_pose_service *s)
{
	return s->cancel && atomic_load(s->cancel);
}

static bool is_gone(const pf_pose_service *s)
{
	struct pollfd end = {.fd = s->alive};
	return poll(&end, 1, 0) > 0;
}

/* What lies in a slot, as a photo to be read. */
static void view(pf_pose_service *s, uint32_t number, pf_image *image)
{
	const slot *from = &s->slot[number];
	pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
	*image = (pf_image){.orientation = from->orientation, .lent = true};
	for (int i = 0; i < 3; i++) {
		*planes[i] = (pf_plane){
			.data = from->planes[i].there ? memory_of(s, number) + from->planes[i].offset : NULL,
			.width_px = from->planes[i].width_px,
			.height_px = from->planes[i].height_px,
			.stride_bytes = from->planes[i].stride_bytes};
	}
}

/* Takes up to a batch of the slots that have asked; how long ago the first of them did. */
static uint32_t take(pf_pose_service *s, uint32_t *taken)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->slots && count < s->batch; i++) {
		uint32_t phase = ASKED;
		if (atomic_compare_exchange_strong(&s->slot[i].phase, &phase, TAKEN)) {
			taken[count++] = i;
		}
	}
	return count;
}

static uint32_t count_asked(pf_pose_service *s, uint64_t *oldest_ns)
{
	uint32_t count = 0;
	*oldest_ns = UINT64_MAX;
	for (uint32_t i = 0; i < s->slots; i++) {
		if (atomic_load(&s->slot[i].phase) == ASKED) {
			count++;
			*oldest_ns = s->slot[i].asked_ns < *oldest_ns ? s->slot[i].asked_ns : *oldest_ns;
		}
	}
	return count;
}

/* Returns when there is something to run, or it is over: a whole batch, all that can ask, or a photo that has
 * waited long enough. */
static void wait_for_asks(pf_pose_service *s)
{
	uint32_t enough = s->slots < s->batch ? s->slots : s->batch;
	while (!atomic_load(&s->over)) {
		uint64_t oldest, limit = (uint64_t)s->wait_us * 1000;
		uint32_t asks = atomic_load(&s->asks), asked = count_asked(s, &oldest);
		uint64_t now = pf_now_ns(), waited = asked && now > oldest ? now - oldest : 0;
		if (asked >= enough || (asked && waited >= limit)) {
			return;
		}
		pf_futex_wait_ns(&s->asks, asks, asked ? limit - waited : PF_FUTEX_WAIT_NS);
	}
}

static void answer(pf_pose_service *s, pf_pose_estimator *estimator, const uint32_t *taken, uint32_t count)
{
	pf_image images[PF_POSE_BATCH_MAX] = {0};
	pf_pose poses[PF_POSE_BATCH_MAX];
	pf_error error = {.code = PF_OK};
	for (uint32_t i = 0; i < count; i++) {
		view(s, taken[i], &images[i]);
	}
	pf_status status = pf_pose_estimate_all(estimator, images, count, poses, &error);
	atomic_fetch_add(&s->photos, count);
	atomic_fetch_add(&s->runs, 1);
	if (count > atomic_load(&s->largest)) {
		atomic_store(&s->largest, count);
	}
	for (uint32_t i = 0; i < count; i++) {
		slot *to = &s->slot[taken[i]];
		to->status = status;
		to->pose = poses[i];
		to->error = error;
		atomic_store(&to->phase, DONE);
		pf_futex_wake_all(&to->phase);
	}
}

static pf_status open_networks(const pf_pose_service_options *options, pf_pose_estimator **out,
			       pf_error *error)
{
	const pf_pose_options wanted = {.model_file = options->config->model_file,
					.box_model_file = options->config->box_model_file,
					.backend = options->config->backend,
					.trace = options->trace,
					.batch = options->batch};
	uint64_t begin = pf_span_begin(options->trace, PF_STAGE_STARTUP);
	pf_status status = pf_pose_estimator_create(&wanted, out, error);
	pf_span_end(options->trace, PF_STAGE_STARTUP, begin);
	return status;
}

static void serve(pf_pose_service *s, const pf_pose_service_options *options)
{
	pf_pose_estimator *estimator = NULL;
	uint32_t taken[PF_POSE_BATCH_MAX];
	if (options->trace) {
		pf_trace_take_over(options->trace);
	}
	s->opened = pf_contain_worker(&s->error);
	if (s->opened == PF_OK) {
		s->opened = open_networks(options, &estimator, &s->error);
	}
	atomic_store(&s->ready, 1);
	pf_futex_wake_all(&s->ready);
	while (s->opened == PF_OK && !atomic_load(&s->over)) {
		uint64_t begin = pf_span_begin(options->trace, PF_STAGE_WAIT);
		wait_for_asks(s);
		pf_span_end(options->trace, PF_STAGE_WAIT, begin);
		uint32_t count = take(s, taken);
		if (count) {
			begin = pf_span_begin(options->trace, PF_STAGE_POSE);
			answer(s, estimator, taken, count);
			pf_span_end(options->trace, PF_STAGE_POSE, begin);
		}
	}
	pf_pose_estimator_destroy(estimator);
}

static pf_status map(const pf_pose_service_options *o, pf_pose_service **out, pf_error *error)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), memory = 0, bytes = 0;
	uint64_t head = (sizeof(pf_pose_service) + o->slots * sizeof(slot) + page - 1) / page * page;
	uint64_t slot_bytes = (o->slot_bytes + page) / page * page;
	if (__builtin_mul_overflow(slot_bytes, o->slots, &memory) ||
	    __builtin_add_overflow(memory, head, &bytes) || bytes > INT64_MAX) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "%u photos of %llu bytes are too much",
			       o->slots, (unsigned long long)o->slot_bytes);
	}
	pf_pose_service *s = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "cannot map %llu bytes for photos",
				     (unsigned long long)bytes);
	}
	s->bytes = bytes;
	s->memory_at = head;
	s->slot_bytes = slot_bytes;
	s->slots = o->slots;
	s->batch = o->batch < PF_POSE_BATCH_MAX ? o->batch : PF_POSE_BATCH_MAX;
	s->batch = s->batch ? s->batch : 1;
	s->wait_us = o->wait_us;
	s->cancel = o->cancel;
	s->alive = -1;
	*out = s;
	return PF_OK;
}

static pf_status fork_process(pf_pose_service *s, const pf_pose_service_options *options, pf_error *error)
{
	int ends[2];
	pid_t parent = getpid();
	if (pipe2(ends, O_CLOEXEC) != 0) {
		return pf_fail_errno(error, NULL, "cannot open a pipe for the pose service");
	}
	s->alive = ends[0];
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent) { /* else it died before the signal was set */
			serve(s, options);
		}
		_exit(0);
	}
	int why = errno;
	s->pid = pid;
	close(ends[1]);
	errno = why;
	return pid > 0 ? PF_OK : pf_fail_errno(error, NULL, "cannot fork the pose service");
}

pf_status pf_pose_service_start(const pf_pose_service_options *options, pf_pose_service **out,
				pf_error *error)
{
	*out = NULL;
	pf_pose_service *s = NULL;
	pf_status status = map(options, &s, error);
	if (!s) {
		return status;
	}
	status = fork_process(s, options, error);
	while (status == PF_OK && !atomic_load(&s->ready)) {
		if (is_gone(s) && !atomic_load(&s->ready)) {
			status = pf_fail(error, PF_ERR_CRASHED, NULL,
					 "the process that owns the networks died while it opened them");
		} else {
			pf_futex_wait(&s->ready, 0);
		}
	}
	if (status == PF_OK && s->opened != PF_OK) {
		status = pf_fail(error, s->opened, s->error.file[0] ? s->error.file : NULL, "%s",
				 s->error.message);
	}
	if (status != PF_OK) {
		pf_pose_service_stop(s);
		return status;
	}
	*out = s;
	return PF_OK;
}

void pf_pose_service_stop(pf_pose_service *s)
{
	if (!s) {
		return;
	}
	atomic_store(&s->over, 1);
	atomic_fetch_add(&s->asks, 1);
	pf_futex_wake_all(&s->asks);
	while (s->pid > 0 && waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	if (s->alive >= 0) {
		close(s->alive);
	}
	munmap(s, s->bytes);
}

pf_pose_service_counts pf_pose_service_count(const pf_pose_service *s)
{
	return (pf_pose_service_counts){atomic_load(&s->photos), atomic_load(&s->runs),
					atomic_load(&s->largest)};
}

void pf_pose_service_lend(pf_pose_service *s, uint32_t number, pf_image *image)
{
	slot *own = &s->slot[number];
	uint32_t phase;
	while ((phase = atomic_load(&own->phase)) != FREE) {
		if (phase == DONE || phase == ASKED) {
			atomic_compare_exchange_strong(&own->phase, &phase, FREE);
		} else if (is_gone(s) || is_cancelled(s)) {
			break;
		} else {
			pf_futex_wait(&own->phase, phase);
		}
	}
	*image = (pf_image){.buffer = memory_of(s, number), .capacity_bytes = s->slot_bytes, .lent = true};
}

void pf_pose_service_ask(pf_pose_service *s, uint32_t number, const pf_image *image)
{
	slot *own = &s->slot[number];
	const pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
	own->orientation = image->orientation;
	for (int i = 0; i < 3; i++) {
		own->planes[i].there = planes[i]->data != NULL;
		own->planes[i].offset = planes[i]->data ? (uint64_t)(planes[i]->data - memory_of(s, number))
							: 0;
		own->planes[i].width_px = planes[i]->width_px;
		own->planes[i].height_px = planes[i]->height_px;
		own->planes[i].stride_bytes = planes[i]->stride_bytes;
	}
	own->asked_ns = pf_now_ns();
	atomic_store(&own->phase, ASKED);
	atomic_fetch_add(&s->asks, 1);
	pf_futex_wake_all(&s->asks);
}

pf_status pf_pose_service_await(pf_pose_service *s, uint32_t number, pf_pose *pose, pf_error *error)
{
	slot *own = &s->slot[number];
	uint32_t phase;
	while ((phase = atomic_load(&own->phase)) != DONE) {
		if (is_gone(s) && atomic_load(&own->phase) != DONE) {
			return pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
				       "the process that owns the pose network is gone");
		}
		if (is_cancelled(s)) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		pf_futex_wait(&own->phase, phase);
	}
	pf_status status = own->status;
	*pose = own->pose;
	if (status != PF_OK) {
		pf_fail(error, status, own->error.file[0] ? own->error.file : NULL, "%s", own->error.message);
	}
	atomic_store(&own->phase, FREE);
	return status;
}
