/* Frames through a pipe: whole and in order whatever their size, and every way in which a peer can fail. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/framed_pipe.h"
#include "shared_memory.h"

#define LARGE ((size_t)24 << 20)
#define LIMIT ((uint64_t)64 << 20)

static pf_framed_end reader, writer;

static void open_pipe(uint64_t most_bytes, const atomic_int *cancel)
{
	pf_error error;
	assert_int_equal(pf_framed_open(most_bytes, cancel, &reader, &writer, &error), PF_OK);
}

static void close_pipe(void)
{
	pf_framed_close(&reader);
	pf_framed_close(&writer);
}

static pf_status send_bytes(uint32_t kind, const void *bytes, size_t count, pf_error *error)
{
	struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
	return pf_framed_send(&writer, kind, &part, 1, error);
}

static void expect_frame(uint32_t kind, uint64_t bytes)
{
	uint32_t its_kind;
	uint64_t its_bytes;
	pf_error error = {0};
	assert_int_equal(pf_framed_next(&reader, &its_kind, &its_bytes, &error), PF_OK);
	assert_int_equal(its_kind, kind);
	assert_int_equal(its_bytes, bytes);
}

static pf_status next_frame(pf_error *error)
{
	uint32_t kind;
	uint64_t bytes;
	return pf_framed_next(&reader, &kind, &bytes, error);
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static void sleep_ms(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	while (nanosleep(&left, &left) && errno == EINTR) {
	}
}

static void test_small_frames(void **state)
{
	(void)state;
	char text[8] = {0};
	pf_error error = {0};
	uint64_t moved = 5;
	open_pipe(100, NULL);
	writer.moved_bytes = &moved;
	pf_hop hop = {.kind = PF_HOP_PHOTOS, .frames = 1, .bytes = 5};
	reader.hop = &hop;
	struct iovec parts[] = {{"", 0}, {"ab", 2}, {"", 0}, {"cde", 3}, {"", 0}};
	assert_int_equal(pf_framed_send(&writer, 7, parts, 5, &error), PF_OK);
	assert_int_equal(pf_framed_send(&writer, 8, NULL, 0, &error), PF_OK);
	assert_int_equal(pf_framed_send(&writer, 9, parts, 1, &error), PF_OK);
	assert_int_equal(send_bytes(UINT32_MAX, "xyz", 3, &error), PF_OK);
	pf_framed_close(&writer);
	pf_framed_close(&writer);
	expect_frame(7, 5);
	assert_int_equal(pf_framed_receive(&reader, text, 1, &error), PF_OK);
	assert_int_equal(pf_framed_receive(&reader, text + 1, 4, &error), PF_OK);
	assert_string_equal(text, "abcde");
	expect_frame(8, 0);
	expect_frame(9, 0);
	expect_frame(UINT32_MAX, 3);
	assert_int_equal(pf_framed_receive(&reader, text, 3, &error), PF_OK);
	assert_memory_equal(text, "xyz", 3);
	expect_frame(0, 0);
	expect_frame(0, 0); /* and stays so */
	assert_int_equal(writer.frames, 4);
	assert_int_equal(writer.bytes, 8);
	assert_int_equal(moved, 13);
	assert_int_equal(reader.frames, 4);
	assert_int_equal(reader.bytes, 8);
	assert_int_equal(hop.frames, 5);
	assert_int_equal(hop.bytes, 13);
	assert_int_equal(send_bytes(1, "a", 1, &error), PF_ERR_IO); /* closed */
	close_pipe();
}

/* A reader that poll() says is ready need not wait for small frames, however full the pipe was. */
static void test_small_frames_are_atomic(void **state)
{
	(void)state;
	enum { FRAMES = 2000 };
	char bytes[PF_FRAMED_ATOMIC_BYTES];
	pf_error error;
	open_pipe(sizeof bytes, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		pf_framed_close(&reader);
		for (uint32_t i = 1; i <= FRAMES; i++) {
			memset(bytes, (int)i, sizeof bytes);
			if (send_bytes(i, bytes, sizeof bytes - i % 1000, &error) != PF_OK) {
				_exit(1);
			}
		}
		_exit(0);
	}
	pf_framed_close(&writer);
	atomic_int at_once = 1; /* whoever would have to wait is told to stop */
	for (uint32_t i = 1; i <= FRAMES; i++) {
		struct pollfd ready = {.fd = reader.fd, .events = POLLIN};
		assert_int_equal(poll(&ready, 1, 600000), 1);
		reader.cancel = &at_once;
		expect_frame(i, sizeof bytes - i % 1000);
		assert_int_equal(pf_framed_receive(&reader, bytes, reader.left_bytes, &error), PF_OK);
		assert_int_equal((uint8_t)bytes[0], (uint8_t)i);
		reader.cancel = NULL;
	}
	expect_frame(0, 0);
	pf_check_no_children();
	close_pipe();
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* Signals that do not restart system calls, every half millisecond. */
static void disturb(void)
{
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 500}, {0, 500}}, NULL);
}

static void calm_down(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}

/* 24 MB in 300 parts of uneven sizes, sent and received in pieces, both sides interrupted all the time. */
static void test_a_large_frame_of_many_parts(void **state)
{
	(void)state;
	enum { PARTS = 300 };
	uint8_t *bytes = malloc(LARGE);
	pf_error error = {0};
	assert_non_null(bytes);
	open_pipe(LIMIT, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		pf_framed_close(&reader);
		disturb();
		for (size_t i = 0; i < LARGE; i++) {
			bytes[i] = pattern(i);
		}
		struct iovec parts[PARTS];
		size_t at = 0;
		for (int i = 0; i < PARTS; i++) {
			size_t length = i % 3 == 0       ? 0
					: i == PARTS - 1 ? LARGE - at
							 : LARGE / PARTS + (size_t)i;
			parts[i] = (struct iovec){bytes + at, length};
			at += length;
		}
		uint64_t moved = 0;
		writer.moved_bytes = &moved;
		pf_status status = pf_framed_send(&writer, 3, parts, PARTS, &error);
		_exit(status == PF_OK && moved == LARGE && writer.bytes == LARGE ? 0 : 1);
	}
	pf_framed_close(&writer);
	expect_frame(3, LARGE);
	disturb();
	for (size_t at = 0, step = 1; at < LARGE; at += step, step = step * 3 + 1) {
		step = step < LARGE - at ? step : LARGE - at;
		assert_int_equal(pf_framed_receive(&reader, bytes + at, step, &error), PF_OK);
	}
	calm_down();
	for (size_t i = 0; i < LARGE; i++) {
		if (bytes[i] != pattern(i)) {
			fail_msg("byte %zu differs", i);
		}
	}
	assert_int_equal(reader.bytes, LARGE);
	expect_frame(0, 0);
	int ending;
	assert_int_equal(waitpid(pid, &ending, 0), pid);
	assert_int_equal(ending, 0);
	free(bytes);
	close_pipe();
}

static void test_too_large(void **state)
{
	(void)state;
	char bytes[64] = {0};
	pf_error error = {0};
	open_pipe(50, NULL);
	assert_int_equal(send_bytes(1, bytes, 51, &error), PF_ERR_INVALID);
	assert_string_equal(error.message, "a frame of 51 bytes passes the limit of 50");
	struct iovec beyond[] = {{bytes, SIZE_MAX}, {bytes, 52}}; /* their sum wraps around */
	assert_int_equal(pf_framed_send(&writer, 1, beyond, 2, &error), PF_ERR_INVALID);
	assert_int_equal(send_bytes(1, bytes, 50, &error), PF_OK); /* nothing was sent before */
	expect_frame(1, 50);
	assert_int_equal(pf_framed_receive(&reader, bytes, 51, &error), PF_ERR_INVALID);
	assert_int_equal(next_frame(&error), PF_ERR_INVALID); /* the payload was not taken */
	assert_int_equal(pf_framed_receive(&reader, bytes, 50, &error), PF_OK);
	writer.most_bytes = 64; /* a writer with another idea of the limit */
	assert_int_equal(send_bytes(1, bytes, 60, &error), PF_OK);
	assert_int_equal(next_frame(&error), PF_ERR_INVALID);
	assert_string_equal(error.message, "a frame of 60 bytes passes the limit of 50");
	assert_int_equal(next_frame(&error), PF_ERR_IO); /* there is no way to go on */
	close_pipe();
}

static void test_what_is_no_frame(void **state)
{
	(void)state;
	pf_error error = {0};
	open_pipe(50, NULL);
	assert_int_equal(write(writer.fd, "HTTP/1.1 200 OK\r\n", 17), 17);
	assert_int_equal(next_frame(&error), PF_ERR_INVALID);
	assert_string_equal(error.message, "what came through a pipe is no frame");
	close_pipe();
}

/* The writer dies in the middle of a head, and of a payload, after each number of bytes. */
static void test_truncated(void **state)
{
	(void)state;
	enum { HEAD = 16, WHOLE = HEAD + 5 };
	char frame[WHOLE], text[8];
	pf_error error = {0};
	for (size_t cut = 1; cut < WHOLE; cut++) {
		open_pipe(50, NULL);
		assert_int_equal(send_bytes(1, "abcde", 5, &error), PF_OK);
		assert_int_equal(read(reader.fd, frame, sizeof frame), WHOLE);
		assert_int_equal(write(writer.fd, frame, cut), cut);
		pf_framed_close(&writer);
		if (cut >= HEAD) {
			expect_frame(1, 5);
			assert_int_equal(pf_framed_receive(&reader, text, 5, &error), PF_ERR_TRUNCATED);
			assert_int_equal(reader.bytes, cut - HEAD);
			assert_int_equal(pf_framed_receive(&reader, text, 1, &error), PF_ERR_IO);
		} else {
			assert_int_equal(next_frame(&error), PF_ERR_TRUNCATED);
		}
		assert_int_equal(next_frame(&error), PF_ERR_IO);
		close_pipe();
	}
}

/* A process is killed in the middle of what it does; both sides wait for more than the pipe holds. */
static void test_a_killed_writer(void **state)
{
	(void)state;
	uint8_t *bytes = calloc(1, LARGE);
	pf_error error = {0};
	open_pipe(LIMIT, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		pf_framed_close(&reader);
		send_bytes(1, bytes, LARGE, &error);
		_exit(0);
	}
	pf_framed_close(&writer);
	expect_frame(1, LARGE);
	assert_int_equal(pf_framed_receive(&reader, bytes, LARGE / 2, &error), PF_OK);
	kill(pid, SIGKILL);
	assert_int_equal(pf_framed_receive(&reader, bytes, LARGE / 2, &error), PF_ERR_TRUNCATED);
	pf_check_no_children();
	free(bytes);
	close_pipe();
}

static void test_a_killed_reader(void **state)
{
	(void)state;
	uint8_t *bytes = calloc(1, LARGE);
	pf_error error = {0};
	uint64_t moved = 0;
	open_pipe(LIMIT, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		pf_framed_close(&writer);
		if (next_frame(&error) == PF_OK &&
		    pf_framed_receive(&reader, bytes, LARGE / 2, &error) == PF_OK) {
			raise(SIGKILL);
		}
		_exit(0);
	}
	pf_framed_close(&reader);
	writer.moved_bytes = &moved;
	/* SIGPIPE would end this test. */
	assert_int_equal(send_bytes(1, bytes, LARGE, &error), PF_ERR_IO);
	assert_string_equal(error.message, "the process that a pipe leads to is gone");
	assert_true(moved >= LARGE / 2 && moved < LARGE);
	assert_int_equal(moved, writer.bytes);
	assert_int_equal(send_bytes(1, "a", 1, &error), PF_ERR_IO);
	sigset_t pending;
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	pf_check_no_children();
	free(bytes);
	close_pipe();
}

/* A full pipe: the writer waits, and goes on as soon as there is room. */
static void test_a_full_pipe(void **state)
{
	(void)state;
	uint8_t *bytes = calloc(1, LARGE);
	pf_error error = {0};
	atomic_uint *sent = pf_shared_alloc(sizeof *sent);
	open_pipe(LIMIT, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		pf_framed_close(&reader);
		disturb();
		for (uint32_t i = 1; i <= 4; i++) {
			send_bytes(i, bytes, LARGE / 8, &error);
			atomic_store(sent, i);
		}
		_exit(0);
	}
	pf_framed_close(&writer);
	sleep_ms(50);
	assert_int_equal(atomic_load(sent), 0);
	for (uint32_t i = 1; i <= 4; i++) {
		expect_frame(i, LARGE / 8);
		assert_int_equal(pf_framed_receive(&reader, bytes, LARGE / 8, &error), PF_OK);
	}
	expect_frame(0, 0);
	assert_int_equal(atomic_load(sent), 4);
	pf_check_no_children();
	free(bytes);
	close_pipe();
}

static void *ask_to_stop(void *cancel)
{
	sleep_ms(30);
	atomic_store((atomic_int *)cancel, 1);
	return NULL;
}

/* Whoever waits when it is asked to stop does not wait any more. */
static void test_cancel(void **state)
{
	(void)state;
	uint8_t *bytes = calloc(1, LARGE);
	pf_error error = {0};
	pthread_t asker;
	atomic_int cancel = 0;
	open_pipe(LIMIT, &cancel);
	disturb();
	pthread_create(&asker, NULL, ask_to_stop, &cancel);
	assert_int_equal(next_frame(&error), PF_ERR_CANCELLED);
	pthread_join(asker, NULL);
	assert_false(reader.broken); /* nothing had been taken */
	assert_int_equal(send_bytes(1, "a", 1, &error), PF_ERR_CANCELLED);
	assert_false(writer.broken);
	atomic_store(&cancel, 0);
	pthread_create(&asker, NULL, ask_to_stop, &cancel);
	assert_int_equal(send_bytes(1, bytes, LARGE, &error), PF_ERR_CANCELLED); /* nobody reads */
	pthread_join(asker, NULL);
	calm_down();
	assert_true(writer.broken);
	atomic_store(&cancel, 0);
	assert_int_equal(send_bytes(1, "a", 1, &error), PF_ERR_IO);
	close_pipe();
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_frames),
		cmocka_unit_test(test_small_frames_are_atomic),
		cmocka_unit_test(test_a_large_frame_of_many_parts),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_what_is_no_frame),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_a_killed_writer),
		cmocka_unit_test(test_a_killed_reader),
		cmocka_unit_test(test_a_full_pipe),
		cmocka_unit_test(test_cancel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
