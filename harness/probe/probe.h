/* One way of looking into a trial, and the list of them: what a probe needs of a trial's course is here, what
 * it finds is in its own folder. A probe more is its folder and a line of the list. */
#ifndef HARNESS_PROBE_H
#define HARNESS_PROBE_H

#include <jansson.h>
#include <stdbool.h>

#include "photofinish/status.h"

/* X(name): the probe is pf_probe_NAME, its index PF_PROBE_NAME. Opened in this order before the spawn, and
 * collected in the reverse one: the last is nearest to the trial. */
#define PF_PROBE_LIST(X) X(energy)

#define PF_PROBE_INDEX(name) PF_PROBE_##name,
enum { PF_PROBE_LIST(PF_PROBE_INDEX) PF_PROBE_COUNT };
#undef PF_PROBE_INDEX

/* One probe at one trial, from before the spawn to after its end. */
typedef struct pf_probe_look {
	void *state; /* the probe's own, from open to close */
} pf_probe_look;

/* Called by the thread that runs the trial, in the harness. Each function may be NULL. */
typedef struct pf_probe {
	const char *member; /* of a trial's record */
	/* Before the spawn. Where it fails, the trial does not run. */
	pf_status (*open)(pf_probe_look *look, pf_error *error);
	/* About ten times a second while the trial runs. */
	void (*tick)(pf_probe_look *look);
	/* Once the trial is over: what was found, for the trial to own; NULL: nothing, or no memory. */
	void *(*collect)(pf_probe_look *look);
	/* After a successful open, whether the trial ran or not. */
	void (*close)(pf_probe_look *look);
	json_t *(*write)(const void *found); /* new reference; of NULL, too */
	void *(*read)(const json_t *member); /* the reverse; NULL: nothing, or no memory */
	void (*release)(void *found);        /* NULL is fine */
} pf_probe;

#define PF_PROBE_DECLARE(name) extern const pf_probe pf_probe_##name;
PF_PROBE_LIST(PF_PROBE_DECLARE)
#undef PF_PROBE_DECLARE

/* All of the list at once. Arrays have PF_PROBE_COUNT elements. */

/* Zeroes looks[] first. Where one fails, those before it are closed. */
pf_status pf_probes_open(pf_probe_look *looks, pf_error *error);
void pf_probes_tick(pf_probe_look *looks);
void pf_probes_collect(pf_probe_look *looks, void **found);
void pf_probes_close(pf_probe_look *looks);

/* A member of a trial's record for each probe, and the reverse; found[] is owned by the caller, who frees
 * what is in it by pf_probes_release. */
void pf_probes_write(json_t *trial, void *const *found);
void pf_probes_read(const json_t *trial, void **found);
void pf_probes_release(void **found);

#endif
