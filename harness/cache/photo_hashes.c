#include "harness/cache/photo_hashes.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "photofinish/sha256.h"

/* CHUNK: what was read is still in the core's own cache when it is hashed. */
enum { CHUNK = 1 << 17, THREADS_MOST = 64, TICK_NS = 100000000 };

struct work {
	const pf_dataset *dataset;
	pf_photo_hash *hashes;
	atomic_size_t next, done;
	atomic_bool stop;
};

static void read_one(const pf_dataset *dataset, size_t index, uint8_t *buffer, pf_photo_hash *hash)
{
	int fd = -1;
	uint64_t size = 0;
	pf_error ignored;
	pf_sha256 sum;
	if (pf_dataset_open(dataset, index, &fd, &size, &ignored) != PF_OK) {
		return;
	}
	ssize_t got;
	pf_sha256_begin(&sum);
	while ((got = TEMP_FAILURE_RETRY(read(fd, buffer, CHUNK))) > 0) {
		pf_sha256_add(&sum, buffer, (size_t)got);
		hash->bytes += (uint64_t)got;
	}
	close(fd);
	pf_sha256_end(&sum, hash->sha256);
	hash->known = got == 0;
}

static void *work(void *context)
{
	struct work *all = context;
	uint8_t *buffer = malloc(CHUNK);
	size_t index;
	while (buffer && !atomic_load(&all->stop) &&
	       (index = atomic_fetch_add(&all->next, 1)) < all->dataset->count) {
		if (all->hashes[index].wanted) {
			read_one(all->dataset, index, buffer, &all->hashes[index]);
			atomic_fetch_add(&all->done, 1);
		}
	}
	free(buffer);
	return NULL;
}

static void wait_for(pthread_t thread, struct work *all, size_t wanted,
		     bool (*tick)(void *context, size_t done, size_t wanted), void *context)
{
	struct timespec until;
	do {
		if (tick && !tick(context, atomic_load(&all->done), wanted)) {
			atomic_store(&all->stop, true);
		}
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	} while (pthread_timedjoin_np(thread, NULL, &until) == ETIMEDOUT);
}

pf_status pf_photo_hashes_read(const pf_dataset *dataset, pf_photo_hash *hashes, uint32_t threads,
			       bool (*tick)(void *context, size_t done, size_t wanted), void *context,
			       pf_error *error)
{
	struct work all = {.dataset = dataset, .hashes = hashes};
	pthread_t started[THREADS_MOST];
	size_t wanted = 0, count = 0;
	for (size_t i = 0; i < dataset->count; i++) {
		wanted += hashes[i].wanted;
		hashes[i].known = false;
		hashes[i].bytes = 0;
	}
	size_t most = threads < THREADS_MOST ? threads : THREADS_MOST;
	most = most < wanted ? most : wanted;
	while (count < most && pthread_create(&started[count], NULL, work, &all) == 0) {
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		wait_for(started[i], &all, wanted, tick, context);
	}
	if (wanted && !count) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot start a thread to read photos");
	}
	return atomic_load(&all.stop) ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request") : PF_OK;
}
