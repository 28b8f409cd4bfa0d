/* Worker processes that score the bursts of a list. */
#include "photofinish/crew.h"

#include <string.h>

#include "core/base/heap.h"
#include "photofinish/containment.h"

/* Of so many bursts for each worker, the last ones, long ones come first: enough for workers to end at once.
 * Of all of them, results of neighbours would stay in memory until the end. */
enum { SORTED_BURSTS = 32 };

pf_status pf_crew_open(pf_crew *crew, const struct pf_env *env, const pf_dataset *dataset,
		       struct pf_sink *sink, pf_error *error)
{
	*crew = (pf_crew){.env = env, .dataset = dataset, .sink = sink, .feed_fd = -1};
	crew->trace = pf_worker_enter(env, 0);
	pf_status status = pf_result_table_create(dataset->count, &crew->table, error);
	return status == PF_OK ? pf_burst_store_create(dataset->count, &crew->bursts, error) : status;
}

void pf_crew_close(pf_crew *crew)
{
	pf_burst_store_destroy(crew->bursts);
	pf_result_table_destroy(crew->table);
	pf_worker_leave(crew->env, 0);
}

pf_status pf_crew_add(void *crew, const pf_burst *burst)
{
	pf_crew *to = crew;
	pf_status status = pf_burst_store_add(to->bursts, burst);
	return status == PF_OK ? to->sink->burst_found(to->sink, burst) : status;
}

pf_status pf_crew_detect(pf_crew *crew, pf_burst_list *found, pf_error *error)
{
	pf_status status = pf_burst_list_detect(crew->dataset, crew->env->cancel, crew->trace, pf_burst_tell,
						crew->sink, found, error);
	for (size_t i = 0; status == PF_OK && i < found->count; i++) {
		status = pf_burst_store_add(crew->bursts, &found->bursts[i]);
	}
	return status;
}

pf_status pf_crew_load(pf_crew *crew, size_t index, pf_image *image)
{
	pf_side_thread_enter(crew->thread);
	pf_status status = pf_scorer_load(crew->loader, crew->dataset, index, image, NULL);
	pf_side_thread_leave(crew->thread);
	return status;
}

pf_status pf_crew_tell(uint32_t number)
{
	return pf_pool_tell(&number, sizeof number);
}

pf_status pf_crew_isolate(pf_crew *crew, uint32_t slot, pf_error *error)
{
	pf_status status = crew->env->isolate ? crew->env->isolate(crew->env, slot, error) : PF_OK;
	status = status == PF_OK ? pf_burst_store_read_only(crew->bursts, error) : status;
	return status == PF_OK ? pf_contain_worker(error) : status;
}

static pf_status open_worker(void *context, uint32_t slot, void **worker, pf_error *error)
{
	pf_crew *crew = context;
	pf_status status = pf_burst_store_read_only(crew->bursts, error);
	if (status != PF_OK) {
		return status;
	}
	if (crew->inherited) {
		pf_burst_worker_inherit(&crew->worker, crew->env, slot, crew->dataset, crew->table,
					crew->sink, crew->inherited);
	} else {
		status = pf_burst_worker_open(&crew->worker, crew->env, slot, crew->dataset, crew->table,
					      crew->sink, error);
	}
	if (crew->score_photo) {
		crew->worker.score_photo = crew->score_photo;
	}
	crew->worker.context = crew->context;
	*worker = &crew->worker;
	return status == PF_OK && crew->enter ? crew->enter(crew, error) : status;
}

static pf_status score_burst(void *context, void *worker, size_t unit, pf_error *error)
{
	pf_crew *crew = context;
	if (crew->score_burst) {
		return crew->score_burst(crew, unit, error);
	}
	pf_burst burst = pf_burst_store_get(crew->bursts, unit);
	return pf_burst_score(worker, &burst, error);
}

static void close_worker(void *context, void *worker)
{
	pf_crew *crew = context;
	if (crew->leave) {
		crew->leave(crew);
	}
	pf_burst_worker_close(worker);
}

static pf_status worker_died(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	const pf_crew *crew = context;
	pf_burst burst = pf_burst_store_get(crew->bursts, unit);
	return pf_result_count_death(crew->table, &burst, photo, signal, error);
}

static pf_status told(void *context, size_t unit, const void *what, size_t bytes, pf_error *error)
{
	pf_crew *crew = context;
	pf_burst burst = pf_burst_store_get(crew->bursts, unit);
	uint32_t number, photo;
	if (what && bytes == sizeof number && crew->told) {
		memcpy(&number, what, sizeof number);
		return crew->told(crew, unit, number);
	}
	pf_status status = pf_result_take(crew->table, crew->env, crew->sink, &burst, what, bytes, &photo);
	if (status == PF_OK && what && crew->taken) {
		crew->taken(crew, photo);
	}
	return status == PF_OK || status == PF_ERR_INVALID
		       ? status
		       : pf_fail(error, status, NULL, "the results cannot be handed on");
}

static pf_status feed(void *context, size_t *units, bool *more, pf_error *error)
{
	pf_crew *crew = context;
	pf_status status = crew->feed(crew, more, error);
	*units = pf_burst_store_count(crew->bursts);
	crew->job.feed_fd = crew->feed_fd;
	return status;
}

static pf_status forking(void *context, uint32_t slot, pf_error *error)
{
	pf_crew *crew = context;
	return crew->forking(crew, slot, error);
}

static void forked(void *context, uint32_t slot)
{
	pf_crew *crew = context;
	crew->forked(crew, slot);
}

static void work_beside(void *context)
{
	pf_crew *crew = context;
	crew->beside(crew);
}

static pf_status start_beside(pf_crew *crew, pf_error *error)
{
	pf_status status = pf_scorer_create_loader(crew->env->scorer, crew->trace, &crew->loader, error);
	return status == PF_OK ? pf_side_thread_start(work_beside, crew, &crew->thread, error) : status;
}

pf_status pf_crew_run(pf_crew *crew, pf_error *error)
{
	pf_scorer_prepare(crew->env->scorer, crew->trace); /* before the fork */
	pf_status status = crew->beside ? start_beside(crew, error) : PF_OK;
	if (status == PF_OK) {
		crew->job = (pf_pool_job){
			.units = crew->feed ? crew->dataset->count : pf_burst_store_count(crew->bursts),
			.context = crew,
			.open = open_worker,
			.unit = score_burst,
			.close = close_worker,
			.died = worker_died,
			.forking = crew->forking ? forking : NULL,
			.forked = crew->forked ? forked : NULL,
			.beside = crew->thread,
			.feed = crew->feed ? feed : NULL,
			.feed_fd = crew->feed_fd,
			.told = told,
		};
		status = pf_pool_run(crew->env, &crew->job, error);
	}
	if (crew->thread) {
		crew->over(crew);
		pf_side_thread_join(crew->thread);
	}
	pf_scorer_destroy(crew->loader);
	return status;
}

pf_status pf_crew_score_all(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			    uint32_t strategy, pf_error *error)
{
	pf_scorer_config config = *env->scorer;
	struct pf_env own = *env;
	pf_crew crew;
	pf_burst_scan *scan = NULL;

	config.strategy = strategy;
	own.scorer = &config;
	pf_status status = pf_crew_open(&crew, &own, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_burst_scan_create(dataset, crew.trace, pf_crew_add, &crew, &scan, error);
	}
	if (status == PF_OK) {
		status = pf_burst_scan_rest(scan, own.cancel, error);
	}
	if (strategy & PF_STRATEGY_LONGEST_FIRST) {
		pf_burst_store_longest_first(crew.bursts, (size_t)SORTED_BURSTS * env->workers);
	}
	if (status == PF_OK && pf_scorer_may_be_forked(&config)) {
		pf_heap_use_large_pages();
		status = pf_scorer_create(&config, crew.trace, &crew.inherited, error);
		pf_heap_use_large_pages(); /* what loading has left free is not the workers' */
	}
	if (status == PF_OK) {
		status = pf_crew_run(&crew, error);
	}
	pf_scorer_destroy(crew.inherited);
	pf_burst_scan_destroy(scan);
	pf_crew_close(&crew);
	return status;
}
