/* One way of looking into a trial, and the list of them: what a probe needs of a trial's course is here, what
 * it finds is in its own folder. A probe more is its folder and a line of the list. */
#ifndef HARNESS_PROBE_H
#define HARNESS_PROBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "photofinish/status.h"
#include "photofinish/trace.h"

/* X(name): the probe is pf_probe_NAME, its index PF_PROBE_NAME. Opened in this order before the spawn, and
 * collected in the reverse one: the last is nearest to the trial. */
#define PF_PROBE_LIST(X) X(counters) X(allocations) X(memory) X(energy) X(device) X(profile)

#define PF_PROBE_INDEX(name) PF_PROBE_##name,
enum { PF_PROBE_LIST(PF_PROBE_INDEX) PF_PROBE_COUNT };
#undef PF_PROBE_INDEX

/* One probe at one trial, from before the spawn to after its end. */
typedef struct pf_probe_look {
	bool open;              /* it looks: its open went well */
	const void *asked;      /* the session's, of the type that the probe says; NULL: nothing */
	void *shared;           /* with the trial's processes, as shared_bytes asks; NULL: it needs none */
	const pf_trace *traces; /* workers + 1 */
	const pf_span *rings;   /* of the traces, ring_capacity (a power of two) each; NULL: none */
	uint32_t ring_capacity;
	uint32_t workers;
	pid_t group;       /* of the trial's processes; this and begin_ns from begin on */
	uint64_t begin_ns; /* of the trial, pf_now_ns */
	uint64_t wall_ns;  /* that the trial took; to collect */
	void *state;       /* the probe's own */
} pf_probe_look;

/* Called by the thread that runs the trial, in the harness, but for enter, start and stop. Each function may
 * be NULL. */
typedef struct pf_probe {
	const char *member; /* of a trial's record; NULL: what it finds is recorded elsewhere */
	bool on_request;    /* it looks only where the session asks it to */
	/* Memory that it wants to share with the trial's processes, for what was asked (not NULL). It begins
	 * zeroed, at a multiple of 64. The processes may have overwritten it. */
	size_t (*shared_bytes)(const void *asked, uint32_t workers);
	/* Before the spawn. Where it fails, the trial does not run. */
	pf_status (*open)(pf_probe_look *look, pf_error *error);
	/* That of the trial's process; NULL: this one's, or what another probe gives. */
	char **(*environment)(const pf_probe_look *look);
	/* In the trial's process, before the variant's own code; whoever was not asked to look finds nothing
	 * there. */
	void (*enter)(void);
	/* Around the variant's own code, in the trial's process, bound to its place and before it starts
	 * others; where the probe has memory there. traces[] has workers + 1. */
	void (*start)(void *shared, const pf_trace *traces, uint32_t workers);
	void (*stop)(void *shared);
	/* Once the trial's process has started. */
	void (*begin)(pf_probe_look *look);
	/* While the trial runs: about ten times a second, or, with wait_ms, whenever the harness wakes up,
	 * which it does then after that many milliseconds at the latest (at most `most`). */
	void (*tick)(pf_probe_look *look);
	int (*wait_ms)(const pf_probe_look *look, int most);
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

/* Where each one's part lies in a block that is shared with the trial's processes, behind its first `bytes`;
 * 0: it has none. Returns the bytes of the block with all parts. */
size_t pf_probes_place(const void *const *asked, uint32_t workers, size_t bytes, uint64_t *offsets);

/* What all probes of a trial are given: members of pf_probe_look. */
typedef struct pf_probe_traces {
	const pf_trace *traces;
	uint32_t workers;
	const pf_span *rings;
	uint32_t ring_capacity;
} pf_probe_traces;

/* `block` has the parts at offsets[]; it, `asked` and what *traces points to must outlive looks[]. Where one
 * fails, those before it are closed; closing again does nothing. */
pf_status pf_probes_open(pf_probe_look *looks, const void *const *asked, void *block, const uint64_t *offsets,
			 const pf_probe_traces *traces, pf_error *error);

/* NULL: this process's. Valid until the probes are closed. One probe at most may give one. */
char **pf_probes_environment(const pf_probe_look *looks);

/* In the trial's process: as soon as it can, and around the variant's own code. */
void pf_probes_enter(void);
void pf_probes_start(void *block, const uint64_t *offsets, const pf_trace *traces, uint32_t workers);
void pf_probes_stop(void *block, const uint64_t *offsets);
void pf_probes_begin(pf_probe_look *looks, pid_t group, uint64_t begin_ns);

/* Milliseconds until one wants to look, at most `most`. */
int pf_probes_wait_ms(const pf_probe_look *looks, int most);

/* The ticks of those with wait_ms (`woken`), or of the others. */
void pf_probes_tick(pf_probe_look *looks, bool woken);
void pf_probes_collect(pf_probe_look *looks, uint64_t wall_ns, void **found);
void pf_probes_close(pf_probe_look *looks);

/* A member of a trial's record for each probe, and the reverse; found[] is owned by the caller, who frees
 * what is in it by pf_probes_release. */
void pf_probes_write(json_t *trial, void *const *found);
void pf_probes_read(const json_t *trial, void **found);
void pf_probes_release(void **found);

#endif
