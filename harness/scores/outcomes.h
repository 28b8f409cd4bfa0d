/* The outcomes of one run over a dataset: per photo its status, burst, rank and score. */
#ifndef HARNESS_OUTCOMES_H
#define HARNESS_OUTCOMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "photofinish/dataset.h"
#include "photofinish/score.h"
#include "photofinish/status.h"

typedef struct pf_outcome {
	bool done, ranked;
	pf_status status;
	uint32_t burst; /* id: the manifest index of its first photo */
	uint32_t rank;  /* in its burst, 1 is the best; 0 for a photo that failed */
	uint32_t place; /* in its burst by the order of capture, from 0; 0 where records do not tell */
	char *message;  /* why it failed, owned; NULL if it did not */
	pf_score score; /* meaningful only where status is PF_OK */
} pf_outcome;

typedef struct pf_outcomes {
	size_t count; /* photos of the dataset */
	size_t scored, failed, bursts;
	pf_outcome *photos;
} pf_outcomes;

pf_status pf_outcomes_create(size_t count, pf_outcomes **out, pf_error *error);
void pf_outcomes_free(pf_outcomes *outcomes);

/* True if every photo has an outcome and a rank; otherwise *missing is the first that has not. */
bool pf_outcomes_complete(const pf_outcomes *outcomes, size_t *missing);

/* True if every bit of total, factors and measures is the same. */
bool pf_scores_identical(const pf_score *a, const pf_score *b);

/* Photos whose status, burst, rank or any bit of a score differ; *first is the first one's index. */
size_t pf_outcomes_differ(const pf_outcomes *a, const pf_outcomes *b, size_t *first);

/* In words, what differs first between two outcomes of a photo: "rank 2, reference 1". `a` is the
 * reference's. */
void pf_outcome_describe_difference(const pf_outcome *a, const pf_outcome *b, char *out, size_t capacity);

/* Bursts of at least two scored photos, and scored photos that stand alone. */
void pf_outcomes_count_groups(const pf_outcomes *outcomes, size_t *bursts, size_t *singles);

/* Calls `take` for the best photo of every ranked burst, in index order; stops at the first failure. */
pf_status pf_outcomes_each_best(const pf_outcomes *outcomes,
				pf_status (*take)(void *context, size_t index, pf_error *error),
				void *context, pf_error *error);

/* One photo's record as a JSON line with its new line: scores as C99 hexadecimal floats. With a NULL dataset
 * the path and the error's message are left out: that is the form that enters the digest. */
void pf_outcome_write(FILE *stream, const pf_dataset *dataset, size_t index, const pf_outcome *outcome);

/* The same with what has to be known of the score (pf_outcomes_save); NULL: nothing. */
void pf_outcome_write_with(FILE *stream, const pf_dataset *dataset, size_t index, const pf_outcome *outcome,
			   const char *caveat);

/* Reads one photo's record back: all but its path and place. False where a field is missing or malformed;
 * *outcome is to be zeroed, and its message freed in any case. */
bool pf_outcome_read(const json_t *record, size_t index, pf_outcome *outcome);

/* True for a failure that may have passed by the next time (a system call failed, memory was short): no
 * outcome to keep. */
static inline bool pf_outcome_may_pass(pf_status status)
{
	return status == PF_ERR_IO || status == PF_ERR_NO_MEMORY;
}

/* SHA-256 over the records in index order. */
pf_status pf_outcomes_digest(const pf_outcomes *outcomes, uint8_t digest[PF_SHA256_BYTES], pf_error *error);

/* Score records in a file ("-": standard output): one JSON line for each photo that is done. Reading wants
 * all and checks the count and every field; a photo that failed in a way that may pass is none that counts.
 * `caveat`: what each line says has to be known of all scores; NULL: nothing. */
pf_status pf_outcomes_save(const pf_outcomes *outcomes, const pf_dataset *dataset, const char *caveat,
			   const char *path, pf_error *error);

/* The same of a run that was stopped or failed: the first line says so, with `why`. Replaces nothing but an
 * empty file and a part (PF_ERR_EXISTS). */
pf_status pf_outcomes_save_part(const pf_outcomes *outcomes, const pf_dataset *dataset, const char *why,
				const char *caveat, const char *path, pf_error *error);
pf_status pf_outcomes_load(const char *path, size_t count, pf_outcomes **out, pf_error *error);

#endif
