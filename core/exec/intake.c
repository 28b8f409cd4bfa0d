/* Photos as they come: a pool without an end, whose units are the photos that were submitted. Which slot a
 * unit lies in stands on a board that workers can read; what became of it they tell the parent. */
#include "photofinish/intake.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/heap.h"
#include "core/exec/pool_steps.h"
#include "core/exec/shared_pages.h"
#include "photofinish/exec.h"
#include "photofinish/strategy.h"

#define NO_UNIT UINT64_MAX
#define CLOSE_WAIT_MS 200

/* Of the board, for each slot. A unit that is on none of them was answered: its worker died. */
struct posted {
	_Atomic uint64_t unit; /* NO_UNIT: the slot is the caller's */
	uint64_t size;
	uint32_t other; /* not 0: for the other preset */
};

/* What a worker tells of a unit. */
struct told {
	uint32_t status, worker;
	int32_t pid;
	char message[256];
	pf_score score;
	uint64_t service_ns, stage_ns[PF_STAGE_COUNT];
};
_Static_assert(sizeof(struct told) <= PF_POOL_TOLD_MOST, "it is told at once");

/* Of the parent, for each slot. */
struct slot {
	bool taken; /* submitted, and its result is not yet the caller's */
	bool open;  /* there is no result yet */
	uint64_t unit, tag;
};

struct pf_intake {
	struct pf_env env;              /* with the next as its scorer */
	pf_scorer_config config, other; /* with the variant's strategy; and with the other preset */
	pf_intake_order order;
	pf_shared_pages board, bytes;
	struct posted *posted; /* in `board` */
	struct slot *slots;
	pf_intake_result *results; /* those that were not taken yet, a ring of order.slots */
	uint32_t first, count;
	uint64_t units;
	/* Of the configuration and of the other, if there is one: created before any fork and each worker's
	 * own after its, or by each worker. */
	pf_scorer *scorers[2];
	bool forkable;
	pf_pool_job job;
	pf_pool *pool;
	uint32_t worker; /* in one */
};

uint64_t pf_intake_bytes(const pf_intake_order *order)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	if (!order->slots || !order->slot_bytes || order->slot_bytes > UINT64_MAX / 2 / order->slots - page) {
		return 0;
	}
	return order->slots * order->slot_bytes;
}

static pf_status create_scorers(pf_intake *intake, pf_trace *trace, pf_error *error)
{
	pf_status status = pf_scorer_create(&intake->config, trace, &intake->scorers[0], error);
	return status == PF_OK && intake->other.preset != intake->config.preset
		       ? pf_scorer_create(&intake->other, trace, &intake->scorers[1], error)
		       : status;
}

static void destroy_scorers(pf_intake *intake)
{
	pf_scorer_destroy(intake->scorers[0]);
	pf_scorer_destroy(intake->scorers[1]);
}

static pf_status open_worker(void *context, uint32_t slot, void **state, pf_error *error)
{
	pf_intake *intake = context;
	pf_trace *trace = &intake->env.traces[slot];
	*state = intake;
	intake->worker = slot;
	pf_status status = pf_shared_pages_read_only(&intake->board, error);
	status = status == PF_OK ? pf_shared_pages_read_only(&intake->bytes, error) : status;
	for (int i = 0; i < 2 && status == PF_OK && intake->scorers[i]; i++) {
		pf_scorer_set_trace(intake->scorers[i], trace);
	}
	return status == PF_OK && !intake->forkable ? create_scorers(intake, trace, error) : status;
}

static void close_worker(void *context, void *state)
{
	(void)context;
	destroy_scorers(state);
}

static uint32_t find_slot(const pf_intake *intake, uint64_t unit)
{
	uint32_t slot = 0;
	while (slot < intake->order.slots && atomic_load(&intake->posted[slot].unit) != unit) {
		slot++;
	}
	return slot;
}

static void sum_stages(const pf_trace *trace, uint64_t sums[PF_STAGE_COUNT])
{
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		pf_stage_sum sum;
		pf_trace_sum(trace, (pf_stage)i, &sum);
		sums[i] = sum.own_ns;
	}
}

static const unsigned char *bytes_of(const pf_intake *intake, uint32_t slot)
{
	return (const unsigned char *)intake->bytes.memory + slot * intake->order.slot_bytes;
}

static pf_status score_unit(void *context, void *state, size_t unit, pf_error *error)
{
	pf_intake *intake = state;
	pf_trace *trace = &intake->env.traces[intake->worker];
	uint32_t slot = find_slot(intake, unit);
	(void)context;
	if (slot == intake->order.slots) {
		return PF_OK;
	}
	uint64_t before[PF_STAGE_COUNT], begin = pf_now_ns();
	struct told told = {.worker = intake->worker, .pid = (int32_t)getpid()};
	pf_error why = {0};
	sum_stages(trace, before);
	pf_trace_photo(trace, (uint32_t)unit & INT32_MAX); /* another one for each: it has a time limit */
	pf_scorer *scorer = intake->scorers[intake->posted[slot].other != 0];
	pf_status status = pf_scorer_photo_bytes(scorer, bytes_of(intake, slot), intake->posted[slot].size,
						 &told.score, &why);
	pf_trace_photo(trace, PF_NO_PHOTO);
	sum_stages(trace, told.stage_ns);
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		told.stage_ns[i] -= before[i];
	}
	told.status = (uint32_t)status;
	snprintf(told.message, sizeof told.message, "%s", status == PF_OK ? "" : why.message);
	told.service_ns = pf_now_ns() - begin;
	status = pf_pool_tell(&told, sizeof told);
	return status == PF_OK ? PF_OK : pf_fail(error, status, NULL, "the result cannot be handed on");
}

/* The result of the slot, to be filled in; the slot is on the board no more. */
static pf_intake_result *answer(pf_intake *intake, uint32_t slot)
{
	pf_intake_result *result = &intake->results[(intake->first + intake->count++) % intake->order.slots];
	atomic_store(&intake->posted[slot].unit, NO_UNIT);
	intake->slots[slot].open = false;
	*result = (pf_intake_result){.tag = intake->slots[slot].tag, .slot = slot};
	return result;
}

static pf_status take_told(void *context, size_t unit, const void *what, size_t bytes, pf_error *error)
{
	pf_intake *intake = context;
	uint32_t slot = find_slot(intake, unit);
	bool open = slot < intake->order.slots;
	struct told told;
	(void)error;
	if (!what) { /* done: then it has told, or its predecessor's end was the answer */
		return open ? PF_ERR_INVALID : PF_OK;
	}
	if (!open || bytes != sizeof told) {
		return PF_ERR_INVALID;
	}
	memcpy(&told, what, sizeof told);
	if (told.status >= PF_STATUS_COUNT || !memchr(told.message, 0, sizeof told.message) ||
	    told.worker > intake->env.workers) {
		return PF_ERR_INVALID;
	}
	pf_intake_result *result = answer(intake, slot);
	result->status = (pf_status)told.status;
	memcpy(result->message, told.message, sizeof result->message);
	result->score = told.score;
	result->worker = told.worker;
	result->pid = told.pid;
	result->service_ns = told.service_ns;
	memcpy(result->stage_ns, told.stage_ns, sizeof result->stage_ns);
	return PF_OK;
}

static pf_status worker_died(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	pf_intake *intake = context;
	uint32_t slot = find_slot(intake, unit);
	(void)photo;
	(void)error;
	if (slot < intake->order.slots) {
		pf_intake_result *result = answer(intake, slot);
		bool late = signal == PF_DEATH_BY_TIMEOUT;
		result->status = late ? PF_ERR_TIMEOUT : PF_ERR_CRASHED;
		result->death = signal;
		if (late) {
			snprintf(result->message, sizeof result->message, "not done after %.10g s",
				 (double)intake->env.photo_timeout_ns * 1e-9);
		} else {
			snprintf(result->message, sizeof result->message, "the worker that had it died (%s)",
				 pf_death_text(signal));
		}
	}
	return PF_OK;
}

static pf_status set_up(pf_intake *intake, const struct pf_env *env, const pf_intake_order *order,
			uint32_t strategy, pf_error *error)
{
	uint64_t bytes = pf_intake_bytes(order);
	intake->slots = calloc(order->slots, sizeof *intake->slots);
	intake->results = calloc(order->slots, sizeof *intake->results);
	if (!intake->slots || !intake->results) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for %u photos",
			       order->slots);
	}
	intake->env = *env;
	intake->config = *env->scorer;
	intake->config.strategy = strategy;
	intake->other = intake->config;
	intake->other.preset = order->other_preset;
	intake->env.scorer = &intake->config;
	intake->order = *order;
	pf_status status = pf_shared_pages_create(order->slots * sizeof *intake->posted, &intake->board,
						  error);
	if (status == PF_OK) {
		status = order->memory_fd < 0
				 ? pf_shared_pages_create(bytes, &intake->bytes, error)
				 : pf_shared_pages_map(order->memory_fd, bytes, &intake->bytes, error);
	}
	intake->posted = status == PF_OK ? intake->board.memory : NULL;
	for (uint32_t i = 0; i < order->slots && intake->posted; i++) {
		atomic_store(&intake->posted[i].unit, NO_UNIT);
	}
	return status;
}

static void release(pf_intake *intake)
{
	destroy_scorers(intake);
	pf_shared_pages_destroy(&intake->board);
	pf_shared_pages_destroy(&intake->bytes);
	free(intake->slots);
	free(intake->results);
	free(intake);
}

pf_status pf_intake_open(const struct pf_env *env, const pf_intake_order *order, uint32_t strategy,
			 pf_intake **out, pf_error *error)
{
	*out = NULL;
	if (order->struct_size != sizeof *order || !pf_intake_bytes(order)) {
		return pf_fail(error, PF_ERR_INVALID, NULL,
			       "an intake of %u slots of %llu bytes makes no sense", order->slots,
			       (unsigned long long)order->slot_bytes);
	}
	pf_intake *intake = calloc(1, sizeof *intake);
	if (!intake) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for an intake");
	}
	pf_status status = set_up(intake, env, order, strategy, error);
	if (status == PF_OK) {
		pf_scorer_prepare(&intake->config, &env->traces[0]); /* before the fork */
	}
	bool forkable = status == PF_OK && pf_scorer_may_be_forked(&intake->config);
	if (forkable) {
		intake->forkable = true;
		pf_heap_use_large_pages();
		status = create_scorers(intake, &env->traces[0], error);
		pf_heap_use_large_pages(); /* what loading has left free is not the workers' */
	}
	if (status == PF_OK) {
		intake->job = (pf_pool_job){.units = PF_POOL_ENDLESS,
					    .context = intake,
					    .open = open_worker,
					    .unit = score_unit,
					    .close = close_worker,
					    .died = worker_died,
					    .told = take_told};
		status = pf_pool_open(&intake->env, &intake->job, &intake->pool, error);
	}
	if (status != PF_OK) {
		release(intake);
		return status;
	}
	*out = intake;
	return PF_OK;
}

void *pf_intake_slot(pf_intake *intake, uint32_t slot)
{
	return slot < intake->order.slots
		       ? (unsigned char *)intake->bytes.memory + slot * intake->order.slot_bytes
		       : NULL;
}

pf_status pf_intake_submit(pf_intake *intake, uint32_t slot, uint64_t size, uint64_t tag, bool other,
			   pf_error *error)
{
	if (slot >= intake->order.slots || intake->slots[slot].taken) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "slot %u is not free", slot);
	}
	if (other && intake->other.preset == intake->config.preset) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "this intake has no other preset");
	}
	if (size > intake->order.slot_bytes) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "a photo of %llu bytes is larger than its slot",
			       (unsigned long long)size);
	}
	intake->slots[slot] = (struct slot){.taken = true, .open = true, .unit = intake->units, .tag = tag};
	intake->posted[slot].size = size;
	intake->posted[slot].other = other;
	atomic_store(&intake->posted[slot].unit, intake->units);
	pf_pool_offer(intake->pool, ++intake->units, true);
	return PF_OK;
}

pf_status pf_intake_next(pf_intake *intake, int fd, int wait_ms, pf_intake_result *result, bool *got,
			 pf_error *error)
{
	pf_status status = PF_OK;
	*got = false;
	if (!intake->count && pf_pool_alive(intake->pool)) {
		status = pf_pool_step(intake->pool, fd, wait_ms, error);
	}
	if (intake->count) {
		*result = intake->results[intake->first];
		intake->first = (intake->first + 1) % intake->order.slots;
		intake->count--;
		intake->slots[result->slot].taken = false;
		*got = true;
		return PF_OK;
	}
	return status != PF_OK || pf_pool_alive(intake->pool)
		       ? status
		       : pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
}

void pf_intake_look(const pf_intake *intake, pf_intake_state *out)
{
	*out = (pf_intake_state){.workers = intake->env.workers, .deaths = pf_pool_deaths(intake->pool)};
	pf_pool_count(intake->pool, &out->ready, &out->busy);
}

void pf_intake_close(pf_intake *intake)
{
	if (intake) {
		pf_status status = PF_OK;
		pf_pool_offer(intake->pool, intake->units, false);
		while (status == PF_OK && pf_pool_alive(intake->pool)) {
			status = pf_pool_step(intake->pool, -1, CLOSE_WAIT_MS, NULL);
		}
		pf_pool_close(intake->pool);
		release(intake);
	}
}
