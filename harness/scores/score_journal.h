/* The journal of a scoring that may be interrupted: a file of JSON lines beside its output, one for each
 * photo that is done, each with a checksum that also covers what the run is identified by. Written as photos
 * come, synced once a second: a killed harness loses nothing that it knew, a power cut a second. For one
 * thread. */
#ifndef HARNESS_SCORE_JOURNAL_H
#define HARNESS_SCORE_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/scores/outcomes.h"

typedef struct pf_score_journal pf_score_journal;

/* Opens the journal at `path`, or begins it, for this process alone. `identity` is an object of texts that
 * say what is scored, with what. What a journal that is there has goes to `known`, of as many photos as the
 * dataset; what stands behind its last whole line is dropped. PF_ERR_UNAVAILABLE: another process has it.
 * PF_ERR_INVALID: it is of another run (the message names in what), or no journal. `complain` hears once if
 * it cannot be written any more. */
pf_status pf_score_journal_open(const char *path, const json_t *identity, const pf_dataset *dataset,
				pf_outcomes *known, void (*complain)(const pf_error *error),
				pf_score_journal **out, pf_error *error);

/* False for an outcome that another attempt may change: a failure that may pass, a crash, a time limit. */
bool pf_score_journal_wants(pf_status status);

/* Adds a photo that is done, if it is wanted. */
void pf_score_journal_add(pf_score_journal *journal, size_t index, const pf_outcome *outcome);

/* With `remove` the file is gone: all outputs are whole. NULL is fine. */
void pf_score_journal_close(pf_score_journal *journal, bool remove);

#endif
