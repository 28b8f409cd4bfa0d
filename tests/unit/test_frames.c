/* Events on a pipe: what is sent arrives however it is split, from many processes at once; what is no frame
 * is refused. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/trial/frames.h"

#define MAX_TAKEN 4000

static struct {
	pf_frame frames[MAX_TAKEN];
	size_t count;
} taken;

static void take(void *context, const pf_frame *frame)
{
	assert_ptr_equal(context, &taken);
	assert_true(taken.count < MAX_TAKEN);
	memcpy(&taken.frames[taken.count++], frame, frame->header.bytes);
}

static void open_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
	taken.count = 0;
}

/* Reads to the end of the stream. */
static void read_all(int fd)
{
	pf_frame_reader reader = {0};
	long got;
	while ((got = pf_frame_read(&reader, fd, take, &taken)) > 0) {
	}
	assert_int_equal(got, 0);
	assert_int_equal(reader.used, 0);
}

static pf_score some_score(double base)
{
	pf_score score;
	memset(&score, 0, sizeof score);
	score.total = base;
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		score.factors[i] = base + i / 16.0;
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		score.measures[i] = base * 1e-300 - i;
	}
	return score;
}

/* Sends one of each kind; the burst has 1,000 photos. */
static void send_some(int fd)
{
	static uint32_t photos[1000], ranks[1000];
	struct pf_pipe_sink pipe;
	struct pf_sink *sink = &pipe.sink;
	char message[400];
	pf_score score = some_score(0.625);
	for (uint32_t i = 0; i < 1000; i++) {
		photos[i] = 5 + 2 * i;
		ranks[i] = 1000 - i;
	}
	memset(message, 'm', sizeof message - 1);
	message[sizeof message - 1] = '\0';
	pf_burst burst = {.id = 5, .count = 1000, .photos = photos};
	pf_photo_result good = {.index = 5, .burst = 5, .message = "", .score = &score};
	pf_photo_result bad = {.index = 7, .burst = 5, .status = PF_ERR_DAMAGED, .message = message};
	pf_pipe_sink_init(&pipe, fd);
	assert_int_equal(sink->burst_found(sink, &burst), PF_OK);
	assert_int_equal(sink->photo_done(sink, &good), PF_OK);
	assert_int_equal(sink->photo_done(sink, &bad), PF_OK);
	assert_int_equal(sink->burst_ranked(sink, &burst, ranks), PF_OK);
	pf_error error;
	pf_fail(&error, PF_ERR_NO_MEMORY, "some/file", "not enough");
	assert_int_equal(pf_pipe_sink_end(&pipe, PF_ERR_NO_MEMORY, &error), PF_OK);
}

static void check_some(void)
{
	assert_int_equal(taken.count, 7);
	const pf_frame *frame = taken.frames;
	assert_int_equal(frame->header.kind, PF_FRAME_BURST);
	assert_int_equal(frame->burst.id, 5);
	assert_int_equal(frame->burst.count, 1000);
	frame++;
	pf_score score = some_score(0.625);
	assert_int_equal(frame->header.kind, PF_FRAME_PHOTO);
	assert_int_equal(frame->photo.index, 5);
	assert_int_equal(frame->photo.status, PF_OK);
	assert_string_equal(frame->photo.message, "");
	assert_memory_equal(&frame->photo.score, &score, sizeof score);
	frame++;
	assert_int_equal(frame->photo.index, 7);
	assert_int_equal(frame->photo.status, PF_ERR_DAMAGED);
	assert_int_equal(strlen(frame->photo.message), sizeof frame->photo.message - 1);
	uint32_t seen = 0;
	for (int part = 0; part < 3; part++) {
		frame++;
		assert_int_equal(frame->header.kind, PF_FRAME_RANKS);
		assert_int_equal(frame->ranks.burst, 5);
		assert_int_equal(frame->ranks.last, part == 2);
		assert_int_equal(frame->ranks.first, seen);
		for (uint32_t i = 0; i < frame->ranks.count; i++, seen++) {
			assert_int_equal(frame->ranks.photos[i].index, 5 + 2 * seen);
			assert_int_equal(frame->ranks.photos[i].rank, 1000 - seen);
		}
	}
	assert_int_equal(seen, 1000);
	frame++;
	assert_int_equal(frame->header.kind, PF_FRAME_END);
	assert_int_equal(frame->end.status, PF_ERR_NO_MEMORY);
	assert_string_equal(frame->end.message, "not enough");
	assert_string_equal(frame->end.file, "some/file");
}

static void test_what_is_sent_arrives(void **state)
{
	(void)state;
	int ends[2];
	open_pipe(ends);
	send_some(ends[1]);
	close(ends[1]);
	read_all(ends[0]);
	close(ends[0]);
	check_some();
}

/* Whatever the pieces that it comes in. */
static void test_split_reads(void **state)
{
	(void)state;
	static char bytes[65536];
	int ends[2];
	open_pipe(ends);
	send_some(ends[1]);
	close(ends[1]);
	ssize_t size = read(ends[0], bytes, sizeof bytes);
	close(ends[0]);
	assert_true(size > 5000 && size < (ssize_t)sizeof bytes);
	for (ssize_t piece = 1; piece < 4000; piece = piece * 3 / 2 + 1) {
		pf_frame_reader reader = {0};
		open_pipe(ends);
		for (ssize_t at = 0; at < size; at += piece) {
			ssize_t length = size - at < piece ? size - at : piece;
			assert_int_equal(write(ends[1], bytes + at, (size_t)length), length);
			assert_int_equal(pf_frame_read(&reader, ends[0], take, &taken), length);
		}
		close(ends[1]);
		assert_int_equal(pf_frame_read(&reader, ends[0], take, &taken), 0);
		close(ends[0]);
		check_some();
	}
}

/* Writes the frame's first `bytes` bytes; true if the reader refuses them. */
static bool refused(const pf_frame *frame, size_t bytes)
{
	pf_frame_reader reader = {0};
	int ends[2];
	open_pipe(ends);
	assert_int_equal(write(ends[1], frame, bytes), bytes);
	close(ends[1]);
	errno = 0;
	long got = pf_frame_read(&reader, ends[0], take, &taken);
	close(ends[0]);
	return got == -1 && errno == EBADMSG && taken.count == 0;
}

static pf_frame frame_of(uint32_t kind, size_t payload)
{
	pf_frame frame;
	memset(&frame, 0, sizeof frame);
	frame.header = (pf_frame_header){.bytes = (uint32_t)(sizeof frame.header + payload), .kind = kind};
	return frame;
}

static void test_malformed_frames_are_refused(void **state)
{
	(void)state;
	static const struct {
		uint32_t kind;
		size_t payload;
	} kinds[] = {{PF_FRAME_BURST, sizeof(pf_frame_burst)},
		     {PF_FRAME_PHOTO, sizeof(pf_frame_photo)},
		     {PF_FRAME_RANKS, offsetof(pf_frame_ranks, photos)},
		     {PF_FRAME_END, sizeof(pf_frame_end)}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		pf_frame frame = frame_of(kinds[i].kind, kinds[i].payload);
		assert_false(refused(&frame, frame.header.bytes)); /* as it should be */
		assert_int_equal(taken.count, 1);
		frame.header.bytes -= 1;
		assert_true(refused(&frame, frame.header.bytes));
		frame.header.bytes += 2;
		assert_true(refused(&frame, frame.header.bytes));
	}
	pf_frame frame = frame_of(99, 8);
	assert_true(refused(&frame, frame.header.bytes));
	frame = frame_of(0, 8);
	assert_true(refused(&frame, frame.header.bytes));
	frame.header.bytes = sizeof frame.header - 1;
	assert_true(refused(&frame, sizeof frame.header));
	frame.header.bytes = sizeof frame + 1;
	assert_true(refused(&frame, sizeof frame.header));
	frame.header.bytes = UINT32_MAX;
	assert_true(refused(&frame, sizeof frame.header));
}

static void test_malformed_fields_are_refused(void **state)
{
	(void)state;
	pf_frame frame = frame_of(PF_FRAME_PHOTO, sizeof frame.photo);
	frame.photo.status = PF_STATUS_COUNT;
	assert_true(refused(&frame, frame.header.bytes));
	frame.photo.status = PF_OK;
	memset(frame.photo.message, 'x', sizeof frame.photo.message); /* no NUL */
	assert_true(refused(&frame, frame.header.bytes));

	frame = frame_of(PF_FRAME_RANKS, offsetof(pf_frame_ranks, photos) + 3 * sizeof frame.ranks.photos[0]);
	frame.ranks.count = 3;
	assert_false(refused(&frame, frame.header.bytes));
	frame.ranks.count = 4;
	assert_true(refused(&frame, frame.header.bytes));
	frame.ranks.count = 2;
	assert_true(refused(&frame, frame.header.bytes));
	/* A count whose size wraps around. */
	frame.ranks.count = 3u + (1u << 29);
	assert_true(refused(&frame, frame.header.bytes));

	frame = frame_of(PF_FRAME_END, sizeof frame.end);
	frame.end.status = PF_STATUS_COUNT + 7;
	assert_true(refused(&frame, frame.header.bytes));
	frame.end.status = PF_OK;
	memset(frame.end.message, 'x', sizeof frame.end.message);
	assert_true(refused(&frame, frame.header.bytes));
	memset(frame.end.message, 0, sizeof frame.end.message);
	memset(frame.end.file, 'x', sizeof frame.end.file);
	assert_true(refused(&frame, frame.header.bytes));
}

/* Frames before the malformed one are taken, none behind it. */
static void test_garbage_in_the_middle(void **state)
{
	(void)state;
	pf_frame_reader reader = {0};
	int ends[2];
	open_pipe(ends);
	pf_frame frame = frame_of(PF_FRAME_BURST, sizeof frame.burst), garbage = frame_of(77, 100);
	assert_int_equal(write(ends[1], &frame, frame.header.bytes), frame.header.bytes);
	assert_int_equal(write(ends[1], &garbage, garbage.header.bytes), garbage.header.bytes);
	assert_int_equal(write(ends[1], &frame, frame.header.bytes), frame.header.bytes);
	assert_int_equal(pf_frame_read(&reader, ends[0], take, &taken), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(taken.count, 1);
	close(ends[0]);
	close(ends[1]);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	int ends[2];
	struct pf_pipe_sink pipe;
	uint32_t photo = 0;
	pf_burst burst = {.id = 0, .count = 1, .photos = &photo};
	pf_photo_result result = {.message = ""};
	signal(SIGPIPE, SIG_IGN);
	open_pipe(ends);
	close(ends[0]);
	pf_pipe_sink_init(&pipe, ends[1]);
	assert_int_equal(pipe.sink.burst_found(&pipe.sink, &burst), PF_ERR_IO);
	assert_int_equal(pipe.sink.photo_done(&pipe.sink, &result), PF_ERR_IO);
	assert_int_equal(pipe.sink.burst_ranked(&pipe.sink, &burst, &photo), PF_ERR_IO);
	assert_int_equal(pf_pipe_sink_end(&pipe, PF_OK, NULL), PF_ERR_IO);
	close(ends[1]);
}

/* Many writers on one pipe that is often full: no frame is torn. */
static void test_many_writers(void **state)
{
	(void)state;
	enum { WRITERS = 6, FRAMES = 600 };
	int ends[2];
	open_pipe(ends);
	fcntl(ends[1], F_SETPIPE_SZ, 4096);
	assert_true(sizeof(pf_frame) <= PIPE_BUF);
	for (uint32_t writer = 0; writer < WRITERS; writer++) {
		if (fork() == 0) {
			struct pf_pipe_sink pipe;
			pf_pipe_sink_init(&pipe, ends[1]);
			for (uint32_t i = 0; i < FRAMES; i++) {
				pf_score score = some_score(writer * 1000 + i);
				pf_photo_result result = {
					.index = i, .burst = writer, .message = "", .score = &score};
				if (pipe.sink.photo_done(&pipe.sink, &result) != PF_OK) {
					_exit(1);
				}
			}
			_exit(0);
		}
	}
	close(ends[1]);
	read_all(ends[0]);
	close(ends[0]);
	uint32_t next[WRITERS] = {0};
	assert_int_equal(taken.count, WRITERS * FRAMES);
	for (size_t i = 0; i < taken.count; i++) {
		const pf_frame_photo *photo = &taken.frames[i].photo;
		assert_true(photo->burst < WRITERS);
		assert_int_equal(photo->index, next[photo->burst]++);
		pf_score score = some_score(photo->burst * 1000 + photo->index);
		assert_memory_equal(&photo->score, &score, sizeof score);
	}
	for (int i = 0; i < WRITERS; i++) {
		int ending;
		assert_true(wait(&ending) > 0);
		assert_int_equal(ending, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent_arrives),
		cmocka_unit_test(test_split_reads),
		cmocka_unit_test(test_malformed_frames_are_refused),
		cmocka_unit_test(test_malformed_fields_are_refused),
		cmocka_unit_test(test_garbage_in_the_middle),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_many_writers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
