/* Progress on standard error: on a terminal one line that is redrawn, with milestones printed above it;
 * elsewhere plain lines, at milestones and every 30 s; or as JSON, one object a line (docs/progress.md). One
 * at a time in a process; for one thread. */
#ifndef HARNESS_PROGRESS_H
#define HARNESS_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/stats/eta.h"

/* `mode`: "auto" (as standard error is), "always" (redrawn even if it is no terminal), "never", "json". Times
 * are counted from here. */
void pf_progress_start(const char *mode);

/* A line that stays; in JSON a "message". */
void pf_progress_milestone(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for what has to be known even where no progress is wanted. The text is escaped already. */
void pf_progress_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Where work stands. A new `label` begins a new count. Names are escaped already. */
typedef struct pf_progress_state {
	const char *label;
	uint64_t done, total;
	uint64_t known;     /* of those done: before this count began, so no part of its pace */
	const char *unit;   /* "photos" or the like */
	const pf_eta *left; /* of the whole command; NULL: of this count, by its own pace */
	double busy_share;  /* of the workers; negative: not known */
	const char *note;   /* may be NULL */
} pf_progress_state;

/* Cheap to call often: it draws ten times a second, in JSON once a second. */
void pf_progress_show(const pf_progress_state *state);

/* The same without more than a count. */
void pf_progress_update(const char *label, uint64_t done, uint64_t total, const char *unit, const char *note);

/* Takes the redrawn line away: before output on the same terminal. */
void pf_progress_clear(void);

/* True where events are wanted; otherwise pf_progress_event drops them. */
bool pf_progress_is_json(void);

/* Writes the event of that kind with the time since the start. `fields` is an object, or NULL; it is taken
 * over. */
void pf_progress_event(const char *kind, json_t *fields);

/* The status line for `state`, at most `columns` columns wide, into `out`: what pf_progress_show draws. */
void pf_progress_line(const pf_progress_state *state, const pf_eta *left, double elapsed_s, int columns,
		      char *out, size_t capacity);

#endif
