/* Intake: photos as they come, scored by worker processes that live on with their models open. What a variant
 * offers beside `run` (pf_variant.open_intake), for whoever has photos one by one and not a dataset: a
 * server, a load, an agent on another machine. */
#ifndef PHOTOFINISH_INTAKE_H
#define PHOTOFINISH_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/score.h"
#include "photofinish/stage.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Bytes of photos lie in slots of memory that workers can read and not write. A slot is the caller's until it
 * is submitted, and again once its result was taken; so there are never more photos under way than slots.
 *
 * One thread uses an intake, the one that opened it: workers die with it. That process should have no other
 * threads that may hold a lock when a worker is forked, which may be whenever pf_intake_next is called; it
 * should be contained (containment.h): workers then contain themselves once more. */
typedef struct pf_intake pf_intake;

typedef struct pf_intake_order {
	uint32_t struct_size;
	uint32_t slots;      /* >= 1; more than there are workers: then nobody waits for the next photo */
	uint64_t slot_bytes; /* what a photo may have at most, >= 1 */
	int memory_fd; /* a file in memory of pf_intake_bytes at least, where the slots lie, so that another
			  process can fill them; it stays the caller's. -1: memory of its own */
	uint32_t other_preset; /* preset.h: that photos may be submitted for in place of the preset of
				  env->scorer, each worker having a scorer for either; the same: none */
} pf_intake_order;

/* What became of one photo. */
typedef struct pf_intake_result {
	uint64_t tag; /* as it was submitted with */
	uint32_t slot;
	pf_status status; /* of the photo. PF_ERR_CRASHED: the worker that had it died; PF_ERR_TIMEOUT: it was
			     killed after env->photo_timeout_ns. Such a photo is not tried again. */
	char message[256]; /* why it failed; "" if it did not */
	pf_score score;    /* meaningful only where status is PF_OK */
	int32_t death;     /* with those two: the signal that ended the worker, or PF_DEATH_BY_* */
	/* By the word of the worker; 0 of one that died. */
	uint32_t worker;                   /* 1..env->workers */
	int32_t pid;                       /* of its process */
	uint64_t service_ns;               /* from its taking the photo until its score */
	uint64_t stage_ns[PF_STAGE_COUNT]; /* of that in each stage (pf_stage_sum.own_ns) */
} pf_intake_result;

typedef struct pf_intake_state {
	uint32_t workers; /* processes that there should be */
	uint32_t ready;   /* that have opened their models */
	uint32_t busy;    /* of these, those that have a photo */
	uint64_t deaths;  /* workers that died and were replaced, for whatever reason */
} pf_intake_state;

/* What the slots take: at most UINT64_MAX / 2, else 0, as for an order that makes no sense. */
PF_API uint64_t pf_intake_bytes(const pf_intake_order *order);

/* pf_variant.open_intake of a variant whose scorers have the PF_STRATEGY_* bits of `strategy`: forks
 * env->workers processes, which then open their models. `env` and what it points to must outlive the intake.
 * A worker that cannot open its models is told of by pf_intake_next. */
PF_API pf_status pf_intake_open(const struct pf_env *env, const pf_intake_order *order, uint32_t strategy,
				pf_intake **out, pf_error *error);

/* Where the bytes of a slot go: slot_bytes of them; NULL for a slot that there is none of. */
PF_API void *pf_intake_slot(pf_intake *intake, uint32_t slot);

/* The first `size` bytes of a slot are a photo to be scored; photos are begun in the order of submitting.
 * `other`: for order->other_preset. PF_ERR_INVALID: the slot is not the caller's, or `size` is larger than
 * it. Does not wait. */
PF_API pf_status pf_intake_submit(pf_intake *intake, uint32_t slot, uint64_t size, uint64_t tag, bool other,
				  pf_error *error);

/* The next result, in the order of ending: waits until there is one (*got), `fd` can be read or was hung up
 * (-1: none), wait_ms have passed (-1: never), or a signal came. It replaces workers that died, and has to be
 * called for that a few times a second. Fails where the workers as a whole cannot go on (their models cannot
 * be opened, they keep dying while they start), and with PF_ERR_CANCELLED once env->cancel was set and they
 * are gone; results that are there come before that. After a failure there is nothing but pf_intake_close. */
PF_API pf_status pf_intake_next(pf_intake *intake, int fd, int wait_ms, pf_intake_result *result, bool *got,
				pf_error *error);

PF_API void pf_intake_look(const pf_intake *intake, pf_intake_state *out);

/* Waits for photos under way, drops their results and ends the workers. NULL is fine. */
PF_API void pf_intake_close(pf_intake *intake);

#endif
