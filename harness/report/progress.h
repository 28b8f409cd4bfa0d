/* Progress on standard error: on a terminal one line that is redrawn, with milestones printed above it;
 * elsewhere plain lines, at milestones and every 30 s. One at a time in a process. */
#ifndef HARNESS_PROGRESS_H
#define HARNESS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* `mode`: "auto" (as standard error is), "always" (redrawn even if it is no terminal), "never". */
void pf_progress_start(const char *mode);

/* A line that stays. */
void pf_progress_milestone(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Where work stands that has `total` units; a new `label` begins a new count. `unit` is "photos" or the like,
 * `note` may be NULL. Cheap to call often. */
void pf_progress_update(const char *label, uint64_t done, uint64_t total, const char *unit, const char *note);

/* Takes the redrawn line away: before output on the same terminal. */
void pf_progress_clear(void);

#endif
