/* What was journalled of runs that never ended becomes records of the history. */
#ifndef HARNESS_JOURNAL_RECOVERY_H
#define HARNESS_JOURNAL_RECOVERY_H

/* Says of each that it was kept, and of what it could not read. The light build has no runs, and nothing to
 * do. */
void pf_recover_journals(void);

#endif
