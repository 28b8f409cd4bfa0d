/* shared-memory: the idea of pipelined without its copies. A thread decodes ahead into a ring of buffers that
 * lies in shared memory; the workers score from it in place. Nobody waits for a whole chunk, nothing is sent,
 * and a worker that comes before the loader loads the photo itself, so that the one loader holds nobody up
 * however many workers there are. */

#include "photofinish/variant.h"
#include "photofinish/exec.h"
#include "photofinish/photo_ring.h"
#include "photofinish/side_thread.h"

static const struct pf_option options[] = {
	{"slots", PF_OPTION_INTEGER, 0, 0, 100000,
	 "decoded photos that are kept at a time (0: four for each worker, fewer if memory is short)"},
	{0},
};

typedef struct run_state {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_result_table *table;
	pf_burst_list bursts;
	pf_chunk_plan plan; /* only for the order of loading */
	pf_photo_ring *ring;
	pf_scorer *loader;
	pf_side_thread *loading;
	pf_burst_worker worker; /* each process has its own copy after the fork */
} run_state;

static run_state state;

/* Decodes ahead, in a thread of the variant's own process, as far as there are free slots. */
static void load_ahead(void *unused)
{
	(void)unused;
	for (uint32_t ticket = 0; ticket < state.dataset->count; ticket++) {
		pf_image image;
		uint32_t photo = state.plan.photos[ticket];
		pf_status status = pf_photo_ring_begin(state.ring, ticket, &image);
		if (status == PF_ERR_CANCELLED) {
			break;
		}
		if (status != PF_OK) {
			continue; /* a worker was faster */
		}
		if (pf_result_is_done(state.table, photo)) { /* likewise, while its slot had an older one */
			pf_photo_ring_give(state.ring, ticket);
			pf_photo_ring_put(state.ring, ticket, NULL);
			continue;
		}
		pf_side_thread_enter(state.loading);
		status = pf_scorer_load(state.loader, state.dataset, photo, &image, NULL);
		pf_side_thread_leave(state.loading);
		pf_photo_ring_put(state.ring, ticket, status == PF_OK ? &image : NULL);
	}
}

/* Gives back the photos of the burst before this one: they are done, though another worker may have done
 * them, and died before it gave them back. */
static void give_back(uint32_t first, uint32_t upto)
{
	for (uint32_t ticket = first; ticket < upto; ticket++) {
		pf_photo_ring_give(state.ring, ticket);
	}
}

static uint32_t first_ticket; /* of the burst at hand, in each worker */

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	pf_image image;
	uint32_t ticket = state.plan.tickets[index];
	give_back(first_ticket, ticket);
	uint64_t begin = pf_span_begin(state.worker.trace, PF_STAGE_WAIT);
	bool there = pf_photo_ring_take(state.ring, ticket, &image);
	pf_span_end(state.worker.trace, PF_STAGE_WAIT, begin);
	return there ? pf_scorer_judge(worker->scorer, &image, score, error)
		     : pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

static pf_status open_worker(void *context, uint32_t slot, void **worker, pf_error *error)
{
	(void)context;
	*worker = &state.worker;
	pf_status status = pf_burst_worker_open(&state.worker, state.env, slot, state.dataset, state.table,
						state.sink, error);
	state.worker.score_photo = score_photo;
	return status;
}

static pf_status score_burst(void *context, void *worker, size_t unit, pf_error *error)
{
	(void)context;
	const pf_burst *burst = &state.bursts.bursts[unit];
	first_ticket = state.plan.first_ticket[unit];
	pf_status status = pf_burst_score(worker, burst, error);
	if (status == PF_OK) {
		give_back(first_ticket, first_ticket + burst->count);
	}
	return status;
}

static void close_worker(void *context, void *worker)
{
	(void)context;
	pf_burst_worker_close(worker);
}

static pf_status worker_died(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	(void)context;
	return pf_result_count_death(state.table, &state.bursts.bursts[unit], photo, signal, error);
}

static pf_status make_room(pf_error *error)
{
	uint64_t photo_bytes = state.bursts.largest_plane_bytes ? state.bursts.largest_plane_bytes : 1;
	uint64_t fitting = pf_memory_budget(state.env) / photo_bytes, wanted = 4 * state.env->workers;
	if (state.env->options[0]) {
		wanted = (uint64_t)state.env->options[0];
	}
	if (state.env->options[0] && wanted > fitting) {
		return pf_fail(error, PF_ERR_MEMORY_LIMIT, NULL,
			       "%llu slots of up to %.0f MB pass the memory limit, which %llu fit",
			       (unsigned long long)wanted, (double)photo_bytes * 1e-6,
			       (unsigned long long)fitting);
	}
	wanted = wanted > fitting ? fitting : wanted;
	pf_status status = pf_chunk_plan_make(&state.bursts, 1, &state.plan, error);
	return status == PF_OK ? pf_photo_ring_create(wanted ? (uint32_t)wanted : 1, photo_bytes,
						      state.env->cancel, &state.ring, error)
			       : status;
}

static pf_status run_workers(pf_error *error)
{
	pf_pool_job job = {
		.units = state.bursts.count,
		.open = open_worker,
		.unit = score_burst,
		.close = close_worker,
		.died = worker_died,
	};
	pf_status status = pf_side_thread_start(load_ahead, NULL, &state.loading, error);
	if (status != PF_OK) {
		return status;
	}
	job.beside = state.loading;
	status = pf_pool_run(state.env, &job, error);
	pf_photo_ring_close(state.ring);
	pf_side_thread_join(state.loading);
	return status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	state = (run_state){.env = env, .dataset = dataset, .sink = sink};
	pf_trace *trace = pf_worker_enter(env, 0);

	pf_status status = pf_result_table_create(dataset->count, &state.table, error);
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, trace, pf_burst_tell, sink, &state.bursts,
					      error);
	}
	if (status == PF_OK) {
		status = make_room(error);
	}
	if (status == PF_OK) {
		status = pf_scorer_create_loader(env->scorer, trace, &state.loader, error);
	}
	if (status == PF_OK) {
		status = run_workers(error);
	}
	pf_scorer_destroy(state.loader);
	pf_photo_ring_destroy(state.ring);
	pf_chunk_plan_free(&state.plan);
	pf_burst_list_free(&state.bursts);
	pf_result_table_destroy(state.table);
	pf_worker_leave(env, 0);
	return status;
}

const struct pf_variant pf_variant_shared_memory = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "shared-memory",
	.parent = "pipelined",
	.summary = "photos are decoded ahead into shared memory and scored there",
	.change = "decoded photos are shared in place, a few at a time, instead of sent to every worker",
	.principle = "move the work to the data, not the data to the work",
	.hypothesis = "what made pipelined slow was the copying, not the loading ahead",
	.expected = "no slower than chunked, about as fast as parallel; nothing is moved",
	.caps = PF_CAP_WORKERS,
	.options = options,
	.run = run,
};
