/* A trial while it runs: what its parts (trial.c, trial_ending.c) share. */
#ifndef HARNESS_TRIAL_RUNNING_H
#define HARNESS_TRIAL_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/child.h"
#include "harness/trial/frames.h"
#include "harness/trial/refusals.h"
#include "harness/trial/trial.h"
#include "harness/trial/trial_shared.h"

#define PF_TRIAL_OUTPUT (64u << 10)

struct running {
	const pf_session *session;
	const struct pf_variant *variant;
	const pf_trial_listener *listener;
	/* The variant can write there: nothing that the harness relies on is read back from it. */
	struct pf_trial_shared *shared;
	size_t shared_bytes;
	uint32_t workers;
	int shared_fd, events_fd;
	int output_fd; /* the reading end of a pipe: what the process prints; -1: there will be no more */
	char output[PF_TRIAL_OUTPUT]; /* the last of it, output[printed % PF_TRIAL_OUTPUT] is written next */
	uint64_t printed;             /* bytes, of all */
	pf_child child;
	char folder[64]; /* of the order */
	bool reaped;
	bool ended;   /* the END frame came */
	bool garbled; /* what came is no frames */
	bool starved; /* there was not enough memory for a photo: its reason says which */
	bool timed_out, killed_on_request;
	bool over_memory;      /* the limit of all its processes together */
	bool stopped_at_first; /* result, as the session asks for */
	uint64_t held_up_ns;   /* longest time that the harness itself did not get to run */
	pf_frame_end end;
	pf_refusal_watch refusals;
	pf_probe_look looks[PF_PROBE_COUNT];
	pf_event_count *events; /* workers + 2 */
	bool *placed;           /* with session->known: photos whose burst was told */
	pf_trial *trial;
	pf_frame_reader reader;
};

/* From the wait status and what was seen: the trial's ending and its reason. */
void pf_trial_judge(struct running *run);

/* Sums up the traces and what the kernel counted. */
void pf_trial_collect(struct running *run);

#endif
