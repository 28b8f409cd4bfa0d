/* threaded-safe: threads as in threaded, but whatever has working memory of its own (the face detector, the
 * network's workspace, buffers) belongs to one thread. What is only read is shared: manifest, bursts,
 * results. */
#include <stdlib.h>

#include "photofinish/threads.h"
#include "photofinish/variant.h"

typedef struct run_state {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_result_table *table;
	pf_burst_list bursts;
	pf_burst_worker *workers; /* one for each thread, with a scorer of its own */
} run_state;

static pf_status open_worker(void *context, uint32_t slot, void **worker, pf_error *error)
{
	run_state *state = context;
	pf_burst_worker *self = &state->workers[slot - 1];
	*worker = self;
	return pf_burst_worker_open(self, state->env, slot, state->dataset, state->table, state->sink, error);
}

static pf_status score_burst(void *context, void *worker, size_t unit, pf_error *error)
{
	const run_state *state = context;
	return pf_burst_score(worker, &state->bursts.bursts[unit], error);
}

static void close_worker(void *context, void *worker)
{
	(void)context;
	pf_burst_worker_close(worker);
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	run_state state = {.env = env, .dataset = dataset, .sink = sink};
	pf_trace *trace = pf_worker_enter(env, 0);

	state.workers = calloc(env->workers, sizeof *state.workers);
	pf_status status = state.workers
				   ? pf_result_table_create(dataset->count, &state.table, error)
				   : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the threads");
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, trace, pf_burst_tell, sink, &state.bursts,
					      error);
	}
	if (status == PF_OK) {
		pf_pool_job job = {
			.units = state.bursts.count,
			.context = &state,
			.open = open_worker,
			.unit = score_burst,
			.close = close_worker,
		};
		status = pf_threads_run(env, &job, error);
	}
	pf_burst_list_free(&state.bursts);
	pf_result_table_destroy(state.table);
	free(state.workers);
	pf_worker_leave(env, 0);
	return status;
}

const struct pf_variant pf_variant_threaded_safe = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "threaded-safe",
	.parent = "threaded",
	.summary = "threads, each with a face detector and a workspace of its own",
	.change = "nothing that is written to is shared",
	.principle = "share what is only read, own what is written",
	.hypothesis = "a detector of its own costs a thread little memory and makes it right",
	.expected = "the reference's scores in parallel's time, with less memory",
	.caps = PF_CAP_WORKERS | PF_CAP_THREADS,
	.run = run,
	.purpose = PF_PURPOSE_MEMORY,
};
