/* Outcomes of photos in shared memory. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "photofinish/exec.h"

typedef struct result {
	atomic_int done;      /* written last: the rest is valid once it is 1 */
	atomic_uint deaths;   /* of workers that had this photo */
	unsigned idle_deaths; /* of workers that had no photo of the burst whose first one this is */
	int last_signal;
	pf_status status;
	pf_score score;
} result;

struct pf_result_table {
	size_t photos, bytes;
	result results[];
};

pf_status pf_result_table_create(size_t photos, pf_result_table **out, pf_error *error)
{
	size_t bytes = sizeof(pf_result_table) + photos * sizeof(result);
	pf_result_table *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "cannot map %zu bytes for the results", bytes);
	}
	table->photos = photos;
	table->bytes = bytes;
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
	result *slot = &table->results[index];
	slot->status = status;
	if (status == PF_OK) {
		slot->score = *score;
	}
	pf_photo_result outcome = {
		.index = index,
		.burst = burst,
		.status = status,
		.message = status == PF_OK || !error ? "" : error->message,
		.score = status == PF_OK ? score : NULL,
	};
	/* A worker that dies between these lines makes the photo be scored, and told of, twice; the receiver
	 * keeps one. It is never lost. */
	pf_status sent = sink->photo_done(sink, &outcome);
	atomic_store_explicit(&slot->done, 1, memory_order_release);
	return sent;
}

int pf_result_is_done(const pf_result_table *table, uint32_t index)
{
	return atomic_load_explicit(&table->results[index].done, memory_order_acquire);
}

pf_status pf_result_rank(pf_result_table *table, const pf_scorer_config *config, pf_trace *trace,
			 struct pf_sink *sink, const pf_burst *burst)
{
	uint64_t begin = pf_span_begin(trace, PF_STAGE_SCORE);
	const pf_score **scores = calloc(burst->count, sizeof *scores);
	uint32_t *ranks = calloc(burst->count, sizeof *ranks);
	pf_status status = PF_ERR_NO_MEMORY;
	if (scores && ranks) {
		for (uint32_t i = 0; i < burst->count; i++) {
			const result *slot = &table->results[burst->photos[i]];
			scores[i] = slot->status == PF_OK ? &slot->score : NULL;
		}
		status = pf_burst_rank(config, scores, burst->count, ranks);
	}
	if (status == PF_OK) {
		status = sink->burst_ranked(sink, burst, ranks);
	}
	free(scores);
	free(ranks);
	pf_span_end(trace, PF_STAGE_SCORE, begin);
	return status;
}

unsigned pf_result_deaths(const pf_result_table *table, uint32_t index, int *last_signal)
{
	*last_signal = table->results[index].last_signal;
	return atomic_load(&table->results[index].deaths);
}

pf_status pf_result_count_death(pf_result_table *table, const pf_burst *burst, uint32_t photo, int signal,
				pf_error *error)
{
	/* A death while starting or ranking is no photo's fault. */
	result *slot = &table->results[photo == PF_NO_PHOTO ? burst->photos[0] : photo];
	if (photo != PF_NO_PHOTO) {
		slot->last_signal = signal;
		atomic_fetch_add(&slot->deaths, 1);
	} else if (++slot->idle_deaths > PF_DEATHS_ALLOWED) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "workers keep dying outside of any photo (%s)",
			       signal ? strsignal(signal) : "exit");
	}
	return PF_OK;
}
