/* A worker that scores whole bursts, photo by photo. */
#include <stdio.h>
#include <string.h>

#include "photofinish/exec.h"

static pf_status load_once(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

static void enter(pf_burst_worker *worker, const struct pf_env *env, uint32_t slot, const pf_dataset *dataset,
		  pf_result_table *table, struct pf_sink *sink)
{
	*worker = (pf_burst_worker){
		.env = env,
		.dataset = dataset,
		.table = table,
		.sink = sink,
		.score_photo = load_once,
		.slot = slot,
		.trace = pf_worker_enter(env, slot),
	};
}

pf_status pf_burst_worker_open(pf_burst_worker *worker, const struct pf_env *env, uint32_t slot,
			       const pf_dataset *dataset, pf_result_table *table, struct pf_sink *sink,
			       pf_error *error)
{
	enter(worker, env, slot, dataset, table, sink);
	return pf_scorer_create(env->scorer, worker->trace, &worker->scorer, error);
}

void pf_burst_worker_inherit(pf_burst_worker *worker, const struct pf_env *env, uint32_t slot,
			     const pf_dataset *dataset, pf_result_table *table, struct pf_sink *sink,
			     pf_scorer *scorer)
{
	enter(worker, env, slot, dataset, table, sink);
	worker->scorer = scorer;
	pf_scorer_set_trace(scorer, worker->trace);
}

void pf_burst_worker_close(pf_burst_worker *worker)
{
	if (worker->env) {
		pf_scorer_destroy(worker->scorer);
		pf_worker_leave(worker->env, worker->slot);
	}
	*worker = (pf_burst_worker){0};
}

/* Ends a photo on which workers died too often. */
static pf_status quarantine(const pf_burst_worker *worker, uint32_t index, uint32_t burst, unsigned deaths,
			    int signal)
{
	pf_error why;
	const char *path = worker->dataset->photos[index].path;
	pf_status status = signal == PF_DEATH_BY_TIMEOUT ? PF_ERR_TIMEOUT : PF_ERR_CRASHED;
	if (status == PF_ERR_TIMEOUT) {
		pf_fail(&why, status, path, "not done after %.10g s, in %u attempts",
			(double)worker->env->photo_timeout_ns * 1e-9, deaths);
	} else {
		pf_fail(&why, status, path, "%u workers died on it (%s)", deaths,
			signal ? pf_death_text(signal) : "they exited");
	}
	return pf_result_put(worker->table, worker->sink, index, burst, status, NULL, &why);
}

static pf_status finish_photo(const pf_burst_worker *worker, uint32_t index, uint32_t burst)
{
	int signal;
	unsigned deaths = pf_result_deaths(worker->table, index, &signal);
	if (deaths >= PF_DEATHS_ALLOWED) {
		return quarantine(worker, index, burst, deaths, signal);
	}
	pf_score score = {0};
	pf_error why = {0};
	pf_trace_photo(worker->trace, index);
	pf_status outcome = worker->score_photo(worker, index, &score, &why);
	pf_status status = pf_result_put(worker->table, worker->sink, index, burst, outcome, &score, &why);
	pf_trace_photo(worker->trace, PF_NO_PHOTO);
	return status;
}

/* The next two photos of a burst, of which none was the death of a worker: who dies of two is not known, so
 * that the first of them is named, and taken alone the next time. */
static bool are_two(const pf_burst_worker *worker, const pf_burst *burst, uint32_t i)
{
	int signal;
	bool two = worker->score_photo == load_once && i + 1 < burst->count &&
		   pf_scorer_takes_two(worker->scorer);
	for (uint32_t k = i; k < i + 2 && two; k++) {
		two = !pf_result_is_done(worker->table, burst->photos[k]) &&
		      pf_result_deaths(worker->table, burst->photos[k], &signal) == 0;
	}
	return two;
}

static pf_status finish_two(const pf_burst_worker *worker, const uint32_t photos[2], uint32_t burst)
{
	pf_score scores[2] = {{0}};
	pf_status outcomes[2], status = PF_OK;
	pf_error why[2] = {{0}};
	pf_scorer_two(worker->scorer, worker->dataset, photos, scores, outcomes, why);
	for (unsigned i = 0; i < 2 && status == PF_OK; i++) {
		status = pf_result_put(worker->table, worker->sink, photos[i], burst, outcomes[i], &scores[i],
				       &why[i]);
	}
	pf_trace_photo(worker->trace, PF_NO_PHOTO);
	return status;
}

pf_status pf_burst_score(const pf_burst_worker *worker, const pf_burst *burst, pf_error *error)
{
	pf_status status = PF_OK;
	for (uint32_t i = 0; i < burst->count && status == PF_OK; i++) {
		if (pf_cancelled(worker->env)) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		if (are_two(worker, burst, i)) {
			status = finish_two(worker, &burst->photos[i], burst->id);
			i++;
		} else if (!pf_result_is_done(worker->table, burst->photos[i])) {
			status = finish_photo(worker, burst->photos[i], burst->id);
		}
	}
	if (status == PF_OK) {
		status = pf_result_rank(worker->table, worker->env->scorer, worker->trace, worker->sink,
					burst);
	}
	return status == PF_OK ? PF_OK : pf_fail(error, status, NULL, "the results cannot be handed on");
}

pf_status pf_burst_tell(void *sink, const pf_burst *burst)
{
	struct pf_sink *to = sink;
	return to->burst_found(to, burst);
}
