/* shared-memory: the idea of pipelined without its copies. A thread decodes ahead into a ring of buffers that
 * lies in shared memory; the workers score from it in place. Nobody waits for a whole chunk, nothing is sent,
 * and a worker that comes before the loader loads the photo itself, so that the one loader holds nobody up
 * however many workers there are. */

#include "photofinish/variant.h"
#include "photofinish/crew.h"
#include "photofinish/photo_ring.h"

static const struct pf_option options[] = {
	{"slots", PF_OPTION_INTEGER, 0, 0, 100000,
	 "decoded photos that are kept at a time (0: four for each worker, fewer if memory is short)"},
	{0},
};

typedef struct shared_run {
	pf_crew crew;
	pf_burst_list bursts;
	pf_chunk_plan plan; /* only for the order of loading */
	pf_photo_ring *ring;
} shared_run;

/* Decodes ahead, in a thread of the variant's own process, as far as there are free slots. */
static void load_ahead(pf_crew *crew)
{
	const shared_run *self = crew->context;
	for (uint32_t ticket = 0; ticket < crew->dataset->count; ticket++) {
		pf_image image;
		uint32_t photo = self->plan.photos[ticket];
		pf_status status = pf_photo_ring_begin(self->ring, ticket, &image);
		if (status == PF_ERR_CANCELLED) {
			break;
		}
		if (status != PF_OK) {
			continue; /* a worker was faster */
		}
		if (pf_result_is_done(crew->table, photo)) { /* likewise, while its slot had an older one */
			pf_photo_ring_give(self->ring, ticket);
			pf_photo_ring_put(self->ring, ticket, NULL);
			continue;
		}
		status = pf_crew_load(crew, photo, &image);
		pf_photo_ring_put(self->ring, ticket, status == PF_OK ? &image : NULL);
	}
}

/* In the variant's own process, which alone writes to the ring: the photo is done. */
static void give_back(pf_crew *crew, uint32_t photo)
{
	const shared_run *self = crew->context;
	pf_photo_ring_give(self->ring, self->plan.tickets[photo]);
}

/* There, too: the worker that has this burst loads the photo itself, the loader shall leave it out. */
static pf_status leave_out(pf_crew *crew, size_t place, uint32_t photo)
{
	const shared_run *self = crew->context;
	const pf_burst *burst = &self->bursts.bursts[place];
	for (uint32_t i = 0; i < burst->count; i++) {
		if (burst->photos[i] == photo) {
			give_back(crew, photo);
			return PF_OK;
		}
	}
	return PF_ERR_INVALID;
}

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	const shared_run *self = worker->context;
	pf_image image;
	uint64_t begin = pf_span_begin(worker->trace, PF_STAGE_WAIT);
	bool there = pf_photo_ring_take(self->ring, self->plan.tickets[index], &image);
	pf_span_end(worker->trace, PF_STAGE_WAIT, begin);
	if (there) {
		return pf_scorer_judge(worker->scorer, &image, score, error);
	}
	pf_crew_tell((uint32_t)index);
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

static pf_status score_burst(pf_crew *crew, size_t place, pf_error *error)
{
	const shared_run *self = crew->context;
	return pf_burst_score(&crew->worker, &self->bursts.bursts[place], error);
}

static pf_status enter(pf_crew *crew, pf_error *error)
{
	const shared_run *self = crew->context;
	return pf_photo_ring_read_only(self->ring, error);
}

static void end_loading(pf_crew *crew)
{
	const shared_run *self = crew->context;
	pf_photo_ring_close(self->ring);
}

static pf_status make_room(shared_run *self, pf_error *error)
{
	const struct pf_env *env = self->crew.env;
	uint64_t photo_bytes = self->bursts.largest_plane_bytes ? self->bursts.largest_plane_bytes : 1;
	uint64_t fitting = pf_memory_budget(env) / photo_bytes, wanted = 4 * env->workers;
	if (env->options[0]) {
		wanted = (uint64_t)env->options[0];
	}
	if (env->options[0] && wanted > fitting) {
		return pf_fail(error, PF_ERR_MEMORY_LIMIT, NULL,
			       "%llu slots of up to %.0f MB pass the memory limit, which %llu fit",
			       (unsigned long long)wanted, (double)photo_bytes * 1e-6,
			       (unsigned long long)fitting);
	}
	wanted = wanted > fitting ? fitting : wanted;
	pf_status status = pf_chunk_plan_make(&self->bursts, 1, &self->plan, error);
	return status == PF_OK ? pf_photo_ring_create(wanted ? (uint32_t)wanted : 1, photo_bytes, env->cancel,
						      &self->ring, error)
			       : status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	shared_run self = {.ring = NULL};
	pf_status status = pf_crew_open(&self.crew, env, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_crew_detect(&self.crew, &self.bursts, error);
	}
	if (status == PF_OK) {
		status = make_room(&self, error);
	}
	if (status == PF_OK) {
		self.crew.context = &self;
		self.crew.score_photo = score_photo;
		self.crew.score_burst = score_burst;
		self.crew.enter = enter;
		self.crew.taken = give_back;
		self.crew.told = leave_out;
		self.crew.beside = load_ahead;
		self.crew.over = end_loading;
		status = pf_crew_run(&self.crew, error);
	}
	pf_photo_ring_destroy(self.ring);
	pf_chunk_plan_free(&self.plan);
	pf_burst_list_free(&self.bursts);
	pf_crew_close(&self.crew);
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
