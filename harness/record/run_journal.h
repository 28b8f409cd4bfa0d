/* The journal of a run: a file of JSON lines in the history's folder, synced after each trial, so that
 * whatever ends the harness loses the trial at hand at most. A whole run needs it no more; of any other the
 * history makes a record, and --resume goes on with it. Not for several threads. */
#ifndef HARNESS_RUN_JOURNAL_H
#define HARNESS_RUN_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/run/run.h"

typedef struct pf_run_journal pf_run_journal;

/* A journal that is to be in `folder`, for a run of the command line argv[0..argc), which is kept: the file
 * is made when the run begins. Where it cannot be written the run goes on without one, and `complain` hears
 * of it once. PF_ERR_NO_MEMORY. */
pf_status pf_run_journal_new(const char *folder, int argc, char *const *argv,
			     void (*complain)(const pf_error *error), pf_run_journal **out, pf_error *error);

/* Opens the journal of a run that ended, for this process alone. PF_ERR_UNAVAILABLE: its run is going on.
 * PF_ERR_INVALID: it is no journal, or was cut off in its first line. What is behind the last whole line is
 * dropped.
 */
pf_status pf_run_journal_open(const char *path, pf_run_journal **out, pf_error *error);

/* How a run uses it, new or to be gone on with; valid as long as the journal. A run that goes on must be the
 * same: dataset, photos, machine, builds, configuration, variants, rounds. */
pf_run_keeper pf_run_journal_keeper(pf_run_journal *journal);

size_t pf_run_journal_trials(const pf_run_journal *journal);

/* Its run's record; valid as long as the journal, without trials, and of those that are alike the seed and
 * the start. NULL: it has not begun. */
const json_t *pf_run_journal_head(const pf_run_journal *journal);

/* argv as pf_run_journal_new had it, ended by NULL; owned by the journal. NULL: it is not to be read, or the
 * folder that it began in is not this one (*folder says which). */
char **pf_run_journal_arguments(pf_run_journal *journal, int *argc, const char **folder);

/* The record of what is in it, partial: a new reference. NULL with an error. */
json_t *pf_run_journal_record(const pf_run_journal *journal, pf_error *error);

/* The history's file that has its trials: noted in the journal, or read from it ("": none has). `all`: there
 * is none since. */
void pf_run_journal_note_kept(pf_run_journal *journal, const char *file);
const char *pf_run_journal_kept(const pf_run_journal *journal, bool *all);

/* Closes it; with `remove` the file is gone. NULL is fine. */
void pf_run_journal_close(pf_run_journal *journal, bool remove);

#endif
