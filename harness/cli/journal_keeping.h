/* Journals of runs, in the history's folder: from the first trial until their record is kept. */
#ifndef HARNESS_JOURNAL_KEEPING_H
#define HARNESS_JOURNAL_KEEPING_H

#include "harness/record/run_journal.h"

/* A journal for a run of that command line; NULL where there is no history, which is said if it is a fault.
 */
pf_run_journal *pf_run_journal_for_run(int argc, char *const *argv);

/* The newest journal of `command` whose run is not going on. PF_ERR_NOT_FOUND: there is none. */
pf_status pf_run_journal_to_resume(const char *command, pf_run_journal **out, pf_error *error);

/* Closes the journal of a run that ended: `file` is that of its record in the history ("": it has none, and
 * what was measured stays in the journal). A whole run's is removed, and the record of its part with it. NULL
 * is fine. */
void pf_run_journal_settle(pf_run_journal *journal, const char *file, bool whole);

#endif
