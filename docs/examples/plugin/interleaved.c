/* interleaved: a variant from outside. As parallel, but who takes which burst is fixed beforehand: of N
 * workers, worker k takes bursts k, k + N, k + 2N and so on. Built against the installed headers alone (see
 * Makefile). */
#include <photofinish/exec.h>
#include <photofinish/variant.h>

typedef struct run_state {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_result_table *table;
	pf_burst_list bursts;
	pf_burst_worker worker; /* each process has its own copy after the fork */
} run_state;

static pf_status open_worker(void *context, uint32_t slot, void **worker, pf_error *error)
{
	run_state *state = context;
	*worker = &state->worker;
	return pf_burst_worker_open(&state->worker, state->env, slot, state->dataset, state->table,
				    state->sink, error);
}

/* A unit of the pool's work is a whole share: there are as many as workers, so each worker takes
 * one (one that starts late may find its share taken: then another has two). */
static pf_status score_share(void *context, void *worker, size_t share, pf_error *error)
{
	const run_state *state = context;
	pf_status status = PF_OK;
	for (size_t i = share; i < state->bursts.count && status == PF_OK; i += state->env->workers) {
		status = pf_burst_score(worker, &state->bursts.bursts[i], error);
	}
	return status;
}

static void close_worker(void *context, void *worker)
{
	(void)context;
	pf_burst_worker_close(worker);
}

/* A worker that replaces one that died gets the same share again; photos that were done stay done. */
static pf_status worker_died(void *context, size_t share, uint32_t photo, int signal, pf_error *error)
{
	const run_state *state = context;
	const pf_burst *burst = &state->bursts.bursts[share];
	return pf_result_count_death(state->table, burst, photo, signal, error);
}

/* What the worker of a share says of a photo is taken in where one of the share's bursts has the photo;
 * `what` is NULL when it says that all of them are done. */
static pf_status told(void *context, size_t share, const void *what, size_t bytes, pf_error *error)
{
	const run_state *state = context;
	pf_status status = PF_ERR_INVALID;
	(void)error;
	for (size_t i = share; i < state->bursts.count; i += state->env->workers) {
		status = pf_result_take(state->table, state->env, state->sink,
					&state->bursts.bursts[i], what, bytes, NULL);
		if (what ? status != PF_ERR_INVALID : status != PF_OK) {
			break;
		}
	}
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
		size_t workers = env->workers;
		pf_pool_job job = {
			.units = workers < state.bursts.count ? workers : state.bursts.count,
			.context = &state,
			.open = open_worker,
			.unit = score_share,
			.close = close_worker,
			.died = worker_died,
			.told = told,
		};
		status = pf_pool_run(env, &job, error);
	}
	pf_burst_list_free(&state.bursts);
	pf_result_table_destroy(state.table);
	pf_worker_leave(env, 0);
	return status;
}

/* The symbol that `photofinish --plugin` looks for. */
PF_API const struct pf_variant pf_plugin_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "interleaved",
	.parent = "parallel",
	.summary = "worker k of N takes bursts k, k + N, k + 2N and so on",
	.change = "bursts are dealt out beforehand instead of to whoever is free",
	.principle = "no sharing, no waiting for one another",
	.hypothesis = "a fixed deal saves the shared counter and costs nothing",
	.expected = "no faster, since the counter costs nothing; slower where bursts differ in length",
	.caps = PF_CAP_WORKERS,
	.run = run,
};
