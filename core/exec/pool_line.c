#include "core/exec/pool_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Of this process, where it is a worker. */
static struct {
	int say, given;
	uint64_t unit;
} own = {-1, -1, PF_POOL_NO_UNIT};

static void shut(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

pf_status pf_pool_line_open(pf_pool_line *line, pf_error *error)
{
	int up[2], down[2];
	*line = (pf_pool_line){-1, -1, -1, -1, 0, {0}};
	if (pipe2(up, O_CLOEXEC)) {
		return pf_fail_errno(error, NULL, "cannot open a pipe for a worker");
	}
	if (pipe2(down, O_CLOEXEC)) {
		pf_status status = pf_fail_errno(error, NULL, "cannot open a pipe for a worker");
		close(up[0]);
		close(up[1]);
		return status;
	}
	/* A worker that writes without end, or reads nothing, must not hold up the parent. */
	fcntl(up[0], F_SETFL, O_NONBLOCK);
	fcntl(down[1], F_SETFL, O_NONBLOCK);
	line->said = up[0];
	line->worker_says = up[1];
	line->worker_given = down[0];
	line->given = down[1];
	return PF_OK;
}

void pf_pool_line_forked(pf_pool_line *line)
{
	shut(&line->worker_says); /* so that the worker's end shows; the other stays: who writes is not killed
				   */
}

void pf_pool_line_close(pf_pool_line *line)
{
	shut(&line->said);
	shut(&line->given);
	shut(&line->worker_says);
	shut(&line->worker_given);
	line->used = 0;
}

void pf_pool_line_enter(pf_pool_line *lines, size_t count, size_t own_line)
{
	own.say = lines[own_line].worker_says;
	own.given = lines[own_line].worker_given;
	own.unit = PF_POOL_NO_UNIT;
	lines[own_line].worker_says = lines[own_line].worker_given = -1;
	for (size_t i = 0; i < count; i++) {
		pf_pool_line_close(&lines[i]);
	}
}

bool pf_pool_line_give(const pf_pool_line *line, uint64_t unit)
{
	return TEMP_FAILURE_RETRY(write(line->given, &unit, sizeof unit)) == (ssize_t)sizeof unit;
}

int pf_pool_line_hear(pf_pool_line *line,
		      bool (*take)(void *context, const pf_pool_head *head, const void *payload),
		      void *context)
{
	ssize_t got = TEMP_FAILURE_RETRY(
		read(line->said, line->bytes + line->used, sizeof line->bytes - line->used));
	if (got <= 0) {
		return got < 0 && errno == EAGAIN ? 1 : 0;
	}
	line->used += (size_t)got;
	size_t at = 0;
	while (line->used - at >= sizeof(pf_pool_head)) {
		pf_pool_head head;
		memcpy(&head, line->bytes + at, sizeof head);
		if (head.bytes < sizeof head || head.bytes > PIPE_BUF) {
			return -1;
		}
		if (line->used - at < head.bytes) {
			break;
		}
		if (!take(context, &head, line->bytes + at + sizeof head)) {
			return 1;
		}
		at += head.bytes;
	}
	memmove(line->bytes, line->bytes + at, line->used - at);
	line->used -= at;
	return 1;
}

bool pf_pool_in_worker(void)
{
	return own.say >= 0;
}

pf_status pf_pool_say(enum pf_pool_word word, const void *payload, size_t bytes)
{
	unsigned char message[PIPE_BUF];
	const pf_pool_head head = {.bytes = (uint32_t)(sizeof head + bytes), .word = word, .unit = own.unit};
	memcpy(message, &head, sizeof head);
	if (bytes) {
		memcpy(message + sizeof head, payload, bytes);
	}
	ssize_t written = TEMP_FAILURE_RETRY(write(own.say, message, head.bytes));
	return written == (ssize_t)head.bytes ? PF_OK : PF_ERR_IO;
}

pf_status pf_pool_tell(const void *what, size_t bytes)
{
	return pf_pool_in_worker() && bytes > 0 && bytes <= PF_POOL_TOLD_MOST
		       ? pf_pool_say(PF_POOL_TOLD, what, bytes)
		       : PF_ERR_INVALID;
}

bool pf_pool_take(uint64_t *unit, int wait_ms)
{
	struct pollfd given = {.fd = own.given, .events = POLLIN};
	if (poll(&given, 1, wait_ms) <= 0) {
		return false;
	}
	if (TEMP_FAILURE_RETRY(read(own.given, unit, sizeof *unit)) != (ssize_t)sizeof *unit) {
		*unit = PF_POOL_NO_UNIT; /* the parent is gone */
	}
	own.unit = *unit;
	return true;
}
