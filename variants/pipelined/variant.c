/* pipelined: the first chunk is scored as in parallel, each worker reading its own photos; meanwhile a thread
 * of the variant's own process loads the next chunk. Then every worker is sent that whole chunk through its
 * pipe, one worker after another, as an executor does that serialises its arguments for each process. Nothing
 * is simulated: the bytes really go through the pipes, and are counted (moved_bytes). */
#include <stdlib.h>

#include "photofinish/crew.h"
#include "photofinish/photo_pipe.h"
#include "photofinish/photo_ring.h"
#include "photofinish/variant.h"

static const struct pf_option options[] = {
	{"chunk", PF_OPTION_INTEGER, 0, 0, 1000000, "photos of a chunk (0: a quarter of them, 200 at most)"},
	{0},
};

typedef struct pipelined_run {
	pf_crew crew;
	pf_burst_list bursts;
	pf_chunk_plan plan;
	pf_worker_pipes *pipes;
	pf_image *photos; /* the loader's chunk, by ticket less the chunk's first; a worker has its own */
	uint32_t held;    /* which chunk a worker has in `photos`; 0 is not sent, so 0 is none */
} pipelined_run;

static void empty(pipelined_run *self)
{
	for (uint32_t i = 0; i < self->plan.most_photos; i++) {
		self->photos[i].y.data = NULL;
	}
}

/* A photo that cannot be loaded is not sent: the worker that has it finds out why. */
static bool load_chunk(pipelined_run *self, const pf_chunk *chunk)
{
	empty(self);
	for (uint32_t i = 0; i < chunk->photos; i++) {
		if (pf_cancelled(self->crew.env)) {
			return false;
		}
		pf_image *image = &self->photos[i];
		uint32_t photo = self->plan.photos[chunk->first_ticket + i];
		if (pf_crew_load(&self->crew, photo, image) != PF_OK) {
			image->y.data = NULL;
		}
	}
	self->crew.trace->chunks++;
	return true;
}

/* To one worker. If it dies meanwhile, the one in its place loads its photos itself. */
static void send_chunk(pipelined_run *self, const pf_chunk *chunk, pf_framed_end *to)
{
	pf_status status = PF_OK;
	for (uint32_t i = 0; i < chunk->photos && status == PF_OK; i++) {
		if (self->photos[i].y.data) {
			status = pf_photo_send(to, chunk->first_ticket + i, &self->photos[i], NULL);
		}
	}
	if (status == PF_OK) {
		pf_photo_send_end(to, NULL);
	}
}

static void load_and_send(pf_crew *crew)
{
	pipelined_run *self = crew->context;
	for (uint32_t number = 1; number < self->plan.count; number++) {
		const pf_chunk *chunk = &self->plan.chunks[number];
		if (!load_chunk(self, chunk)) {
			break;
		}
		for (pf_framed_end *to; pf_worker_pipes_next(self->pipes, number, &to);) {
			send_chunk(self, chunk, to);
		}
		pf_worker_pipes_gone(self->pipes, number);
	}
	pf_worker_pipes_gone(self->pipes, UINT32_MAX);
}

/* In a worker: its own copy of the whole chunk, though it will score only some of the photos. */
static pf_status receive_chunk(pipelined_run *self, uint32_t number, pf_error *error)
{
	pf_trace *trace = self->crew.worker.trace;
	const pf_chunk *chunk = &self->plan.chunks[number];
	pf_framed_end *from;
	empty(self);
	self->held = number;
	uint64_t begin = pf_span_begin(trace, PF_STAGE_WAIT);
	bool comes = pf_worker_pipes_ask(self->pipes, self->crew.worker.slot, number, &from);
	pf_span_end(trace, PF_STAGE_WAIT, begin);
	begin = pf_span_begin(trace, PF_STAGE_TRANSFER);
	pf_status status = PF_OK;
	for (bool more = comes; more && status == PF_OK;) {
		pf_image image = {0};
		uint32_t ticket;
		status = pf_photo_receive(from, &ticket, &image, error);
		more = status == PF_OK && ticket != PF_NO_TICKET;
		uint32_t at = ticket - chunk->first_ticket; /* of another chunk: it will load its own */
		if (more && at < chunk->photos) {
			pf_image_release(&self->photos[at]);
			self->photos[at] = image;
		} else {
			pf_image_release(&image);
		}
	}
	pf_span_end(trace, PF_STAGE_TRANSFER, begin);
	return status;
}

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	const pipelined_run *self = worker->context;
	uint32_t ticket = self->plan.tickets[index];
	if (self->held) {
		const pf_image *image = &self->photos[ticket - self->plan.chunks[self->held].first_ticket];
		if (image->y.data) {
			return pf_scorer_judge(worker->scorer, image, score, error);
		}
	}
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

static pf_status score_burst(pf_crew *crew, size_t place, pf_error *error)
{
	pipelined_run *self = crew->context;
	uint32_t chunk = self->plan.chunk_of[place];
	pf_status status = chunk != self->held ? receive_chunk(self, chunk, error) : PF_OK;
	return status == PF_OK ? pf_burst_score(&crew->worker, &self->bursts.bursts[place], error) : status;
}

/* What the loader had in memory at the fork is the loader's. */
static pf_status enter(pf_crew *crew, pf_error *error)
{
	pipelined_run *self = crew->context;
	self->held = 0;
	pf_worker_pipes_enter(self->pipes, crew->worker.slot);
	self->photos = calloc(self->plan.most_photos + 1, sizeof *self->photos);
	return self->photos ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for a chunk");
}

static void leave(pf_crew *crew)
{
	const pipelined_run *self = crew->context;
	pf_worker_pipes_leave(self->pipes, crew->worker.slot);
}

static pf_status forking(pf_crew *crew, uint32_t slot, pf_error *error)
{
	const pipelined_run *self = crew->context;
	return pf_worker_pipes_forking(self->pipes, slot, error);
}

static void forked(pf_crew *crew, uint32_t slot)
{
	const pipelined_run *self = crew->context;
	pf_worker_pipes_forked(self->pipes, slot);
}

static void end_loading(pf_crew *crew)
{
	const pipelined_run *self = crew->context;
	pf_worker_pipes_gone(self->pipes, UINT32_MAX);
}

/* One chunk is with the loader, and one with every worker: that is what copies take. A limit that somebody
 * has set and that they pass is an error. */
static pf_status make_room(pipelined_run *self, pf_error *error)
{
	const struct pf_env *env = self->crew.env;
	pf_chunk_wish wish = {.photos = env->options[0],
			      .copies = env->workers + 1,
			      .may_shrink = env->memory_limit_bytes == 0};
	pf_status status = pf_chunk_plan_fit(env, &self->bursts, self->crew.dataset->count, &wish,
					     &self->plan, error);
	if (status == PF_OK) {
		self->photos = calloc(self->plan.most_photos + 1, sizeof *self->photos);
		status = self->photos ? pf_worker_pipes_create(env, &env->traces[0].moved_bytes, &self->pipes,
							       error)
				      : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for a chunk");
	}
	return status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pipelined_run self = {.pipes = NULL};
	pf_status status = pf_crew_open(&self.crew, env, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_crew_detect(&self.crew, &self.bursts, error);
	}
	if (status == PF_OK) {
		status = make_room(&self, error);
	}
	if (status == PF_OK) {
		self.crew.trace->chunks = self.plan.count > 0; /* the first */
		self.crew.context = &self;
		self.crew.score_photo = score_photo;
		self.crew.score_burst = score_burst;
		self.crew.enter = enter;
		self.crew.leave = leave;
		self.crew.forking = forking;
		self.crew.forked = forked;
		self.crew.beside = load_and_send;
		self.crew.over = end_loading;
		status = pf_crew_run(&self.crew, error);
	}
	for (uint32_t i = 0; self.photos && i < self.plan.most_photos; i++) {
		pf_image_release(&self.photos[i]);
	}
	free(self.photos);
	pf_worker_pipes_destroy(self.pipes);
	pf_chunk_plan_free(&self.plan);
	pf_burst_list_free(&self.bursts);
	pf_crew_close(&self.crew);
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
