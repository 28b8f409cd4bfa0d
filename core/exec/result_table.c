/* Outcomes of photos. A worker of a pool has a copy from when it was forked; what it finds out it tells the
 * parent, whose copy is the one that counts. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/exec/pool_line.h"
#include "core/scoring/read_note.h"
#include "photofinish/exec.h"

enum { OPEN, DONE, RANKED };

/* What is known of a photo until the end. */
typedef struct state {
	atomic_uchar
		progress; /* DONE is written behind the outcome, RANKED behind what was told of its burst */
	atomic_uchar deaths;       /* of workers that had this photo */
	uint32_t burst_done;       /* photos taken in of the burst whose first one this is */
	unsigned char idle_deaths; /* of workers that had no photo of the burst whose first one this is */
	int16_t last_signal;
} state;

/* What is needed until its burst was ranked. */
typedef struct outcome {
	pf_status status;
	pf_score score;
} outcome;

/* Outcomes lie in blocks of whole pages. A block all of whose photos were ranked is given back to the system,
 * so that the table does not grow with the photos that were done. */
enum { BLOCK_PHOTOS = 32 };

/* What a worker tells of a photo. */
typedef struct told_photo {
	uint32_t index, burst, status;
	int32_t pid, tid;
	uint64_t heap_bytes;
	char message[256];
	uint32_t hashed; /* 0 or 1: the next two are known */
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t service_ns;
	pf_score score; /* where status is PF_OK */
} told_photo;

_Static_assert(sizeof(told_photo) <= PF_POOL_TOLD_MOST, "an outcome comes in one piece");

uint64_t (*pf_result_heap)(void);

struct pf_result_table {
	size_t photos, bytes, block_bytes;
	atomic_uint *ranked; /* photos of each block */
	char *blocks;
	state states[];
};

static size_t whole_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return (bytes + page - 1) / page * page;
}

static outcome *outcome_of(const pf_result_table *table, uint32_t index)
{
	return (outcome *)(table->blocks + index / BLOCK_PHOTOS * table->block_bytes) + index % BLOCK_PHOTOS;
}

pf_status pf_result_table_create(size_t photos, pf_result_table **out, pf_error *error)
{
	size_t blocks = photos / BLOCK_PHOTOS + 1, block_bytes = whole_pages(BLOCK_PHOTOS * sizeof(outcome));
	size_t counters = (sizeof(pf_result_table) + photos * sizeof(state) + sizeof(atomic_uint) - 1) /
			  sizeof(atomic_uint) * sizeof(atomic_uint);
	size_t head = whole_pages(counters + blocks * sizeof(atomic_uint));
	size_t bytes = head + blocks * block_bytes;
	pf_result_table *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				      0);
	if (table == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "cannot map %zu bytes for the results", bytes);
	}
	table->photos = photos;
	table->bytes = bytes;
	table->block_bytes = block_bytes;
	table->ranked = (atomic_uint *)((char *)table + counters);
	table->blocks = (char *)table + head;
	*out = table;
	return PF_OK;
}

void pf_result_table_destroy(pf_result_table *table)
{
	if (table) {
		munmap(table, table->bytes);
	}
}

static pf_status tell_parent(const pf_photo_result *result)
{
	told_photo told = {.index = result->index,
			   .burst = result->burst,
			   .status = (uint32_t)result->status,
			   .pid = result->pid,
			   .tid = result->tid,
			   .heap_bytes = result->heap_bytes};
	snprintf(told.message, sizeof told.message, "%s", result->message);
	if (result->score) {
		told.score = *result->score;
	}
	if (result->sha256) {
		told.hashed = 1;
		told.service_ns = result->service_ns;
		memcpy(told.sha256, result->sha256, sizeof told.sha256);
	}
	return pf_pool_tell(&told, sizeof told);
}

static pf_status keep(pf_result_table *table, struct pf_sink *sink, const pf_photo_result *result)
{
	outcome *kept = outcome_of(table, result->index);
	kept->status = result->status;
	if (result->score) {
		kept->score = *result->score;
	}
	pf_status sent = sink->photo_done(sink, result);
	atomic_store_explicit(&table->states[result->index].progress, DONE, memory_order_release);
	return sent;
}

pf_status pf_result_put(pf_result_table *table, struct pf_sink *sink, uint32_t index, uint32_t burst,
			pf_status status, const pf_score *score, const pf_error *error)
{
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t service_ns = 0;
	bool hashed = pf_read_take(index, sha256, &service_ns);
	const pf_photo_result result = {
		.index = index,
		.burst = burst,
		.status = status,
		.message = status == PF_OK || !error ? "" : error->message,
		.score = status == PF_OK ? score : NULL,
		.pid = (int32_t)getpid(),
		.tid = (int32_t)gettid(),
		.heap_bytes = pf_result_heap ? pf_result_heap() : 0,
		.sha256 = hashed ? sha256 : NULL,
		.service_ns = service_ns,
	};
	return pf_pool_in_worker() ? tell_parent(&result) : keep(table, sink, &result);
}

static bool is_of(const pf_burst *burst, uint32_t photo)
{
	for (uint32_t i = 0; i < burst->count; i++) {
		if (burst->photos[i] == photo) {
			return true;
		}
	}
	return false;
}

pf_status pf_result_take(pf_result_table *table, const struct pf_env *env, struct pf_sink *sink,
			 const pf_burst *burst, const void *what, size_t bytes, uint32_t *photo)
{
	state *first = &table->states[burst->photos[0]];
	told_photo told;
	if (!what) {
		return atomic_load(&first->progress) == RANKED ? PF_OK : PF_ERR_INVALID;
	}
	if (bytes != sizeof told) {
		return PF_ERR_INVALID;
	}
	memcpy(&told, what, sizeof told);
	if (told.burst != burst->id || !is_of(burst, told.index) || pf_result_is_done(table, told.index) ||
	    told.status >= PF_STATUS_COUNT || !memchr(told.message, 0, sizeof told.message)) {
		return PF_ERR_INVALID;
	}
	if (photo) {
		*photo = told.index;
	}
	const pf_photo_result result = {
		.index = told.index,
		.burst = told.burst,
		.status = (pf_status)told.status,
		.message = told.message,
		.score = told.status == PF_OK ? &told.score : NULL,
		.pid = told.pid,
		.tid = told.tid,
		.heap_bytes = told.heap_bytes,
		.sha256 = told.hashed ? told.sha256 : NULL,
		.service_ns = told.service_ns,
	};
	pf_status status = keep(table, sink, &result);
	if (status == PF_OK && ++first->burst_done == burst->count) {
		status = pf_result_rank(table, env->scorer, env->traces, sink, burst);
	}
	/* What a worker could bring about by a hostile score is its own fault; all else is the run's. */
	return status == PF_ERR_INVALID ? PF_ERR_INTERNAL : status;
}

pf_status pf_result_retell(void *what, size_t bytes, uint32_t index, uint32_t burst)
{
	told_photo told;
	if (bytes != sizeof told) {
		return PF_ERR_INVALID;
	}
	memcpy(&told, what, sizeof told);
	told.index = index;
	told.burst = burst;
	memcpy(what, &told, sizeof told);
	return (pf_status)told.status;
}

int pf_result_is_done(const pf_result_table *table, uint32_t index)
{
	return atomic_load_explicit(&table->states[index].progress, memory_order_acquire) != OPEN;
}

/* Marks the burst's photos, and gives back the blocks that nobody needs any more. */
static void let_go(pf_result_table *table, const pf_burst *burst)
{
	for (uint32_t i = 0; i < burst->count; i++) {
		uint32_t index = burst->photos[i];
		size_t block = index / BLOCK_PHOTOS, first = block * BLOCK_PHOTOS;
		size_t photos = table->photos - first < BLOCK_PHOTOS ? table->photos - first : BLOCK_PHOTOS;
		atomic_store_explicit(&table->states[index].progress, RANKED, memory_order_release);
		if (atomic_fetch_add(&table->ranked[block], 1) + 1 == photos) {
			madvise(table->blocks + block * table->block_bytes, table->block_bytes,
				MADV_DONTNEED);
		}
	}
}

pf_status pf_result_rank(pf_result_table *table, const pf_scorer_config *config, pf_trace *trace,
			 struct pf_sink *sink, const pf_burst *burst)
{
	if (pf_pool_in_worker()) {
		return PF_OK;
	}
	/* All was told, and the scores may be gone. */
	if (atomic_load_explicit(&table->states[burst->photos[0]].progress, memory_order_acquire) == RANKED) {
		return PF_OK;
	}
	uint64_t begin = pf_span_begin(trace, PF_STAGE_SCORE);
	const pf_score **scores = calloc(burst->count, sizeof *scores);
	uint32_t *ranks = calloc(burst->count, sizeof *ranks);
	pf_status status = PF_ERR_NO_MEMORY;
	if (scores && ranks) {
		for (uint32_t i = 0; i < burst->count; i++) {
			const outcome *kept = outcome_of(table, burst->photos[i]);
			scores[i] = kept->status == PF_OK ? &kept->score : NULL;
		}
		status = pf_burst_rank(config, scores, burst->count, ranks);
	}
	if (status == PF_OK) {
		status = sink->burst_ranked(sink, burst, ranks);
	}
	if (status == PF_OK) {
		let_go(table, burst);
	}
	free(scores);
	free(ranks);
	pf_span_end(trace, PF_STAGE_SCORE, begin);
	return status;
}

unsigned pf_result_deaths(const pf_result_table *table, uint32_t index, int *last_signal)
{
	*last_signal = table->states[index].last_signal;
	return atomic_load(&table->states[index].deaths);
}

static bool is_open_of(const pf_result_table *table, const pf_burst *burst, uint32_t photo)
{
	return is_of(burst, photo) && !pf_result_is_done(table, photo);
}

pf_status pf_result_count_death(pf_result_table *table, const pf_burst *burst, uint32_t photo, int signal,
				pf_error *error)
{
	/* A death while starting or ranking is no photo's fault. A worker that names a photo which it cannot
	 * have had died of the one that was next. */
	for (uint32_t i = 0; photo != PF_NO_PHOTO && !is_open_of(table, burst, photo); i++) {
		photo = i < burst->count ? burst->photos[i] : PF_NO_PHOTO;
	}
	state *of = &table->states[photo != PF_NO_PHOTO ? photo : burst->photos[0]];
	if (photo != PF_NO_PHOTO) {
		of->last_signal = (int16_t)signal; /* at most 64, or PF_DEATH_BY_* */
		atomic_fetch_add(&of->deaths, 1);
	} else if (++of->idle_deaths > PF_DEATHS_ALLOWED) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "workers keep dying outside of any photo (%s)",
			       pf_death_text(signal));
	}
	return PF_OK;
}
