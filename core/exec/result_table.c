/* Outcomes of photos in shared memory. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "photofinish/exec.h"

enum { OPEN, DONE, RANKED };

/* What is known of a photo until the end. */
typedef struct state {
	atomic_uchar
		progress; /* DONE is written behind the outcome, RANKED behind what was told of its burst */
	atomic_uchar deaths;       /* of workers that had this photo */
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
	pf_result_table *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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

pf_status pf_result_put(pf_result_table *table, struct pf_sink *sink, uint32_t index, uint32_t burst,
			pf_status status, const pf_score *score, const pf_error *error)
{
	outcome *kept = outcome_of(table, index);
	kept->status = status;
	if (status == PF_OK) {
		kept->score = *score;
	}
	pf_photo_result result = {
		.index = index,
		.burst = burst,
		.status = status,
		.message = status == PF_OK || !error ? "" : error->message,
		.score = status == PF_OK ? score : NULL,
	};
	/* A worker that dies between these lines makes the photo be scored, and told of, twice; the receiver
	 * keeps one. It is never lost. */
	pf_status sent = sink->photo_done(sink, &result);
	atomic_store_explicit(&table->states[index].progress, DONE, memory_order_release);
	return sent;
}

int pf_result_is_done(const pf_result_table *table, uint32_t index)
{
	return atomic_load_explicit(&table->states[index].progress, memory_order_acquire) != OPEN;
}

/* Marks the burst's photos, its first one first, and gives back the blocks that nobody needs any more. A
 * worker that dies meanwhile leaves a block behind, nothing worse. */
static void let_go(pf_result_table *table, const pf_burst *burst)
{
	for (uint32_t i = 0; i < burst->count; i++) {
		uint32_t index = burst->photos[i];
		size_t block = index / BLOCK_PHOTOS, first = block * BLOCK_PHOTOS;
		size_t photos = table->photos - first < BLOCK_PHOTOS ? table->photos - first : BLOCK_PHOTOS;
		atomic_store_explicit(&table->states[index].progress, RANKED, memory_order_release);
		if (atomic_fetch_add(&table->ranked[block], 1) + 1 == photos) {
			madvise(table->blocks + block * table->block_bytes, table->block_bytes, MADV_REMOVE);
		}
	}
}

pf_status pf_result_rank(pf_result_table *table, const pf_scorer_config *config, pf_trace *trace,
			 struct pf_sink *sink, const pf_burst *burst)
{
	/* A worker died right behind it: all was told, and the scores may be gone. */
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

pf_status pf_result_count_death(pf_result_table *table, const pf_burst *burst, uint32_t photo, int signal,
				pf_error *error)
{
	/* A death while starting or ranking is no photo's fault. */
	state *of = &table->states[photo == PF_NO_PHOTO ? burst->photos[0] : photo];
	if (photo != PF_NO_PHOTO) {
		of->last_signal = (int16_t)signal; /* at most 64, or PF_DEATH_BY_TIMEOUT */
		atomic_fetch_add(&of->deaths, 1);
	} else if (++of->idle_deaths > PF_DEATHS_ALLOWED) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "workers keep dying outside of any photo (%s)",
			       signal ? strsignal(signal) : "exit");
	}
	return PF_OK;
}
