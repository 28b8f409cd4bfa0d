/* pipelined: the first chunk is scored as in parallel, each worker reading its own photos; meanwhile a thread
 * of the variant's own process loads the next chunk. Then every worker is sent that whole chunk through its
 * pipe, one worker after another, as an executor does that serialises its arguments for each process. Nothing
 * is simulated: the bytes really go through the pipes, and are counted (moved_bytes). */
#include <stdlib.h>

#include "photofinish/exec.h"
#include "photofinish/photo_pipe.h"
#include "photofinish/photo_ring.h"
#include "photofinish/side_thread.h"
#include "photofinish/variant.h"

static const struct pf_option options[] = {
	{"chunk", PF_OPTION_INTEGER, 0, 0, 1000000, "photos of a chunk (0: a quarter of them, 200 at most)"},
	{0},
};

typedef struct run_state {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_result_table *table;
	pf_burst_list bursts;
	pf_chunk_plan plan;
	pf_worker_pipes *pipes;
	pf_scorer *loader;
	pf_side_thread *loading;
	pf_image
		*photos; /* the loader's chunk, by ticket less the chunk's first; after the fork a worker's */
	uint32_t held;   /* which chunk a worker has in `photos`; 0 is not sent, so 0 is none */
	pf_burst_worker worker; /* each process has its own copy of all this after the fork */
} run_state;

static void empty(run_state *state)
{
	for (uint32_t i = 0; i < state->plan.most_photos; i++) {
		state->photos[i].y.data = NULL;
	}
}

/* A photo that cannot be loaded is not sent: the worker that has it finds out why. */
static bool load_chunk(run_state *state, const pf_chunk *chunk)
{
	empty(state);
	for (uint32_t i = 0; i < chunk->photos; i++) {
		if (pf_cancelled(state->env)) {
			return false;
		}
		pf_image *image = &state->photos[i];
		pf_side_thread_enter(state->loading);
		pf_status status = pf_scorer_load(state->loader, state->dataset,
						  state->plan.photos[chunk->first_ticket + i], image, NULL);
		pf_side_thread_leave(state->loading);
		if (status != PF_OK) {
			image->y.data = NULL;
		}
	}
	state->env->traces[0].chunks++;
	return true;
}

/* To one worker. If it dies meanwhile, the one in its place loads its photos itself. */
static void send_chunk(run_state *state, const pf_chunk *chunk, pf_framed_end *to)
{
	pf_status status = PF_OK;
	for (uint32_t i = 0; i < chunk->photos && status == PF_OK; i++) {
		if (state->photos[i].y.data) {
			status = pf_photo_send(to, i, &state->photos[i], NULL);
		}
	}
	if (status == PF_OK) {
		pf_photo_send_end(to, NULL);
	}
}

static void load_and_send(void *context)
{
	run_state *state = context;
	for (uint32_t number = 1; number < state->plan.count; number++) {
		const pf_chunk *chunk = &state->plan.chunks[number];
		if (!load_chunk(state, chunk)) {
			break;
		}
		for (pf_framed_end *to; pf_worker_pipes_next(state->pipes, number, &to);) {
			send_chunk(state, chunk, to);
		}
		pf_worker_pipes_gone(state->pipes, number);
	}
	pf_worker_pipes_gone(state->pipes, UINT32_MAX);
}

/* In a worker: its own copy of the whole chunk, though it will score only some of the photos. */
static pf_status receive_chunk(run_state *state, uint32_t number, pf_error *error)
{
	pf_trace *trace = state->worker.trace;
	pf_framed_end *from;
	empty(state);
	state->held = number;
	uint64_t begin = pf_span_begin(trace, PF_STAGE_WAIT);
	bool comes = pf_worker_pipes_ask(state->pipes, state->worker.slot, number, &from);
	pf_span_end(trace, PF_STAGE_WAIT, begin);
	begin = pf_span_begin(trace, PF_STAGE_TRANSFER);
	pf_status status = PF_OK;
	for (bool more = comes; more && status == PF_OK;) {
		pf_image image = {0};
		uint32_t at;
		status = pf_photo_receive(from, &at, &image, error);
		more = status == PF_OK && at < state->plan.most_photos;
		if (more) {
			pf_image_release(&state->photos[at]);
			state->photos[at] = image;
		} else {
			pf_image_release(&image);
		}
	}
	pf_span_end(trace, PF_STAGE_TRANSFER, begin);
	return status;
}

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	const run_state *state = worker->context;
	uint32_t ticket = state->plan.tickets[index];
	if (state->held) {
		const pf_image *image = &state->photos[ticket - state->plan.chunks[state->held].first_ticket];
		if (image->y.data) {
			return pf_scorer_judge(worker->scorer, image, score, error);
		}
	}
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

static pf_status open_worker(void *context, uint32_t slot, void **worker, pf_error *error)
{
	run_state *state = context;
	*worker = &state->worker;
	state->held = 0;
	/* What the loader had in memory at the fork is the loader's. */
	state->photos = calloc(state->plan.most_photos + 1, sizeof *state->photos);
	if (!state->photos) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for a chunk");
	}
	pf_status status = pf_burst_worker_open(&state->worker, state->env, slot, state->dataset,
						state->table, state->sink, error);
	state->worker.score_photo = score_photo;
	state->worker.context = state;
	return status;
}

static pf_status score_burst(void *context, void *worker, size_t unit, pf_error *error)
{
	run_state *state = context;
	uint32_t chunk = state->plan.chunk_of[unit];
	pf_status status = chunk != state->held ? receive_chunk(state, chunk, error) : PF_OK;
	return status == PF_OK ? pf_burst_score(worker, &state->bursts.bursts[unit], error) : status;
}

static void close_worker(void *context, void *worker)
{
	run_state *state = context;
	pf_worker_pipes_leave(state->pipes, state->worker.slot);
	pf_burst_worker_close(worker);
}

static pf_status forking(void *context, uint32_t slot, pf_error *error)
{
	run_state *state = context;
	return pf_worker_pipes_forking(state->pipes, slot, error);
}

static void forked(void *context, uint32_t slot)
{
	run_state *state = context;
	pf_worker_pipes_forked(state->pipes, slot);
}

static pf_status worker_died(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	const run_state *state = context;
	return pf_result_count_death(state->table, &state->bursts.bursts[unit], photo, signal, error);
}

/* One chunk is with the loader, and one with every worker: that is what copies take. A limit that somebody
 * has set and that they pass is an error. */
static pf_status make_room(run_state *state, pf_error *error)
{
	const struct pf_env *env = state->env;
	pf_chunk_wish wish = {.photos = env->options[0],
			      .copies = env->workers + 1,
			      .may_shrink = env->memory_limit_bytes == 0};
	pf_status status = pf_chunk_plan_fit(env, &state->bursts, state->dataset->count, &wish, &state->plan,
					     error);
	if (status == PF_OK) {
		state->photos = calloc(state->plan.most_photos + 1, sizeof *state->photos);
		status = state->photos ? pf_worker_pipes_create(env, &env->traces[0].moved_bytes,
								&state->pipes, error)
				       : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for a chunk");
	}
	return status;
}

static pf_status run_workers(run_state *state, pf_error *error)
{
	pf_pool_job job = {
		.units = state->bursts.count,
		.context = state,
		.open = open_worker,
		.unit = score_burst,
		.close = close_worker,
		.died = worker_died,
		.forking = forking,
		.forked = forked,
	};
	pf_status status = pf_side_thread_start(load_and_send, state, &state->loading, error);
	if (status != PF_OK) {
		return status;
	}
	job.beside = state->loading;
	status = pf_pool_run(state->env, &job, error);
	pf_worker_pipes_gone(state->pipes, UINT32_MAX);
	pf_side_thread_join(state->loading);
	return status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	run_state state = {.env = env, .dataset = dataset, .sink = sink};
	pf_trace *trace = pf_worker_enter(env, 0);

	pf_status status = pf_result_table_create(dataset->count, &state.table, error);
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, trace, pf_burst_tell, sink, &state.bursts,
					      error);
	}
	if (status == PF_OK) {
		status = make_room(&state, error);
	}
	if (status == PF_OK) {
		status = pf_scorer_create_loader(env->scorer, trace, &state.loader, error);
	}
	if (status == PF_OK) {
		trace->chunks = state.plan.count > 0; /* the first */
		status = run_workers(&state, error);
	}
	for (uint32_t i = 0; state.photos && i < state.plan.most_photos; i++) {
		pf_image_release(&state.photos[i]);
	}
	free(state.photos);
	pf_scorer_destroy(state.loader);
	pf_worker_pipes_destroy(state.pipes);
	pf_chunk_plan_free(&state.plan);
	pf_burst_list_free(&state.bursts);
	pf_result_table_destroy(state.table);
	pf_worker_leave(env, 0);
	return status;
}

const struct pf_variant pf_variant_pipelined = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "pipelined",
	.parent = "chunked",
	.summary = "the next chunk is loaded meanwhile, then sent whole to every worker",
	.change = "loading overlaps scoring, at the price of a copy of each chunk for each worker",
	.principle = "an idle disk is cheap, a copied gigabyte is not",
	.hypothesis = "while the workers score a chunk the next one can be loaded, so nobody waits",
	.expected = "slower than parallel: each chunk crosses a pipe once for every worker (4.9 times)",
	.caps = PF_CAP_WORKERS,
	.options = options,
	.run = run,
};
