/* parallel: bursts are independent, so worker processes take them one by one; each reads its own photos. */
#include "photofinish/variant.h"
#include "photofinish/exec.h"

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

static pf_status worker_died(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	const run_state *state = context;
	return pf_result_count_death(state->table, &state->bursts.bursts[unit], photo, signal, error);
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
		pf_pool_job job = {
			.units = state.bursts.count,
			.context = &state,
			.open = open_worker,
			.unit = score_burst,
			.close = close_worker,
			.died = worker_died,
		};
		status = pf_pool_run(env, &job, error);
	}
	pf_burst_list_free(&state.bursts);
	pf_result_table_destroy(state.table);
	pf_worker_leave(env, 0);
	return status;
}

const struct pf_variant pf_variant_parallel = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "parallel",
	.parent = "single-load",
	.summary = "worker processes take bursts, each reads its own photos",
	.change = "N worker processes instead of one",
	.principle = "independent work runs side by side",
	.hypothesis = "bursts share nothing, so N workers are nearly N times as fast",
	.expected = "at most min(workers, cores) times single-load; detection stays serial",
	.caps = PF_CAP_WORKERS,
	.run = run,
};
