/* Kept scores: a database of what belongs to a photo alone, by the hash of its bytes and of all that scored
 * them. Several processes may use it at once, and be killed at any time. Each row has a checksum over key and
 * value: what was damaged, or comes from elsewhere, is never taken for a score. It does not protect from who
 * may write to this user's files. For one thread. */
#ifndef HARNESS_SCORE_CACHE_H
#define HARNESS_SCORE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/score.h"
#include "photofinish/status.h"

typedef struct pf_score_cache pf_score_cache;

typedef struct pf_cached_score {
	pf_score score;
	uint64_t service_ns; /* that a worker took for it */
} pf_cached_score;

typedef struct pf_score_cache_order {
	const char *folder;               /* made where it is not there, for this user alone */
	uint8_t context[PF_SHA256_BYTES]; /* of all that decides a score beside the photo's bytes */
	uint64_t limit_bytes; /* of the database's pages in use; the least recently used rows go first */
	void (*complain)(
		const pf_error *error); /* hears of what is not usable or was set aside, a line each */
} pf_score_cache_order;

/* Opens it, or makes it. Where another process writes it is waited for, 10 s at most, as it is when rows have
 * to be read and at the end: said after a second, and given up at an interrupt. A database that is broken is
 * set aside under the name scores.db.broken, which is complained of, and a new one begun; where another
 * process uses it then this one goes without (PF_ERR_UNAVAILABLE). What cannot be used at all is PF_ERR_IO or
 * PF_ERR_INVALID. */
pf_status pf_score_cache_open(const pf_score_cache_order *order, pf_score_cache **out, pf_error *error);

/* Between these two all reading is of one moment, and takes its locks once. Other processes' writes wait
 * meanwhile: nothing that takes long belongs there. */
void pf_score_cache_begin_reading(pf_score_cache *cache);
void pf_score_cache_end_reading(pf_score_cache *cache);

/* Whether there is a row of a photo of that size: most photos that are not there need not be read to know. */
bool pf_score_cache_may_have(pf_score_cache *cache, uint64_t bytes);

/* The row of a photo of `bytes` bytes with that hash; it counts as used. A damaged one is not found, and is
 * removed with the next rows that are written. */
bool pf_score_cache_find(pf_score_cache *cache, const uint8_t sha256[PF_SHA256_BYTES], uint64_t bytes,
			 pf_cached_score *found);

/* Keeps a score, in place of one that is there. It is written with others, a second later if
 * pf_score_cache_tick is called meanwhile, and later while another process writes: neither waits for it. */
void pf_score_cache_put(pf_score_cache *cache, const uint8_t sha256[PF_SHA256_BYTES], uint64_t bytes,
			const pf_cached_score *score);
void pf_score_cache_tick(pf_score_cache *cache);

/* Removes the row of a photo, if there is one: with others, as scores are kept. */
void pf_score_cache_drop(pf_score_cache *cache, const uint8_t sha256[PF_SHA256_BYTES]);

/* Rows found damaged so far, and of all contexts, how many there are and what they take. */
typedef struct pf_score_cache_facts {
	size_t damaged, rows;
	uint64_t bytes;
} pf_score_cache_facts;
void pf_score_cache_facts_get(pf_score_cache *cache, pf_score_cache_facts *facts);

/* Writes what is left, waiting for other processes as opening does; NULL is fine. */
void pf_score_cache_close(pf_score_cache *cache);

#endif
