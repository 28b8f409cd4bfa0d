/* Photos through pipes, and the pipes of a pool: every worker that asks gets the whole series or learns that
 * it will not, whoever is killed. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/exec.h"
#include "photofinish/photo_pipe.h"
#include "shared_memory.h"

enum { WIDTH = 300, HEIGHT = 200, SERIES = 4, PHOTOS = 3, WORKERS = 3, HEADER_BYTES = 112 };

static void make_photo(uint32_t seed, bool grey, pf_image *image)
{
	assert_int_equal(pf_image_reserve(image, (size_t)3 * WIDTH * HEIGHT, NULL), PF_OK);
	for (size_t i = 0; i < (size_t)3 * WIDTH * HEIGHT; i++) {
		image->buffer[i] = (uint8_t)(i * 7 + seed * 13 + i / 251);
	}
	image->orientation = seed % 8 + 1;
	image->file_bytes = 1000 + seed;
	image->flaws = seed % 3;
	image->reduction = (pf_reduction){
		.by = 1 + seed % 2, .width_px = 2 * WIDTH, .height_px = HEIGHT + seed};
	image->exposure = (pf_exposure){.time_s = seed, .f_number = 4, .iso = 100};
	pf_plane plane = {.width_px = WIDTH - 9, .height_px = HEIGHT, .stride_bytes = WIDTH};
	image->y = plane;
	image->y.data = image->buffer;
	image->cb = image->cr = (pf_plane){0};
	if (!grey) {
		image->cb = image->cr = plane;
		image->cb.data = image->buffer + WIDTH * HEIGHT;
		image->cr.data = image->buffer + 2 * WIDTH * HEIGHT;
	}
}

static bool same_plane(const pf_plane *a, const pf_plane *b)
{
	return a->width_px == b->width_px && a->height_px == b->height_px &&
	       a->stride_bytes == b->stride_bytes && !a->data == !b->data &&
	       (!a->data || memcmp(a->data, b->data, (size_t)a->height_px * a->stride_bytes) == 0);
}

static bool same_photo(const pf_image *a, const pf_image *b)
{
	return a->orientation == b->orientation && a->file_bytes == b->file_bytes && a->flaws == b->flaws &&
	       memcmp(&a->reduction, &b->reduction, sizeof a->reduction) == 0 &&
	       memcmp(&a->exposure, &b->exposure, sizeof a->exposure) == 0 && same_plane(&a->y, &b->y) &&
	       same_plane(&a->cb, &b->cb) && same_plane(&a->cr, &b->cr);
}

static void test_a_photo_arrives_as_it_was(void **state)
{
	(void)state;
	pf_framed_end reader, writer;
	uint64_t moved = 0;
	assert_int_equal(pf_framed_open(1 << 30, NULL, &reader, &writer, NULL), PF_OK);
	writer.moved_bytes = &moved;
	pid_t sender = fork();
	if (sender == 0) {
		pf_framed_close(&reader);
		for (uint32_t i = 0; i < 4; i++) {
			pf_image image = {0};
			make_photo(i, i % 2, &image);
			pf_photo_send(&writer, 10 + i, &image, NULL);
		}
		pf_photo_send_end(&writer, NULL);
		_exit(moved == 2 * 3 * WIDTH * HEIGHT + 2 * WIDTH * HEIGHT + 4 * HEADER_BYTES ? 0 : 1);
	}
	pf_framed_close(&writer);
	pf_image image = {0}, expected = {0};
	uint32_t ticket;
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(pf_photo_receive(&reader, &ticket, &image, NULL), PF_OK);
		assert_int_equal(ticket, 10 + i);
		make_photo(i, i % 2, &expected);
		assert_true(same_photo(&image, &expected));
	}
	assert_int_equal(pf_photo_receive(&reader, &ticket, &image, NULL), PF_OK);
	assert_int_equal(ticket, PF_NO_TICKET);
	pf_error error;
	assert_int_equal(pf_photo_receive(&reader, &ticket, &image, &error), PF_ERR_IO);
	int ending;
	assert_int_equal(waitpid(sender, &ending, 0), sender);
	assert_int_equal(ending, 0);
	pf_image_release(&image);
	pf_image_release(&expected);
	pf_framed_close(&reader);
}

static void test_sizes_that_do_not_agree(void **state)
{
	(void)state;
	pf_framed_end reader, writer;
	assert_int_equal(pf_framed_open(1 << 20, NULL, &reader, &writer, NULL), PF_OK);
	uint32_t head[24] = {0, 1, [12] = 60000, 60000, 60000, 1}; /* 3.6 GB in 8 bytes */
	uint8_t few[8] = {0};
	struct iovec parts[] = {{head, sizeof head}, {few, sizeof few}};
	assert_int_equal(pf_framed_send(&writer, 1, parts, 2, NULL), PF_OK);
	pf_image image = {0};
	uint32_t ticket;
	pf_error error;
	assert_int_equal(pf_photo_receive(&reader, &ticket, &image, &error), PF_ERR_INVALID);
	assert_int_equal(ticket, PF_NO_TICKET);
	pf_image_release(&image);
	pf_framed_close(&reader);
	pf_framed_close(&writer);
}

/* A pool of workers that each want every series. Units are numbered through: SERIES x WORKERS of them. */
struct ledger {
	const struct pf_env *env;
	pf_worker_pipes *pipes;
	atomic_int *cancel;
	bool dies, cancels;
	atomic_uint whole, refused, wrong, killed;
	uint64_t moved;
};

static uint32_t own_slot, held; /* in each worker */

static void receive(struct ledger *l, uint32_t number)
{
	pf_framed_end *reader;
	if (!pf_worker_pipes_ask(l->pipes, own_slot, number, &reader)) {
		atomic_fetch_add(&l->refused, 1);
		return;
	}
	pf_image image = {0}, expected = {0};
	uint32_t ticket, count = 0;
	if (l->dies && own_slot == 2 && number == 2 && atomic_fetch_add(&l->killed, 1) == 0) {
		pf_photo_receive(reader, &ticket, &image, NULL); /* one of several */
		raise(SIGKILL);
	}
	while (pf_photo_receive(reader, &ticket, &image, NULL) == PF_OK && ticket != PF_NO_TICKET) {
		make_photo(number * PHOTOS + ticket, false, &expected);
		atomic_fetch_add(&l->wrong, ticket != count || !same_photo(&image, &expected));
		count++;
	}
	atomic_fetch_add(&l->wrong, count != PHOTOS);
	atomic_fetch_add(&l->whole, 1);
	pf_image_release(&image);
	pf_image_release(&expected);
}

static pf_status open_worker(void *context, uint32_t slot, void **state, pf_error *error)
{
	(void)error;
	own_slot = slot;
	held = 0;
	*state = context;
	return PF_OK;
}

static pf_status do_unit(void *context, void *state, size_t unit, pf_error *error)
{
	(void)state;
	(void)error;
	struct ledger *l = context;
	uint32_t number = (uint32_t)unit / WORKERS;
	if (number > 0 && number != held) {
		held = number;
		receive(l, number);
	}
	if (l->cancels && unit == 4) {
		atomic_store(l->cancel, 1);
	}
	nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
	return PF_OK;
}

static void close_worker(void *context, void *state)
{
	(void)state;
	struct ledger *l = context;
	pf_worker_pipes_leave(l->pipes, own_slot);
}

static pf_status died(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	(void)context;
	(void)unit;
	(void)photo;
	(void)signal;
	(void)error;
	return PF_OK;
}

static pf_status forking(void *context, uint32_t slot, pf_error *error)
{
	struct ledger *l = context;
	return pf_worker_pipes_forking(l->pipes, slot, error);
}

static void forked(void *context, uint32_t slot)
{
	struct ledger *l = context;
	pf_worker_pipes_forked(l->pipes, slot);
}

static void *send_all(void *argument)
{
	struct ledger *l = argument;
	pf_image image = {0};
	for (uint32_t number = 1; number < SERIES && !atomic_load(l->cancel); number++) {
		for (pf_framed_end *to; pf_worker_pipes_next(l->pipes, number, &to);) {
			pf_status status = PF_OK;
			for (uint32_t i = 0; i < PHOTOS && status == PF_OK; i++) {
				make_photo(number * PHOTOS + i, false, &image);
				status = pf_photo_send(to, i, &image, NULL);
			}
			if (status == PF_OK) {
				pf_photo_send_end(to, NULL);
			}
		}
		pf_worker_pipes_gone(l->pipes, number);
	}
	pf_worker_pipes_gone(l->pipes, UINT32_MAX);
	pf_image_release(&image);
	return NULL;
}

static struct ledger *run_pool(bool dies, bool cancels, pf_status expected)
{
	struct ledger *l = pf_shared_alloc(sizeof *l);
	struct pf_env env = pf_shared_env(WORKERS, &l->cancel);
	pthread_t sender;
	l->dies = dies;
	l->cancels = cancels;
	assert_int_equal(pf_worker_pipes_create(&env, &l->moved, &l->pipes, NULL), PF_OK);
	pf_pool_job job = {.units = (size_t)SERIES * WORKERS,
			   .context = l,
			   .open = open_worker,
			   .unit = do_unit,
			   .close = close_worker,
			   .died = died,
			   .forking = forking,
			   .forked = forked};
	assert_int_equal(pthread_create(&sender, NULL, send_all, l), 0);
	assert_int_equal(pf_pool_run(&env, &job, NULL), expected);
	pf_worker_pipes_gone(l->pipes, UINT32_MAX);
	pthread_join(sender, NULL);
	pf_check_no_children();
	pf_worker_pipes_destroy(l->pipes);
	assert_int_equal(atomic_load(&l->wrong), 0);
	uint64_t taken = 0;
	for (uint32_t slot = 1; slot <= WORKERS; slot++) {
		const pf_hop *hop = &env.traces[slot].hops[0];
		assert_true(hop->kind == PF_HOP_NONE || (hop->kind == PF_HOP_PHOTOS && hop->from == 0));
		taken += hop->bytes;
	}
	assert_true(dies || cancels ? taken <= l->moved : taken == l->moved);
	return l;
}

static void test_every_worker_that_asks_gets_all(void **state)
{
	(void)state;
	struct ledger *l = run_pool(false, false, PF_OK);
	assert_int_equal(atomic_load(&l->refused), 0);
	assert_true(atomic_load(&l->whole) >= SERIES - 1);
	assert_int_equal(l->moved,
			 (uint64_t)atomic_load(&l->whole) * PHOTOS * (3 * WIDTH * HEIGHT + HEADER_BYTES));
}

static void test_a_worker_dies_while_it_is_sent_to(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct ledger *l = run_pool(true, false, PF_OK);
		assert_true(atomic_load(&l->whole) + atomic_load(&l->refused) >= SERIES - 1);
	}
}

static void test_cancel_ends_it(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		run_pool(false, true, PF_ERR_CANCELLED);
	}
}

/* A worker asks, is sent one photo of three, and dies; the one in its place asks for the same and gets all.
 */
static void test_a_replacement_gets_all(void **state)
{
	(void)state;
	atomic_int *cancel;
	struct pf_env env = pf_shared_env(1, &cancel);
	struct ledger *l = pf_shared_alloc(sizeof *l);
	assert_int_equal(pf_worker_pipes_create(&env, &l->moved, &l->pipes, NULL), PF_OK);
	for (int attempt = 0; attempt < 2; attempt++) {
		assert_int_equal(pf_worker_pipes_forking(l->pipes, 1, NULL), PF_OK);
		pid_t worker = fork();
		if (worker == 0) {
			own_slot = 1;
			if (attempt == 0) {
				pf_framed_end *reader;
				pf_image image = {0};
				uint32_t ticket;
				pf_worker_pipes_ask(l->pipes, 1, 5, &reader);
				pf_photo_receive(reader, &ticket, &image, NULL);
				raise(SIGKILL);
			}
			receive(l, 5);
			_exit(0);
		}
		pf_worker_pipes_forked(l->pipes, 1);
		pf_framed_end *to;
		pf_image image = {0};
		assert_true(pf_worker_pipes_next(l->pipes, 5, &to));
		pf_status status = PF_OK;
		for (uint32_t i = 0; (i < PHOTOS || attempt == 0) && status == PF_OK; i++) {
			make_photo(5 * PHOTOS + i, false, &image);
			status = pf_photo_send(to, i, &image, NULL);
		}
		assert_int_equal(status, attempt == 0 ? PF_ERR_IO : PF_OK);
		if (attempt == 1) {
			assert_int_equal(pf_photo_send_end(to, NULL), PF_OK);
			assert_false(pf_worker_pipes_next(l->pipes, 5, &to)); /* it has got it */
		}
		pf_image_release(&image);
		int ending;
		assert_int_equal(waitpid(worker, &ending, 0), worker);
		assert_int_equal(WIFSIGNALED(ending), attempt == 0);
	}
	assert_int_equal(atomic_load(&l->whole), 1);
	assert_int_equal(atomic_load(&l->wrong), 0);
	pf_worker_pipes_destroy(l->pipes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_photo_arrives_as_it_was),
		cmocka_unit_test(test_sizes_that_do_not_agree),
		cmocka_unit_test(test_every_worker_that_asks_gets_all),
		cmocka_unit_test(test_a_worker_dies_while_it_is_sent_to),
		cmocka_unit_test(test_a_replacement_gets_all),
		cmocka_unit_test(test_cancel_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
