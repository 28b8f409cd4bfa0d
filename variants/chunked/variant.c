/* chunked: one stream reads and decodes a chunk of photos up front into shared memory; then the workers score
 * it; then the next chunk is loaded. Storage likes one stream, so it was thought; but while it loads, the
 * workers wait, and while they score, it does. */
#include "photofinish/variant.h"
#include "photofinish/exec.h"
#include "photofinish/photo_ring.h"
#include "photofinish/side_thread.h"

static const struct pf_option options[] = {
	{"chunk", PF_OPTION_INTEGER, 0, 0, 1000000,
	 "photos of a chunk (0: a quarter of them, 200 at most, and no more than the memory limit allows)"},
	{0},
};

typedef struct run_state {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_result_table *table;
	pf_burst_list bursts;
	pf_chunk_plan plan;
	pf_photo_ring *ring; /* as many slots as the largest chunk has photos */
	pf_scorer *loader;
	pf_side_thread *loading;
	pf_burst_worker worker; /* each process has its own copy after the fork */
} run_state;

static run_state state;

/* The one stream, a thread of the variant's own process. */
static void load_chunks(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < state.plan.count; i++) {
		const pf_chunk *chunk = &state.plan.chunks[i];
		if (!pf_photo_ring_await_given(state.ring, chunk->first_ticket)) {
			break; /* otherwise the chunk before has been scored to its last photo */
		}
		for (uint32_t ticket = chunk->first_ticket; ticket < chunk->first_ticket + chunk->photos;
		     ticket++) {
			pf_image image;
			if (pf_photo_ring_begin(state.ring, ticket, &image) != PF_OK) {
				return;
			}
			pf_side_thread_enter(state.loading);
			pf_status status = pf_scorer_load(state.loader, state.dataset,
							  state.plan.photos[ticket], &image, NULL);
			pf_side_thread_leave(state.loading);
			pf_photo_ring_put(state.ring, ticket, status == PF_OK ? &image : NULL);
		}
		state.env->traces[0].chunks++;
	}
}

/* The planes come from the chunk. What could not be loaded into it (a damaged photo) is loaded here, so that
 * it gets its verdict in the same words as everywhere. */
static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	pf_image image;
	if (pf_photo_ring_take(state.ring, state.plan.tickets[index], &image)) {
		return pf_scorer_judge(worker->scorer, &image, score, error);
	}
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
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

/* Waits until the burst's whole chunk is there, scores the burst, and gives its photos back. */
static pf_status score_burst(void *context, void *worker, size_t unit, pf_error *error)
{
	(void)context;
	const pf_burst *burst = &state.bursts.bursts[unit];
	const pf_chunk *chunk = &state.plan.chunks[state.plan.chunk_of[unit]];
	uint64_t begin = pf_span_begin(state.worker.trace, PF_STAGE_WAIT);
	pf_photo_ring_await(state.ring, chunk->first_ticket + chunk->photos - 1);
	pf_span_end(state.worker.trace, PF_STAGE_WAIT, begin);
	pf_status status = pf_burst_score(worker, burst, error);
	for (uint32_t i = 0; i < burst->count && status == PF_OK; i++) {
		pf_photo_ring_give(state.ring, state.plan.first_ticket[unit] + i);
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

/* The chunks, and shared memory for the largest. */
static pf_status make_room(pf_error *error)
{
	pf_chunk_wish wish = {.photos = state.env->options[0], .copies = 1, .may_shrink = true};
	pf_status status = pf_chunk_plan_fit(state.env, &state.bursts, state.dataset->count, &wish,
					     &state.plan, error);
	return status == PF_OK
		       ? pf_photo_ring_create(state.plan.most_photos, state.bursts.largest_plane_bytes,
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
	pf_status status = pf_side_thread_start(load_chunks, NULL, &state.loading, error);
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

const struct pf_variant pf_variant_chunked = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "chunked",
	.parent = "parallel",
	.summary = "one stream decodes a chunk into shared memory, then the workers score it",
	.change = "photos are loaded up front, chunk by chunk, by one stream",
	.principle = "work that waits for all the rest is serial, however fast it is",
	.hypothesis = "storage is fastest read by one stream, so one loader should feed all workers",
	.expected = "slower than parallel: reading and decoding become serial (2.6 times, 145 s against 56)",
	.caps = PF_CAP_WORKERS,
	.options = options,
	.run = run,
};
