/* Frames through a pipe. Both ends do not block; waiting is poll() with a tick, at which the request to stop
 * is looked at. */
#include "photofinish/framed_pipe.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x70666672u /* "pffr" */
#define TICK_MS 50        /* between looks at the request to stop */
#define PIPE_BYTES (1 << 20)
#define WINDOW 64 /* parts handed to one writev() */

/* Both processes run the same program. */
struct head {
	uint32_t magic, kind;
	uint64_t bytes;
};

_Static_assert(sizeof(struct head) + PF_FRAMED_ATOMIC_BYTES <= PIPE_BUF, "small frames are atomic");

/* What of a frame is still to be sent. */
struct outgoing {
	struct iovec head;
	const struct iovec *parts;
	int count;
	size_t into; /* the first part */
};

pf_status pf_framed_open(uint64_t most_bytes, const atomic_int *cancel, pf_framed_end *reader,
			 pf_framed_end *writer, pf_error *error)
{
	int fds[2];
	*reader = *writer = (pf_framed_end){.fd = -1, .most_bytes = most_bytes, .cancel = cancel};
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK)) {
		return pf_fail_errno(error, NULL, "cannot open a pipe");
	}
	fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns; what there is also does */
	reader->fd = fds[0];
	writer->fd = fds[1];
	return PF_OK;
}

void pf_framed_close(pf_framed_end *end)
{
	if (end->fd >= 0) {
		close(end->fd);
	}
	end->fd = -1;
}

static pf_status cut(pf_framed_end *end, pf_status status)
{
	end->broken = true;
	return status;
}

static pf_status check_usable(const pf_framed_end *end, pf_error *error)
{
	if (end->fd < 0 || end->broken) {
		return pf_fail(error, PF_ERR_IO, NULL, "the pipe between processes was %s before",
			       end->broken ? "cut" : "closed");
	}
	return PF_OK;
}

/* Until the end can go on or its peer is gone; the call that follows says which. */
static pf_status wait_for(const pf_framed_end *end, short events, pf_error *error)
{
	struct pollfd self = {.fd = end->fd, .events = events};
	for (;;) {
		if (end->cancel && atomic_load_explicit(end->cancel, memory_order_relaxed)) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		int ready = poll(&self, 1, end->cancel ? TICK_MS : -1);
		if (ready > 0) {
			return PF_OK;
		}
		if (ready < 0 && errno != EINTR) {
			return pf_fail_errno(error, NULL, "cannot wait for a pipe");
		}
	}
}

static int gather(const struct outgoing *out, struct iovec window[WINDOW])
{
	int used = 0;
	if (out->head.iov_len > 0) {
		window[used++] = out->head;
	}
	for (int i = 0; i < out->count && used < WINDOW; i++) {
		size_t into = i == 0 ? out->into : 0;
		window[used++] = (struct iovec){.iov_base = (char *)out->parts[i].iov_base + into,
						.iov_len = out->parts[i].iov_len - into};
	}
	return used;
}

/* Returns how many of the `sent` bytes were payload. */
static size_t advance(struct outgoing *out, size_t sent)
{
	size_t of_head = sent < out->head.iov_len ? sent : out->head.iov_len;
	out->head.iov_base = (char *)out->head.iov_base + of_head;
	out->head.iov_len -= of_head;
	size_t payload = sent - of_head;
	out->into += payload;
	while (out->count > 0 && out->into >= out->parts->iov_len) {
		out->into -= out->parts->iov_len;
		out->parts++;
		out->count--;
	}
	return payload;
}

/* writev() that leaves no SIGPIPE behind: a library does not know what its process does with one. */
static ssize_t write_quietly(int fd, const struct iovec *window, int count)
{
	sigset_t pipe_signal, before, pending;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	ssize_t written = writev(fd, window, count);
	int why = errno;
	if (written < 0 && why == EPIPE && !sigismember(&pending, SIGPIPE)) {
		sigtimedwait(&pipe_signal, NULL, &(struct timespec){0});
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = why;
	return written;
}

static pf_status send_rest(pf_framed_end *end, struct outgoing *out, pf_error *error)
{
	bool begun = false;
	while (out->head.iov_len > 0 || out->count > 0) {
		struct iovec window[WINDOW];
		ssize_t written = write_quietly(end->fd, window, gather(out, window));
		if (written >= 0) {
			size_t payload = advance(out, (size_t)written);
			end->frames += !begun;
			begun = true;
			end->bytes += payload;
			if (end->moved_bytes) {
				*end->moved_bytes += payload;
			}
		} else if (errno == EAGAIN) {
			pf_status status = wait_for(end, POLLOUT, error);
			if (status != PF_OK) {
				return begun ? cut(end, status) : status;
			}
		} else if (errno == EPIPE) {
			return cut(end, pf_fail(error, PF_ERR_IO, NULL,
						"the process that a pipe leads to is gone"));
		} else if (errno != EINTR) {
			return cut(end, pf_fail_errno(error, NULL, "cannot write to a pipe"));
		}
	}
	return PF_OK;
}

pf_status pf_framed_send(pf_framed_end *end, uint32_t kind, const struct iovec *parts, int count,
			 pf_error *error)
{
	assert(kind != 0);
	struct head head = {.magic = MAGIC, .kind = kind};
	pf_status status = check_usable(end, error);
	if (status != PF_OK) {
		return status;
	}
	for (int i = 0; i < count; i++) {
		if (__builtin_add_overflow(head.bytes, parts[i].iov_len, &head.bytes)) {
			head.bytes = UINT64_MAX;
			break;
		}
	}
	if (head.bytes > end->most_bytes) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "a frame of %llu bytes passes the limit of %llu",
			       (unsigned long long)head.bytes, (unsigned long long)end->most_bytes);
	}
	if (end->cancel && atomic_load_explicit(end->cancel, memory_order_relaxed)) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	struct outgoing out = {
		.head = {.iov_base = &head, .iov_len = sizeof head}, .parts = parts, .count = count};
	advance(&out, 0); /* over empty parts */
	return send_rest(end, &out, error);
}

/* Reads `bytes`; fewer, with *got saying how many, only where the writer is gone. */
static pf_status read_all(pf_framed_end *end, void *to, size_t bytes, size_t *got, pf_error *error)
{
	*got = 0;
	while (*got < bytes) {
		ssize_t came = read(end->fd, (char *)to + *got, bytes - *got);
		if (came > 0) {
			*got += (size_t)came;
		} else if (came == 0) {
			return PF_OK;
		} else if (errno == EAGAIN) {
			pf_status status = wait_for(end, POLLIN, error);
			if (status != PF_OK) {
				return status;
			}
		} else if (errno != EINTR) {
			return pf_fail_errno(error, NULL, "cannot read from a pipe");
		}
	}
	return PF_OK;
}

static pf_status truncated(pf_framed_end *end, pf_error *error)
{
	return cut(end, pf_fail(error, PF_ERR_TRUNCATED, NULL,
				"the process at a pipe's other end died within a frame"));
}

pf_status pf_framed_next(pf_framed_end *end, uint32_t *kind, uint64_t *bytes, pf_error *error)
{
	struct head head;
	size_t got;
	*kind = 0;
	*bytes = 0;
	pf_status status = check_usable(end, error);
	if (status == PF_OK && end->left_bytes > 0) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "%llu bytes of the frame before were not taken",
				 (unsigned long long)end->left_bytes);
	}
	if (status != PF_OK) {
		return status;
	}
	status = read_all(end, &head, sizeof head, &got, error);
	if (status != PF_OK) {
		return got > 0 ? cut(end, status) : status;
	}
	if (got == 0) {
		return PF_OK;
	}
	if (got < sizeof head) {
		return truncated(end, error);
	}
	if (head.magic != MAGIC || head.kind == 0) {
		return cut(end, pf_fail(error, PF_ERR_INVALID, NULL, "what came through a pipe is no frame"));
	}
	if (head.bytes > end->most_bytes) {
		return cut(end, pf_fail(error, PF_ERR_INVALID, NULL,
					"a frame of %llu bytes passes the limit of %llu",
					(unsigned long long)head.bytes, (unsigned long long)end->most_bytes));
	}
	end->frames++;
	if (end->hop) {
		end->hop->frames++;
	}
	end->left_bytes = *bytes = head.bytes;
	*kind = head.kind;
	return PF_OK;
}

pf_status pf_framed_receive(pf_framed_end *end, void *to, size_t bytes, pf_error *error)
{
	size_t got;
	pf_status status = check_usable(end, error);
	if (status == PF_OK && bytes > end->left_bytes) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "the frame has %llu bytes left, not %zu",
				 (unsigned long long)end->left_bytes, bytes);
	}
	if (status != PF_OK) {
		return status;
	}
	status = read_all(end, to, bytes, &got, error);
	end->left_bytes -= got;
	end->bytes += got;
	if (end->hop) {
		end->hop->bytes += got;
	}
	if (status != PF_OK) {
		return cut(end, status);
	}
	return got < bytes ? truncated(end, error) : PF_OK;
}
