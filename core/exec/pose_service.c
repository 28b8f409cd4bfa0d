/* A slot's state is one word, so that nobody can die holding it. The service's process is alive as long as it
 * holds the write end of a pipe. A slot has pages of its own: a worker can write no other one, and what lies
 * in its own is checked before the service uses it. */
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
#include "core/exec/shared_pages.h"
#include "core/scoring/pose_estimator.h"
#include "photofinish/containment.h"

enum phase {
	FREE,  /* the worker's */
	ASKED, /* the service may take it */
	TAKEN, /* it runs */
	DONE,  /* to be read by the worker */
};

/* A photo as its worker describes it. */
typedef struct described {
	uint32_t orientation;
	struct {
		uint64_t offset; /* from the start of the slot's memory */
		uint32_t width_px, height_px, stride_bytes;
		bool there;
	} planes[3];
} described;

/* At the start of a slot's pages; the photo's memory is in the pages behind it. */
typedef struct slot {
	_Atomic uint32_t phase;
	uint64_t asked_ns;
	described photo;
	pf_status status;
	pf_pose pose;
	pf_error error;
} slot;

/* What the service and the process that started it say: workers only read it. */
struct said {
	_Atomic uint32_t ready, over;
	pf_status opened; /* before `ready` */
	pf_error error;
	_Atomic uint64_t photos, runs, largest;
};

/* Of each process: they are forks, and find what is shared at the same addresses. */
struct pf_pose_service {
	pf_shared_pages pages;
	struct said *said;
	_Atomic uint32_t *asks; /* a count that the service waits on: all write it */
	uint8_t *shared;        /* a page with `asks`, then the slots */
	uint64_t bytes, page_bytes, head_bytes, slot_bytes;
	const atomic_int *cancel;
	uint32_t slots, batch, wait_us;
	int alive; /* read end */
	pid_t pid;
};

static slot *slot_of(const pf_pose_service *s, uint32_t number)
{
	return (slot *)(void *)(s->shared + s->page_bytes + number * (s->head_bytes + s->slot_bytes));
}

static uint8_t *memory_of(const pf_pose_service *s, uint32_t number)
{
	return (uint8_t *)slot_of(s, number) + s->head_bytes;
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

static bool is_size_of_chroma(uint32_t luma, uint32_t chroma)
{
	return chroma && (chroma == luma || chroma == (luma + 1) / 2 || chroma == (luma + 3) / 4);
}

/* What lies in a slot, as a photo to be read; false where no decoder leaves that, or it is not in the slot.
 */
static bool view(const pf_pose_service *s, uint32_t number, pf_image *image)
{
	const described photo = slot_of(s, number)->photo; /* the worker can write it at any time */
	pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
	*image = (pf_image){.orientation = photo.orientation, .lent = true};
	for (int i = 0; i < 3; i++) {
		uint32_t width = photo.planes[i].width_px, height = photo.planes[i].height_px;
		uint64_t stride = photo.planes[i].stride_bytes, offset = photo.planes[i].offset;
		if (!photo.planes[i].there) {
			continue;
		}
		if (!width || !height || stride < width || offset > s->slot_bytes ||
		    stride * height > s->slot_bytes - offset) {
			return false;
		}
		*planes[i] = (pf_plane){.data = memory_of(s, number) + offset,
					.width_px = width,
					.height_px = height,
					.stride_bytes = (uint32_t)stride};
	}
	return image->y.data && !image->cb.data == !image->cr.data && photo.orientation >= 1 &&
	       photo.orientation <= 8 &&
	       (!image->cb.data ||
		(is_size_of_chroma(image->y.width_px, image->cb.width_px) &&
		 is_size_of_chroma(image->y.height_px, image->cb.height_px) &&
		 image->cr.width_px == image->cb.width_px && image->cr.height_px == image->cb.height_px));
}

/* Takes up to a batch of the slots that have asked; how long ago the first of them did. */
static uint32_t take(pf_pose_service *s, uint32_t *taken)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->slots && count < s->batch; i++) {
		uint32_t phase = ASKED;
		if (atomic_compare_exchange_strong(&slot_of(s, i)->phase, &phase, TAKEN)) {
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
		if (atomic_load(&slot_of(s, i)->phase) == ASKED) {
			count++;
			uint64_t asked_ns = slot_of(s, i)->asked_ns;
			*oldest_ns = asked_ns < *oldest_ns ? asked_ns : *oldest_ns;
		}
	}
	return count;
}

/* Returns when there is something to run, or it is over: a whole batch, all that can ask, or a photo that has
 * waited long enough. */
static void wait_for_asks(pf_pose_service *s)
{
	uint32_t enough = s->slots < s->batch ? s->slots : s->batch;
	while (!atomic_load(&s->said->over)) {
		uint64_t oldest, limit = (uint64_t)s->wait_us * 1000;
		uint32_t asks = atomic_load(s->asks), asked = count_asked(s, &oldest);
		uint64_t now = pf_now_ns(), waited = asked && now > oldest ? now - oldest : 0;
		if (asked >= enough || (asked && waited >= limit)) {
			return;
		}
		pf_futex_wait_ns(s->asks, asks, asked ? limit - waited : PF_FUTEX_WAIT_NS);
	}
}

static void put_answer(slot *to, pf_status status, const pf_pose *pose, const pf_error *error)
{
	to->status = status;
	to->pose = *pose;
	to->error = *error;
	atomic_store(&to->phase, DONE);
	pf_futex_wake_all(&to->phase);
}

static void answer(pf_pose_service *s, pf_pose_estimator *estimator, const uint32_t *taken, uint32_t count)
{
	pf_image images[PF_POSE_BATCH_MAX] = {0};
	pf_pose poses[PF_POSE_BATCH_MAX] = {0};
	slot *to[PF_POSE_BATCH_MAX];
	pf_error error = {.code = PF_OK};
	uint32_t sound = 0;
	for (uint32_t i = 0; i < count; i++) {
		to[sound] = slot_of(s, taken[i]);
		if (view(s, taken[i], &images[sound])) {
			sound++;
		} else {
			pf_fail(&error, PF_ERR_INVALID, NULL,
				"what was given to the pose service is no photo");
			put_answer(to[sound], PF_ERR_INVALID, &poses[sound], &error);
		}
	}
	if (!sound) {
		return;
	}
	error = (pf_error){.code = PF_OK};
	pf_status status = pf_pose_estimate_all(estimator, images, sound, poses, &error);
	atomic_fetch_add(&s->said->photos, sound);
	atomic_fetch_add(&s->said->runs, 1);
	if (sound > atomic_load(&s->said->largest)) {
		atomic_store(&s->said->largest, sound);
	}
	for (uint32_t i = 0; i < sound; i++) {
		put_answer(to[i], status, &poses[i], &error);
	}
}

static pf_status open_networks(const pf_pose_service_options *options, pf_pose_estimator **out,
			       pf_error *error)
{
	const pf_pose_options wanted = {.model_file = options->config->model_file,
					.box_model_file = options->config->box_model_file,
					.backend = options->config->backend,
					.trace = options->trace,
					.fall_back = options->config->strategy & PF_STRATEGY_FALL_BACK,
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
	s->said->opened = pf_contain_worker(&s->said->error);
	if (s->said->opened == PF_OK) {
		s->said->opened = open_networks(options, &estimator, &s->said->error);
	}
	atomic_store(&s->said->ready, 1);
	pf_futex_wake_all(&s->said->ready);
	while (s->said->opened == PF_OK && !atomic_load(&s->said->over)) {
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

/* Pages of the slots; false where so many bytes cannot be counted. */
static bool lay_out(const pf_pose_service_options *o, pf_pose_service *s)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), slots = 0;
	s->page_bytes = page;
	s->head_bytes = (sizeof(slot) + page - 1) / page * page;
	s->slot_bytes = (o->slot_bytes + page) / page * page;
	return o->slot_bytes <= INT64_MAX / 2 &&
	       !__builtin_mul_overflow(s->head_bytes + s->slot_bytes, o->slots, &slots) &&
	       !__builtin_add_overflow(slots, page, &s->bytes) && s->bytes <= INT64_MAX;
}

static pf_status map(const pf_pose_service_options *o, pf_pose_service **out, pf_error *error)
{
	pf_pose_service own = {.slots = o->slots, .wait_us = o->wait_us, .cancel = o->cancel, .alive = -1};
	own.batch = o->batch < PF_POSE_BATCH_MAX ? o->batch : PF_POSE_BATCH_MAX;
	own.batch = own.batch ? own.batch : 1;
	if (!lay_out(o, &own)) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "%u photos of %llu bytes are too much",
			       o->slots, (unsigned long long)o->slot_bytes);
	}
	pf_pose_service *s = malloc(sizeof *s);
	if (!s) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the pose service");
	}
	pf_status status = pf_shared_pages_create(sizeof(struct said), &own.pages, error);
	if (status != PF_OK) {
		free(s);
		return status;
	}
	own.said = own.pages.memory;
	own.shared = mmap(NULL, own.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
			  -1, 0);
	if (own.shared == MAP_FAILED) {
		status = pf_fail_errno(error, NULL, "cannot map %llu bytes for photos",
				       (unsigned long long)own.bytes);
		pf_shared_pages_destroy(&own.pages);
		free(s);
		return status;
	}
	own.asks = (_Atomic uint32_t *)(void *)own.shared;
	*s = own;
	*out = s;
	return PF_OK;
}

/* Puts memory that nobody can use in the place of shared memory: no call brings that back. */
static bool cover(uint8_t *begin, const uint8_t *end)
{
	return begin == end || mmap(begin, (size_t)(end - begin), PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == begin;
}

pf_status pf_pose_service_enter(pf_pose_service *s, uint32_t number, pf_error *error)
{
	uint8_t *own = (uint8_t *)slot_of(s, number), *end = own + s->head_bytes + s->slot_bytes;
	if (!cover(s->shared + s->page_bytes, own) || !cover(end, s->shared + s->bytes)) {
		return pf_fail_errno(error, NULL, "cannot give up the memory of other workers");
	}
	return pf_shared_pages_read_only(&s->pages, error);
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
	while (status == PF_OK && !atomic_load(&s->said->ready)) {
		if (is_gone(s) && !atomic_load(&s->said->ready)) {
			status = pf_fail(error, PF_ERR_CRASHED, NULL,
					 "the process that owns the networks died while it opened them");
		} else {
			pf_futex_wait(&s->said->ready, 0);
		}
	}
	if (status == PF_OK && s->said->opened != PF_OK) {
		status = pf_fail(error, s->said->opened, s->said->error.file[0] ? s->said->error.file : NULL,
				 "%s", s->said->error.message);
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
	atomic_store(&s->said->over, 1);
	atomic_fetch_add(s->asks, 1);
	pf_futex_wake_all(s->asks);
	while (s->pid > 0 && waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	if (s->alive >= 0) {
		close(s->alive);
	}
	munmap(s->shared, s->bytes);
	pf_shared_pages_destroy(&s->pages);
	free(s);
}

pf_pose_service_counts pf_pose_service_count(const pf_pose_service *s)
{
	return (pf_pose_service_counts){atomic_load(&s->said->photos), atomic_load(&s->said->runs),
					atomic_load(&s->said->largest)};
}

void pf_pose_service_lend(pf_pose_service *s, uint32_t number, pf_image *image)
{
	slot *own = slot_of(s, number);
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
	slot *own = slot_of(s, number);
	const pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
	own->photo.orientation = image->orientation;
	for (int i = 0; i < 3; i++) {
		own->photo.planes[i].there = planes[i]->data != NULL;
		own->photo.planes[i].offset = planes[i]->data
						      ? (uint64_t)(planes[i]->data - memory_of(s, number))
						      : 0;
		own->photo.planes[i].width_px = planes[i]->width_px;
		own->photo.planes[i].height_px = planes[i]->height_px;
		own->photo.planes[i].stride_bytes = planes[i]->stride_bytes;
	}
	own->asked_ns = pf_now_ns();
	atomic_store(&own->phase, ASKED);
	atomic_fetch_add(s->asks, 1);
	pf_futex_wake_all(s->asks);
}

pf_status pf_pose_service_await(pf_pose_service *s, uint32_t number, pf_pose *pose, pf_error *error)
{
	slot *own = slot_of(s, number);
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
