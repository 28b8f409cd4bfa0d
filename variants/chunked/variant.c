/* chunked: one stream reads and decodes a chunk of photos up front into shared memory; then the workers score
 * it; then the next chunk is loaded. Storage likes one stream, so it was thought; but while it loads, the
 * workers wait, and while they score, it does. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"
#include "photofinish/photo_ring.h"

static const struct pf_option options[] = {
	{"chunk", PF_OPTION_INTEGER, 0, 0, 1000000,
	 "photos of a chunk (0: a quarter of them, 200 at most, and no more than the memory limit allows)"},
	{0},
};

typedef struct chunked_run {
	pf_crew crew;
	pf_burst_list bursts;
	pf_chunk_plan plan;
	pf_photo_ring *ring; /* as many slots as the largest chunk has photos */
} chunked_run;

/* The one stream, a thread of the variant's own process. */
static void load_chunks(pf_crew *crew)
{
	const chunked_run *self = crew->context;
	for (size_t i = 0; i < self->plan.count; i++) {
		const pf_chunk *chunk = &self->plan.chunks[i];
		if (!pf_photo_ring_await_given(self->ring, chunk->first_ticket)) {
			break; /* otherwise the chunk before has been scored to its last photo */
		}
		for (uint32_t ticket = chunk->first_ticket; ticket < chunk->first_ticket + chunk->photos;
		     ticket++) {
			pf_image image;
			if (pf_photo_ring_begin(self->ring, ticket, &image) != PF_OK) {
				return;
			}
			pf_status status = pf_crew_load(crew, self->plan.photos[ticket], &image);
			pf_photo_ring_put(self->ring, ticket, status == PF_OK ? &image : NULL);
		}
		crew->trace->chunks++;
	}
}

/* The planes come from the chunk. What could not be loaded into it (a damaged photo) is loaded here, so that
 * it gets its verdict in the same words as everywhere. */
static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	const chunked_run *self = worker->context;
	pf_image image;
	if (pf_photo_ring_take(self->ring, self->plan.tickets[index], &image)) {
		return pf_scorer_judge(worker->scorer, &image, score, error);
	}
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

/* In the variant's own process, which alone writes to the ring: the photo is done. */
static void give_back(pf_crew *crew, uint32_t photo)
{
	const chunked_run *self = crew->context;
	pf_photo_ring_give(self->ring, self->plan.tickets[photo]);
}

static pf_status enter(pf_crew *crew, pf_error *error)
{
	const chunked_run *self = crew->context;
	return pf_photo_ring_read_only(self->ring, error);
}

/* Waits until the burst's whole chunk is there, then scores the burst. */
static pf_status score_burst(pf_crew *crew, size_t place, pf_error *error)
{
	const chunked_run *self = crew->context;
	const pf_burst *burst = &self->bursts.bursts[place];
	const pf_chunk *chunk = &self->plan.chunks[self->plan.chunk_of[place]];
	uint64_t begin = pf_span_begin(crew->worker.trace, PF_STAGE_WAIT);
	pf_photo_ring_await(self->ring, chunk->first_ticket + chunk->photos - 1);
	pf_span_end(crew->worker.trace, PF_STAGE_WAIT, begin);
	return pf_burst_score(&crew->worker, burst, error);
}

static void end_loading(pf_crew *crew)
{
	const chunked_run *self = crew->context;
	pf_photo_ring_close(self->ring);
}

/* The chunks, and shared memory for the largest. */
static pf_status make_room(chunked_run *self, pf_error *error)
{
	const struct pf_env *env = self->crew.env;
	pf_chunk_wish wish = {.photos = env->options[0], .copies = 1, .may_shrink = true};
	pf_status status = pf_chunk_plan_fit(env, &self->bursts, self->crew.dataset->count, &wish,
					     &self->plan, error);
	return status == PF_OK
		       ? pf_photo_ring_create(self->plan.most_photos, self->bursts.largest_plane_bytes,
					      env->cancel, &self->ring, error)
		       : status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	chunked_run self = {.ring = NULL};
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
		self.crew.beside = load_chunks;
		self.crew.over = end_loading;
		status = pf_crew_run(&self.crew, error);
	}
	pf_photo_ring_destroy(self.ring);
	pf_chunk_plan_free(&self.plan);
	pf_burst_list_free(&self.bursts);
	pf_crew_close(&self.crew);
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
