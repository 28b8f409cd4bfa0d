/* How long work still takes, as a range: pure functions on what it took so far. Seconds throughout. No
 * interval of any stated level: paces drift, and a step that never ran can only be guessed. */
#ifndef HARNESS_ETA_H
#define HARNESS_ETA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pf_eta {
	bool known;
	double low_s, high_s; /* 0 <= low <= high */
} pf_eta;

/* How a count went: `done` of `total` units after `elapsed_s`, and of those the last `recent_done` within the
 * last `recent_s` (0: nothing is known of the recent past). */
typedef struct pf_eta_pace {
	uint64_t done, total;
	double elapsed_s;
	uint64_t recent_done;
	double recent_s;
} pf_eta_pace;

/* The rest of one count: from the pace of all of it to that of the recent past, widened by a share of
 * 1/sqrt(done), as the count of what comes at random would be off. Unknown in the first half second, before
 * the first unit and after the last. */
pf_eta pf_eta_by_pace(const pf_eta_pace *pace);

#define PF_ETA_NO_PARENT SIZE_MAX

/* One step of a run whose trials are repeated. */
typedef struct pf_eta_step {
	size_t trials;                  /* that came to an end */
	double least_s, mean_s, most_s; /* of those; of no meaning where there are none */
	size_t parent;                  /* the step that it changes, PF_ETA_NO_PARENT: none takes part */
	uint32_t left;                  /* trials to come, the one at hand included */
	bool floor;                     /* scores nothing: takes next to no time before it is known better */
} pf_eta_step;

/* The trial that is running. */
typedef struct pf_eta_hand {
	size_t step;
	double elapsed_s, done_share; /* of its photos, 0 to 1 */
} pf_eta_hand;

/* What one trial of each step takes, into `out` (`count` of them). A step that ran: the range of its trials,
 * a single one widened by a quarter. One that runs for the first time and has a tenth done: its own pace. One
 * that never ran: its parent's, from a third to twice as much (it may be faster, or slower), and so on up the
 * line; without any, `serial_s` (what a serial run took, 0 where that is not known) widened alike, else the
 * range of all known steps. `hand` may be NULL. */
void pf_eta_trials(const pf_eta_step *steps, size_t count, const pf_eta_hand *hand, double serial_s,
		   pf_eta *out);

/* All that is left, the rest of the trial at hand included. `trials` is what pf_eta_trials gave. Unknown
 * where a step with trials to come is unknown. */
pf_eta pf_eta_rest(const pf_eta_step *steps, const pf_eta *trials, size_t count, const pf_eta_hand *hand);

#endif
