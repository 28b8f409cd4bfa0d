/* Decoded photos through pipes. */
#include "photofinish/photo_pipe.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/exec/futex.h"

#define MOST_BYTES (4ull << 30) /* of one photo */
#define LOOK_MS 50              /* between looks at whether a series comes at all */

enum frame_kind { FRAME_PHOTO = 1, FRAME_END };

struct photo_head {
	uint32_t ticket, orientation, flaws;
	uint64_t file_bytes;
	pf_exposure exposure;
	pf_reduction reduction;
	struct {
		uint32_t width_px, height_px, stride_bytes, there;
	} planes[3];
};

pf_status pf_photo_send(pf_framed_end *end, uint32_t ticket, const pf_image *image, pf_error *error)
{
	const pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
	struct photo_head head = {.ticket = ticket,
				  .orientation = image->orientation,
				  .flaws = image->flaws,
				  .file_bytes = image->file_bytes,
				  .exposure = image->exposure,
				  .reduction = image->reduction};
	struct iovec parts[4] = {{.iov_base = &head, .iov_len = sizeof head}};
	for (int i = 0; i < 3; i++) {
		head.planes[i].width_px = planes[i]->width_px;
		head.planes[i].height_px = planes[i]->height_px;
		head.planes[i].stride_bytes = planes[i]->stride_bytes;
		head.planes[i].there = planes[i]->data != NULL;
		if (planes[i]->data) {
			parts[i + 1] = (struct iovec){.iov_base = planes[i]->data,
						      .iov_len = (size_t)planes[i]->height_px *
								 planes[i]->stride_bytes};
		}
	}
	return pf_framed_send(end, FRAME_PHOTO, parts, 4, error);
}

pf_status pf_photo_send_end(pf_framed_end *end, pf_error *error)
{
	return pf_framed_send(end, FRAME_END, NULL, 0, error);
}

static pf_status receive_planes(pf_framed_end *end, const struct photo_head *head, uint64_t bytes,
				pf_image *image, pf_error *error)
{
	pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
	pf_status status = pf_image_reserve(image, bytes, error);
	uint64_t at = 0;
	image->orientation = head->orientation;
	image->flaws = head->flaws;
	image->file_bytes = head->file_bytes;
	image->exposure = head->exposure;
	image->reduction = head->reduction;
	for (int i = 0; i < 3 && status == PF_OK; i++) {
		uint64_t plane_bytes = head->planes[i].there ? (uint64_t)head->planes[i].height_px *
								       head->planes[i].stride_bytes
							     : 0;
		if (plane_bytes > bytes - at) {
			return pf_fail(error, PF_ERR_INVALID, NULL, "a photo came with too few bytes");
		}
		*planes[i] = (pf_plane){.data = head->planes[i].there ? image->buffer + at : NULL,
					.width_px = head->planes[i].width_px,
					.height_px = head->planes[i].height_px,
					.stride_bytes = head->planes[i].stride_bytes};
		if (plane_bytes) {
			status = pf_framed_receive(end, image->buffer + at, plane_bytes, error);
		}
		at += plane_bytes;
	}
	return status;
}

pf_status pf_photo_receive(pf_framed_end *end, uint32_t *ticket, pf_image *image, pf_error *error)
{
	uint32_t kind;
	uint64_t bytes;
	struct photo_head head;
	*ticket = PF_NO_TICKET;
	pf_status status = pf_framed_next(end, &kind, &bytes, error);
	if (status != PF_OK || kind == FRAME_END) {
		return status;
	}
	if (kind != FRAME_PHOTO) {
		return pf_fail(error, PF_ERR_IO, NULL, "the process that sends photos is gone");
	}
	if (bytes < sizeof head) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "what came through a pipe is no photo");
	}
	status = pf_framed_receive(end, &head, sizeof head, error);
	if (status == PF_OK) {
		status = receive_planes(end, &head, bytes - sizeof head, image, error);
	}
	if (status == PF_OK) {
		*ticket = head.ticket;
	}
	return status;
}

enum { ASKED_NOTHING = 0, LEFT = UINT32_MAX };

/* Shared with the workers. `asked` is one more than the number, 0 before the first. */
struct desk {
	_Atomic uint32_t gone, news; /* gone: as `asked`; news: a futex that changes with everything here */
	_Atomic uint32_t asked[];
};

/* The parent's side of a pipe. */
struct line {
	pf_framed_end reader; /* of the worker that is being forked, or the worker's own after it */
	pf_framed_end fresh;  /* to a worker that was forked since the sender looked last */
	pf_framed_end writer; /* the sender's */
	uint32_t got;         /* as `asked`: what the worker at `writer` was sent */
};

struct pf_worker_pipes {
	uint32_t workers;
	size_t desk_bytes;
	uint64_t *moved_bytes;
	pf_trace *traces;
	struct desk *desk;
	pthread_mutex_t mutex; /* over `fresh`, between the parent's threads */
	struct line lines[];
};

pf_status pf_worker_pipes_create(const struct pf_env *env, uint64_t *moved_bytes, pf_worker_pipes **out,
				 pf_error *error)
{
	pf_worker_pipes *pipes = calloc(1, sizeof *pipes + env->workers * sizeof pipes->lines[0]);
	*out = NULL;
	if (!pipes) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate the pipes");
	}
	pipes->workers = env->workers;
	pipes->moved_bytes = moved_bytes;
	pipes->traces = env->traces;
	pipes->desk_bytes = sizeof *pipes->desk + env->workers * sizeof pipes->desk->asked[0];
	pipes->desk = mmap(NULL, pipes->desk_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			   0);
	if (pipes->desk == MAP_FAILED) {
		free(pipes);
		return pf_fail_errno(error, NULL, "cannot map memory for the pipes");
	}
	pthread_mutex_init(&pipes->mutex, NULL);
	for (uint32_t i = 0; i < env->workers; i++) {
		pipes->lines[i].reader.fd = pipes->lines[i].fresh.fd = pipes->lines[i].writer.fd = -1;
	}
	*out = pipes;
	return PF_OK;
}

void pf_worker_pipes_destroy(pf_worker_pipes *pipes)
{
	if (pipes) {
		for (uint32_t i = 0; i < pipes->workers; i++) {
			pf_framed_close(&pipes->lines[i].reader);
			pf_framed_close(&pipes->lines[i].fresh);
			pf_framed_close(&pipes->lines[i].writer);
		}
		pthread_mutex_destroy(&pipes->mutex);
		munmap(pipes->desk, pipes->desk_bytes);
		free(pipes);
	}
}

static void tell(pf_worker_pipes *pipes)
{
	atomic_fetch_add(&pipes->desk->news, 1);
	pf_futex_wake_all(&pipes->desk->news);
}

pf_status pf_worker_pipes_forking(pf_worker_pipes *pipes, uint32_t slot, pf_error *error)
{
	struct line *line = &pipes->lines[slot - 1];
	pf_framed_end fresh;
	pf_status status = pf_framed_open(MOST_BYTES, NULL, &line->reader, &fresh, error);
	if (status != PF_OK) {
		return status;
	}
	fresh.moved_bytes = pipes->moved_bytes;
	atomic_store(&pipes->desk->asked[slot - 1], ASKED_NOTHING);
	pthread_mutex_lock(&pipes->mutex);
	pf_framed_close(&line->fresh); /* to one that died before the sender knew of it */
	line->fresh = fresh;
	pthread_mutex_unlock(&pipes->mutex);
	return PF_OK;
}

void pf_worker_pipes_forked(pf_worker_pipes *pipes, uint32_t slot)
{
	pf_framed_close(&pipes->lines[slot - 1].reader); /* so that the worker's death shows */
}

void pf_worker_pipes_enter(pf_worker_pipes *pipes, uint32_t slot)
{
	for (uint32_t i = 0; i < pipes->workers; i++) {
		struct line *line = &pipes->lines[i];
		if (i != slot - 1) {
			pf_framed_close(&line->reader);
		}
		pf_framed_close(&line->fresh);
		pf_framed_close(&line->writer);
	}
}

bool pf_worker_pipes_ask(pf_worker_pipes *pipes, uint32_t slot, uint32_t number, pf_framed_end **reader)
{
	pf_framed_end *end = &pipes->lines[slot - 1].reader;
	atomic_store(&pipes->desk->asked[slot - 1], number + 1);
	tell(pipes);
	*reader = end;
	end->hop = pipes->traces ? pf_hop_of(pipes->traces[slot].hops, PF_HOP_PHOTOS, 0) : NULL;
	for (;;) {
		struct pollfd data = {.fd = end->fd, .events = POLLIN};
		int ready = poll(&data, 1, LOOK_MS);
		if (ready > 0) {
			return true;
		}
		if (ready < 0 && errno != EINTR) {
			return false;
		}
		if (ready == 0 && atomic_load(&pipes->desk->gone) >= number + 1) {
			return false;
		}
	}
}

void pf_worker_pipes_leave(pf_worker_pipes *pipes, uint32_t slot)
{
	atomic_store(&pipes->desk->asked[slot - 1], LEFT);
	tell(pipes);
}

/* Takes over the pipe to a replacement, which has got nothing yet. */
static void look_for_fresh(pf_worker_pipes *pipes, struct line *line)
{
	pthread_mutex_lock(&pipes->mutex);
	if (line->fresh.fd >= 0) {
		pf_framed_close(&line->writer);
		line->writer = line->fresh;
		line->fresh.fd = -1;
		line->got = 0;
	}
	pthread_mutex_unlock(&pipes->mutex);
}

bool pf_worker_pipes_next(pf_worker_pipes *pipes, uint32_t number, pf_framed_end **writer)
{
	struct desk *desk = pipes->desk;
	for (;;) {
		uint32_t news = atomic_load(&desk->news), finished = 0;
		if (atomic_load(&desk->gone) >= number + 1) {
			return false;
		}
		for (uint32_t i = 0; i < pipes->workers; i++) {
			struct line *line = &pipes->lines[i];
			look_for_fresh(pipes, line); /* before it is seen what that one asks for */
			uint32_t asked = atomic_load(&desk->asked[i]);
			if (asked == number + 1 && line->got < number + 1 && !line->writer.broken) {
				line->got = number + 1;
				*writer = &line->writer;
				return true;
			}
			finished += asked > number + 1 || line->got == number + 1;
		}
		if (finished == pipes->workers) {
			return false;
		}
		pf_futex_wait(&desk->news, news);
	}
}

void pf_worker_pipes_gone(pf_worker_pipes *pipes, uint32_t number)
{
	atomic_store(&pipes->desk->gone, number == UINT32_MAX ? UINT32_MAX : number + 1);
	tell(pipes);
}
