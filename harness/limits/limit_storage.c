/* Storage: a file of its own, read past the page cache, and gone with the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/limits/limit_job.h"

enum { READ = 1 << 20, SMALL = 4096, FILE_READS = 128, SMALL_READS = 8 };

typedef struct storage {
	int fd;
	size_t next;
	uint64_t random;
	uint8_t *bytes;
} storage;

static void close_storage(void *state)
{
	storage *own = state;
	if (own->fd >= 0) {
		close(own->fd);
	}
	free(own->bytes);
	free(own);
}

static uint64_t next_random(storage *own)
{
	own->random = own->random * 6364136223846793005u + 1442695040888963407u;
	return own->random >> 33;
}

/* Contents that no storage can compress or keep once. */
static bool fill(storage *own)
{
	for (size_t i = 0; i < FILE_READS; i++) {
		for (size_t k = 0; k < READ; k += sizeof(uint32_t)) {
			uint32_t word = (uint32_t)next_random(own);
			memcpy(own->bytes + k, &word, sizeof word);
		}
		if (pwrite(own->fd, own->bytes, READ, (off_t)(i * READ)) != READ) {
			return false;
		}
	}
	return fdatasync(own->fd) == 0;
}

static void *open_storage(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	char path[1100];
	(void)id;
	if (!setting->question->folder) {
		snprintf(why, 200, "there is no folder to write a file into");
		return NULL;
	}
	storage *own = calloc(1, sizeof *own);
	if (!own) {
		snprintf(why, 200, "no memory");
		return NULL;
	}
	own->fd = -1;
	own->random = setting->worker + 1;
	own->bytes = aligned_alloc(SMALL, READ);
	snprintf(path, sizeof path, "%s", setting->question->folder);
	own->fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC | O_DIRECT, 0600);
	if (!own->bytes || own->fd < 0 || !fill(own)) {
		snprintf(why, 200,
			 "no file past the page cache (O_TMPFILE, O_DIRECT) where datasets are kept: %s",
			 strerror(errno));
		close_storage(own);
		return NULL;
	}
	return own;
}

static double run_storage(void *state)
{
	storage *own = state;
	size_t at = own->next++ % FILE_READS * READ;
	return pread(own->fd, own->bytes, READ, (off_t)at) == READ ? READ : -1;
}

static double run_latency(void *state)
{
	storage *own = state;
	for (int i = 0; i < SMALL_READS; i++) {
		size_t at = next_random(own) % ((size_t)FILE_READS * READ / SMALL) * SMALL;
		if (pread(own->fd, own->bytes, SMALL, (off_t)at) != SMALL) {
			return -1;
		}
	}
	return SMALL_READS;
}

const pf_limit_job pf_limit_storage_job = {
	.open = open_storage, .run = run_storage, .close = close_storage, .scale = 1e-9};
const pf_limit_job pf_limit_latency_job = {.open = open_storage,
					   .run = run_latency,
					   .close = close_storage,
					   .scale = 1e6,
					   .inverse = true,
					   .single = true};
