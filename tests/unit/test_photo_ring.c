/* The ring of decoded photos: nothing is lost, mixed up or waited for in vain, whoever is killed; and the
 * division into chunks. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/photo_ring.h"
#include "shared_memory.h"

enum { BYTES = 6000, MANY = 2000, SLOTS = 7 };

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static pf_photo_ring *open_ring(uint32_t slots, const atomic_int *cancel)
{
	pf_photo_ring *ring;
	assert_int_equal(pf_photo_ring_create(slots, BYTES, cancel, &ring, NULL), PF_OK);
	return ring;
}

/* A photo whose every byte tells which one it is; grey ones have no colour planes. */
static void fill(uint32_t ticket, pf_image *image)
{
	assert_true(image->lent && image->capacity_bytes >= BYTES);
	assert_int_equal(pf_image_reserve(image, BYTES, NULL), PF_OK);
	memset(image->buffer, (int)(ticket % 251), BYTES);
	image->orientation = ticket % 8 + 1;
	image->file_bytes = ticket;
	image->flaws = ticket % 3;
	image->exposure.iso = ticket;
	image->y = (pf_plane){.data = image->buffer, .width_px = 60, .height_px = 60, .stride_bytes = 64};
	image->cb = (pf_plane){.data = ticket % 2 ? image->buffer + 4000 : NULL, .width_px = 30};
	image->cr = (pf_plane){.data = ticket % 2 ? image->buffer + 5000 : NULL, .stride_bytes = 33};
}

static bool is_photo(uint32_t ticket, const pf_image *image)
{
	bool right = image->lent && image->orientation == ticket % 8 + 1 && image->file_bytes == ticket &&
		     image->flaws == ticket % 3 && image->exposure.iso == ticket && image->y.width_px == 60 &&
		     image->y.height_px == 60 && image->y.stride_bytes == 64 &&
		     image->y.data == image->buffer && image->cb.width_px == 30 &&
		     image->cr.stride_bytes == 33 &&
		     image->cb.data == (ticket % 2 ? image->buffer + 4000 : NULL) &&
		     image->cr.data == (ticket % 2 ? image->buffer + 5000 : NULL);
	for (int i = 0; i < BYTES && right; i++) {
		right = image->buffer[i] == ticket % 251;
	}
	return right;
}

static void load(pf_photo_ring *ring, uint32_t ticket)
{
	pf_image image;
	assert_int_equal(pf_photo_ring_begin(ring, ticket, &image), PF_OK);
	fill(ticket, &image);
	pf_photo_ring_put(ring, ticket, &image);
	pf_image_release(&image); /* of a lent buffer: leaves it */
}

static void test_there_and_back(void **state)
{
	(void)state;
	pf_photo_ring *ring = open_ring(3, NULL);
	pf_image image;
	for (uint32_t ticket = 0; ticket < 20; ticket++) {
		load(ring, ticket);
		assert_true(pf_photo_ring_await(ring, ticket));
		for (int again = 0; again < 2; again++) { /* it stays until it is given back */
			assert_true(pf_photo_ring_take(ring, ticket, &image));
			assert_true(is_photo(ticket, &image));
		}
		pf_photo_ring_give(ring, ticket);
		pf_photo_ring_give(ring, ticket);
		assert_false(pf_photo_ring_take(ring, ticket, &image));
		assert_true(pf_photo_ring_await_given(ring, ticket + 1));
	}
	pf_photo_ring_destroy(ring);
	pf_photo_ring_destroy(NULL);
}

static void test_slots_are_bounded(void **state)
{
	(void)state;
	pf_photo_ring *ring = open_ring(2, NULL);
	pf_image image;
	pf_error error;
	assert_int_equal(pf_photo_ring_begin(ring, 0, &image), PF_OK);
	assert_int_equal(pf_image_reserve(&image, image.capacity_bytes + 1, &error), PF_ERR_MEMORY_LIMIT);
	pf_photo_ring_put(ring, 0, NULL); /* too large: the worker loads it itself */
	assert_true(pf_photo_ring_await(ring, 0));
	assert_false(pf_photo_ring_take(ring, 0, &image));
	pf_photo_ring_give(ring, 0);
	load(ring, 1);
	load(ring, 2);
	pf_photo_ring_destroy(ring);
	assert_int_equal(pf_photo_ring_create(4000000000u, UINT64_MAX / 2, NULL, &ring, &error),
			 PF_ERR_NO_MEMORY);
	assert_null(ring);
}

/* A worker that is there before the loader does it itself, and the loader leaves it out. */
static void test_ahead_of_the_loader(void **state)
{
	(void)state;
	pf_photo_ring *ring = open_ring(2, NULL);
	pf_image image;
	assert_false(pf_photo_ring_take(ring, 0, &image));
	pf_photo_ring_give(ring, 0);
	assert_int_equal(pf_photo_ring_begin(ring, 0, &image), PF_ERR_EXISTS);
	assert_true(pf_photo_ring_await(ring, 0));
	load(ring, 1);
	assert_false(pf_photo_ring_take(ring, 3, &image)); /* its slot still has photo 1 */
	pf_photo_ring_give(ring, 3);
	assert_true(pf_photo_ring_take(ring, 1, &image));
	assert_true(is_photo(1, &image));
	/* Given back while the loader is at it. */
	assert_int_equal(pf_photo_ring_begin(ring, 2, &image), PF_OK);
	pf_photo_ring_give(ring, 2);
	fill(2, &image);
	pf_photo_ring_put(ring, 2, &image);
	assert_false(pf_photo_ring_take(ring, 2, &image));
	load(ring, 4);
	assert_true(pf_photo_ring_take(ring, 4, &image));
	assert_true(is_photo(4, &image));
	pf_photo_ring_destroy(ring);
}

/* Loads `count` photos in a process of its own; what a full ring holds up goes on as slots come back. */
static pid_t fork_loader(pf_photo_ring *ring, uint32_t count)
{
	pid_t pid = fork();
	if (pid == 0) {
		for (uint32_t ticket = 0; ticket < count; ticket++) {
			pf_image image;
			pf_status status = pf_photo_ring_begin(ring, ticket, &image);
			if (status == PF_OK) {
				fill(ticket, &image);
				pf_photo_ring_put(ring, ticket, &image);
			} else if (status == PF_ERR_CANCELLED) {
				_exit(7);
			}
		}
		_exit(0);
	}
	return pid;
}

static int ending_of(pid_t pid)
{
	int ending;
	assert_int_equal(waitpid(pid, &ending, 0), pid);
	return WIFEXITED(ending) ? WEXITSTATUS(ending) : -WTERMSIG(ending);
}

static void test_between_processes(void **state)
{
	(void)state;
	pf_photo_ring *ring = open_ring(SLOTS, NULL);
	atomic_uint *next = pf_shared_alloc(sizeof *next), *wrong = pf_shared_alloc(sizeof *wrong);
	atomic_uint *found = pf_shared_alloc(sizeof *found);
	pid_t loader = fork_loader(ring, MANY), workers[3];
	/* On a busy machine three workers pass all photos before the loader has its first time slice. */
	assert_true(pf_photo_ring_await(ring, 0));
	for (int i = 0; i < 3; i++) {
		workers[i] = fork();
		if (workers[i] == 0) {
			for (uint32_t ticket; (ticket = atomic_fetch_add(next, 1)) < MANY;) {
				pf_image image;
				if (pf_photo_ring_take(ring, ticket, &image)) {
					atomic_fetch_add(found, 1);
					atomic_fetch_add(wrong, !is_photo(ticket, &image));
				}
				if (ticket % 64 == 0) {
					nap_ms(1);
				}
				pf_photo_ring_give(ring, ticket);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ending_of(workers[i]), 0);
	}
	/* A photo that a worker passed while its slot had an older one would wait for ever: the ring is
	 * emptied as a run does it, where what is done is left out. */
	for (uint32_t ticket = 0; ticket < MANY; ticket++) {
		pf_photo_ring_give(ring, ticket);
	}
	pf_photo_ring_close(ring);
	ending_of(loader);
	assert_int_equal(atomic_load(wrong), 0);
	assert_true(atomic_load(found) > 0);
	pf_photo_ring_destroy(ring);
}

/* A worker dies with photos taken: whoever comes after it finds them, and the loader goes on. */
static void test_a_worker_dies_with_a_photo(void **state)
{
	(void)state;
	pf_photo_ring *ring = open_ring(2, NULL);
	pid_t loader = fork_loader(ring, 12);
	for (uint32_t ticket = 0; ticket < 12; ticket++) {
		assert_true(pf_photo_ring_await(ring, ticket));
		pid_t victim = fork();
		if (victim == 0) {
			pf_image image;
			_exit(pf_photo_ring_take(ring, ticket, &image) ? raise(SIGKILL) : 1);
		}
		assert_int_equal(ending_of(victim), -SIGKILL);
		pf_image image;
		assert_true(pf_photo_ring_take(ring, ticket, &image));
		assert_true(is_photo(ticket, &image));
		pf_photo_ring_give(ring, ticket);
	}
	assert_int_equal(ending_of(loader), 0);
	pf_photo_ring_destroy(ring);
}

static void test_the_loader_dies_in_the_middle(void **state)
{
	(void)state;
	pf_photo_ring *ring = open_ring(2, NULL);
	atomic_int *begun = pf_shared_alloc(sizeof *begun);
	pid_t loader = fork();
	if (loader == 0) {
		pf_image image;
		pf_photo_ring_begin(ring, 0, &image);
		atomic_store(begun, 1);
		nap_ms(30);
		raise(SIGKILL);
	}
	while (!atomic_load(begun)) {
		nap_ms(1);
	}
	pf_image image;
	assert_false(pf_photo_ring_take(ring, 0, &image)); /* it is not even reaped yet */
	assert_int_equal(ending_of(loader), -SIGKILL);
	assert_false(pf_photo_ring_take(ring, 0, &image));
	pf_photo_ring_destroy(ring);
}

static void test_waits_end_when_it_is_over(void **state)
{
	(void)state;
	for (int by_flag = 0; by_flag < 2; by_flag++) {
		atomic_int *cancel = pf_shared_alloc(sizeof *cancel);
		pf_photo_ring *ring = open_ring(2, cancel);
		pid_t loader = fork_loader(ring, 5); /* fills the ring and waits */
		assert_true(pf_photo_ring_await(ring, 1));
		pid_t waiters[2];
		for (int i = 0; i < 2; i++) {
			waiters[i] = fork();
			if (waiters[i] == 0) {
				bool came = i ? pf_photo_ring_await(ring, 4)
					      : pf_photo_ring_await_given(ring, 2);
				_exit(came);
			}
		}
		nap_ms(80);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
		if (by_flag) {
			atomic_store(cancel, 1);
		} else {
			pf_photo_ring_close(ring);
		}
		assert_int_equal(ending_of(loader), 7);
		assert_int_equal(ending_of(waiters[0]), 0);
		assert_int_equal(ending_of(waiters[1]), 0);
		pf_photo_ring_destroy(ring);
	}
}

struct thread_run {
	pf_photo_ring *ring;
	atomic_uint wrong;
};

static void *load_all(void *argument)
{
	struct thread_run *run = argument;
	for (uint32_t ticket = 0; ticket < MANY; ticket++) {
		pf_image image;
		if (pf_photo_ring_begin(run->ring, ticket, &image) == PF_OK) {
			fill(ticket, &image);
			pf_photo_ring_put(run->ring, ticket, &image);
		}
	}
	return NULL;
}

/* The same between threads, where ThreadSanitizer looks on. */
static void test_between_threads(void **state)
{
	(void)state;
	struct thread_run run = {.ring = open_ring(SLOTS, NULL)};
	pthread_t loader;
	assert_int_equal(pthread_create(&loader, NULL, load_all, &run), 0);
	for (uint32_t ticket = 0; ticket < MANY; ticket++) {
		pf_image image;
		if (ticket % 3 == 0) { /* as chunks do */
			assert_true(pf_photo_ring_await(run.ring, ticket));
		}
		if (pf_photo_ring_take(run.ring, ticket, &image)) {
			assert_true(is_photo(ticket, &image));
		}
		pf_photo_ring_give(run.ring, ticket);
	}
	pthread_join(loader, NULL);
	assert_true(pf_photo_ring_await_given(run.ring, MANY));
	pf_photo_ring_destroy(run.ring);
}

static void test_chunk_sizes(void **state)
{
	(void)state;
	assert_int_equal(pf_chunk_photos(0, 0), 1);
	assert_int_equal(pf_chunk_photos(0, 7), 1);
	assert_int_equal(pf_chunk_photos(0, 24), 6);
	assert_int_equal(pf_chunk_photos(0, 27539), 200);
	assert_int_equal(pf_chunk_photos(500, 24), 500);
	struct pf_env env = {.memory_limit_bytes = 12345};
	assert_int_equal(pf_memory_budget(&env), 12345);
	env.memory_limit_bytes = 0;
	assert_true(pf_memory_budget(&env) > 1u << 20);
}

static void test_chunks_end_at_whole_bursts(void **state)
{
	(void)state;
	static const uint32_t counts[] = {3, 2, 1, 9, 1, 4, 2};
	static const uint32_t expected[] = {5, 1, 9, 5, 2}; /* photos of each chunk of at most 5 */
	uint32_t photos[22];
	pf_burst bursts[7];
	uint32_t at = 0;
	for (int i = 0; i < 7; i++) {
		bursts[i] = (pf_burst){.id = 21 - at, .count = counts[i], .photos = photos + at};
		for (uint32_t k = 0; k < counts[i]; k++, at++) {
			photos[at] = 21 - at; /* not in order */
		}
	}
	pf_burst_list list = {.bursts = bursts, .count = 7, .photos = photos};
	pf_chunk_plan plan;
	assert_int_equal(pf_chunk_plan_make(&list, 5, &plan, NULL), PF_OK);
	assert_int_equal(plan.count, 5);
	assert_int_equal(plan.most_photos, 9);
	uint32_t ticket = 0;
	size_t burst = 0;
	for (size_t i = 0; i < plan.count; i++) {
		assert_int_equal(plan.chunks[i].photos, expected[i]);
		assert_int_equal(plan.chunks[i].first_ticket, ticket);
		assert_int_equal(plan.chunks[i].first_burst, burst);
		for (size_t k = 0; k < plan.chunks[i].bursts; k++, burst++) {
			assert_int_equal(plan.chunk_of[burst], i);
			assert_int_equal(plan.first_ticket[burst], ticket);
			for (uint32_t m = 0; m < counts[burst]; m++, ticket++) {
				assert_int_equal(plan.photos[ticket], bursts[burst].photos[m]);
				assert_int_equal(plan.tickets[bursts[burst].photos[m]], ticket);
			}
		}
	}
	assert_int_equal(ticket, 22);
	pf_chunk_plan_free(&plan);
	list.count = 0;
	assert_int_equal(pf_chunk_plan_make(&list, 5, &plan, NULL), PF_OK);
	assert_int_equal(plan.count, 0);
	pf_chunk_plan_free(&plan);
}

static void test_chunks_fit_the_memory(void **state)
{
	(void)state;
	uint32_t photos[12];
	pf_burst bursts[6];
	for (uint32_t i = 0; i < 12; i++) {
		photos[i] = i;
	}
	for (uint32_t i = 0; i < 6; i++) {
		bursts[i] = (pf_burst){.id = 2 * i, .count = 2, .photos = photos + (size_t)2 * i};
	}
	pf_burst_list list = {.bursts = bursts, .count = 6, .photos = photos, .largest_plane_bytes = 1000};
	struct pf_env env = {.memory_limit_bytes = 12000};
	pf_chunk_wish wish = {.photos = 6, .copies = 2};
	pf_chunk_plan plan;
	pf_error error;
	assert_int_equal(pf_chunk_plan_fit(&env, &list, 12, &wish, &plan, &error), PF_OK);
	assert_int_equal(plan.most_photos, 6);
	pf_chunk_plan_free(&plan);
	env.memory_limit_bytes = 11999;
	assert_int_equal(pf_chunk_plan_fit(&env, &list, 12, &wish, &plan, &error), PF_ERR_MEMORY_LIMIT);
	assert_non_null(strstr(error.message, "a chunk of 5 would keep"));
	pf_chunk_plan_free(&plan);
	env.memory_limit_bytes = 5000; /* a quarter are 3, whole bursts make it 2 */
	wish.photos = 0;
	assert_int_equal(pf_chunk_plan_fit(&env, &list, 12, &wish, &plan, &error), PF_OK);
	pf_chunk_plan_free(&plan);
	env.memory_limit_bytes = 4000;
	wish.may_shrink = true;
	assert_int_equal(pf_chunk_plan_fit(&env, &list, 12, &wish, &plan, &error), PF_OK);
	assert_int_equal(plan.most_photos, 2);
	assert_int_equal(plan.count, 6);
	pf_chunk_plan_free(&plan);
	env.memory_limit_bytes = 3999; /* a burst is not divided */
	assert_int_equal(pf_chunk_plan_fit(&env, &list, 12, &wish, &plan, &error), PF_ERR_MEMORY_LIMIT);
	assert_non_null(strstr(error.message, "a chunk of 1 would keep; but a burst is not divided"));
	pf_chunk_plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_slots_are_bounded),
		cmocka_unit_test(test_ahead_of_the_loader),
		cmocka_unit_test(test_between_processes),
		cmocka_unit_test(test_a_worker_dies_with_a_photo),
		cmocka_unit_test(test_the_loader_dies_in_the_middle),
		cmocka_unit_test(test_waits_end_when_it_is_over),
		cmocka_unit_test(test_between_threads),
		cmocka_unit_test(test_chunk_sizes),
		cmocka_unit_test(test_chunks_end_at_whole_bursts),
		cmocka_unit_test(test_chunks_fit_the_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
