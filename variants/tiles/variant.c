/* tiles: one photo at a time, split over the cores. The lead thread reads and decodes it and puts it on a
 * board, with the search for faces and the sums of its bands as tasks. The lead does the pose, then takes
 * tasks from the front (bands); its helpers take them from the back (the faces, then bands). Only the lead
 * has the pose network: a helper opens fast. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "photofinish/threads.h"
#include "photofinish/variant.h"

enum { TASK_FACES = PF_BANDS, TASKS }; /* the others are bands; the pose is always the lead's */

/* The photo at hand, and the tasks that it makes. Each task writes to its own part of the score. */
typedef struct board {
	pthread_mutex_t mutex;
	pthread_cond_t posted, finished;
	unsigned front, back; /* tasks that nobody has: front..back - 1 */
	unsigned running;     /* with the helpers */
	atomic_bool closed;   /* no photo comes any more */
	uint32_t photo;
	pf_score *score;
	pf_status faces_status; /* of the thread that looked for them */
	pf_error faces_error;
} board;

typedef struct member {
	uint32_t slot;          /* 1: the lead */
	pf_burst_worker worker; /* of the lead */
	pf_scorer *scorer;      /* of a helper */
} member;

typedef struct run_state {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_result_table *table;
	pf_burst_list bursts;
	pf_bands *bands;
	pf_image image;
	pf_scorer_config helper_config;
	member *members;
	board board;
} run_state;

static void close_board(board *b)
{
	pthread_mutex_lock(&b->mutex);
	b->closed = true;
	pthread_cond_broadcast(&b->posted);
	pthread_mutex_unlock(&b->mutex);
}

/* Without the mutex: nobody else has this task, and the board keeps the photo until it is done. */
static void execute(run_state *state, unsigned task, pf_scorer *scorer)
{
	board *b = &state->board;
	if (task == TASK_FACES) {
		b->faces_status = pf_scorer_detect_faces(scorer, &state->image, b->score, &b->faces_error);
	} else {
		pf_bands_sum(state->bands, scorer, &state->image, task);
	}
}

static void wait_for(pthread_cond_t *what, board *b, pf_trace *trace)
{
	uint64_t begin = pf_span_begin(trace, PF_STAGE_WAIT);
	pthread_cond_wait(what, &b->mutex);
	pf_span_end(trace, PF_STAGE_WAIT, begin);
}

/* Of a helper: takes tasks from the back until the board is closed. */
static void help(run_state *state, const member *self)
{
	board *b = &state->board;
	pf_trace *trace = &state->env->traces[self->slot];
	pthread_mutex_lock(&b->mutex);
	while (!b->closed) {
		if (b->front == b->back) {
			wait_for(&b->posted, b, trace);
			continue;
		}
		unsigned task = --b->back;
		b->running++;
		pthread_mutex_unlock(&b->mutex);
		pf_trace_photo(trace, b->photo);
		execute(state, task, self->scorer);
		pf_trace_photo(trace, PF_NO_PHOTO);
		pthread_mutex_lock(&b->mutex);
		if (--b->running == 0) {
			pthread_cond_signal(&b->finished);
		}
	}
	pthread_mutex_unlock(&b->mutex);
}

static void post(board *b, uint32_t photo, pf_score *score)
{
	pthread_mutex_lock(&b->mutex);
	b->photo = photo;
	b->score = score;
	b->faces_status = PF_OK;
	b->front = 0;
	b->back = TASKS;
	pthread_cond_broadcast(&b->posted);
	pthread_mutex_unlock(&b->mutex);
}

/* Of the lead: takes tasks from the front, then waits for those that others have. */
static void finish(run_state *state, const pf_burst_worker *lead)
{
	board *b = &state->board;
	pthread_mutex_lock(&b->mutex);
	while (b->front < b->back) {
		unsigned task = b->front++;
		pthread_mutex_unlock(&b->mutex);
		execute(state, task, lead->scorer);
		pthread_mutex_lock(&b->mutex);
	}
	while (b->running > 0) {
		wait_for(&b->finished, b, lead->trace);
	}
	pthread_mutex_unlock(&b->mutex);
}

/* Of failures the pose's comes first, as in the scorer's own order. */
static pf_status score_photo(const pf_burst_worker *lead, size_t index, pf_score *score, pf_error *error)
{
	run_state *state = lead->context;
	const pf_image *image = &state->image;
	pf_status status = pf_scorer_load(lead->scorer, state->dataset, index, &state->image, error);
	if (status != PF_OK) {
		return status;
	}
	*score = (pf_score){0};
	post(&state->board, (uint32_t)index, score);
	status = pf_scorer_detect_pose(lead->scorer, image, score, error);
	finish(state, lead);
	if (status == PF_OK && state->board.faces_status != PF_OK) {
		status = state->board.faces_status;
		*error = state->board.faces_error;
	}
	if (status == PF_OK) {
		pf_bands_analyse(state->bands, lead->scorer, image, score);
		pf_scorer_fuse(lead->scorer, score);
	}
	return status;
}

static pf_status open_member(void *context, uint32_t slot, void **worker, pf_error *error)
{
	run_state *state = context;
	member *self = &state->members[slot - 1];
	*worker = self;
	*self = (member){.slot = slot};
	if (slot > 1) {
		return pf_scorer_create(&state->helper_config, &state->env->traces[slot], &self->scorer,
					error);
	}
	pf_status status = pf_burst_worker_open(&self->worker, state->env, slot, state->dataset, state->table,
						state->sink, error);
	self->worker.score_photo = score_photo;
	self->worker.context = state;
	return status;
}

/* One unit for each thread: the lead's is the whole run, a helper's is to help until that is over. */
static pf_status work(void *context, void *worker, size_t unit, pf_error *error)
{
	run_state *state = context;
	member *self = worker;
	(void)unit;
	pf_status status = PF_OK;
	if (self->slot > 1) {
		help(state, self);
		return PF_OK;
	}
	for (size_t i = 0; i < state->bursts.count && status == PF_OK && !state->board.closed; i++) {
		status = pf_burst_score(&self->worker, &state->bursts.bursts[i], error);
	}
	close_board(&state->board);
	return status;
}

/* Whoever leaves first, for whatever reason, sends the others home: nobody waits for one that is gone. */
static void close_member(void *context, void *worker)
{
	run_state *state = context;
	member *self = worker;
	close_board(&state->board);
	if (self->slot > 1) {
		pf_scorer_destroy(self->scorer);
	} else {
		pf_burst_worker_close(&self->worker);
	}
}

static pf_status run_members(run_state *state, pf_error *error)
{
	pf_pool_job job = {
		.units = state->env->workers,
		.context = state,
		.open = open_member,
		.unit = work,
		.close = close_member,
	};
	return pf_threads_run(state->env, &job, error);
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	run_state state = {
		.env = env,
		.dataset = dataset,
		.sink = sink,
		.helper_config = *env->scorer,
		.board = {.mutex = PTHREAD_MUTEX_INITIALIZER,
			  .posted = PTHREAD_COND_INITIALIZER,
			  .finished = PTHREAD_COND_INITIALIZER},
	};
	pf_trace *trace = pf_worker_enter(env, 0);

	state.helper_config.model_file[0] = state.helper_config.box_model_file[0] = '\0';
	state.members = calloc(env->workers, sizeof *state.members);
	pf_status status = state.members
				   ? pf_result_table_create(dataset->count, &state.table, error)
				   : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the threads");
	if (status == PF_OK) {
		status = pf_bands_create(&state.bands, error);
	}
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, trace, pf_burst_tell, sink, &state.bursts,
					      error);
	}
	if (status == PF_OK) {
		status = run_members(&state, error);
	}
	pf_image_release(&state.image);
	pf_bands_destroy(state.bands);
	pf_burst_list_free(&state.bursts);
	pf_result_table_destroy(state.table);
	free(state.members);
	pf_worker_leave(env, 0);
	return status;
}

static pf_status probe(const struct pf_env *env, const char **why_not)
{
	const pf_preset_plan *plan = pf_preset_plan_of(env->scorer->preset);
	*why_not =
		plan && plan->strategy & PF_STRATEGY_HEAD_WINDOW
			? "the preset searches faces where the pose found the head, and here both are found at once"
			: NULL;
	return *why_not ? PF_ERR_UNAVAILABLE : PF_OK;
}

const struct pf_variant pf_variant_tiles = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "tiles",
	.parent = "single-load",
	.summary = "one photo at a time, its faces, pose and tiles split over threads",
	.change = "what follows the decoding of a photo is split over the cores",
	.principle = "splitting one job helps as far as its largest piece that cannot be split",
	.hypothesis = "a single photo is done sooner when all cores work on it",
	.expected =
		"faster than single-load, slower than parallel: decoding and the search for faces stay whole",
	.caps = PF_CAP_WORKERS | PF_CAP_THREADS,
	.probe = probe,
	.run = run,
};
