/* lookahead: as streaming, and the system is asked for the next photos' bytes before they are read. */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "photofinish/crew.h"
#include "photofinish/variant.h"

enum { OPTION_DISTANCE };

static const struct pf_option options[] = {
	{"distance", PF_OPTION_INTEGER, 8, 0, 10000, "photos asked for ahead of the one that is begun"},
	{.name = NULL},
};

/* Shared by all processes. A photo's place is where it stands in the order in which bursts are handed out. */
typedef struct shared_places {
	atomic_size_t asked; /* all photos before this place were asked for */
	uint32_t place[];    /* of each photo of the manifest, once its burst is known */
} shared_places;

typedef struct lookahead_run {
	pf_crew crew;
	pf_burst_scan *scan;
	shared_places *ahead;
	size_t bytes, places; /* places: given away so far, in the parent */
} lookahead_run;

/* Asking is all: nobody waits for the bytes. What cannot be opened fails when it is read, with its reason. */
static void ask_for(const pf_burst_worker *worker, uint32_t photo)
{
	int fd;
	uint64_t size_bytes;
	if (pf_dataset_open(worker->dataset, photo, &fd, &size_bytes, NULL) == PF_OK) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
		close(fd);
	}
}

/* Whoever begins a photo asks for those behind it that nobody has asked for, up to the distance. */
static pf_status ask_then_score(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	const lookahead_run *self = worker->context;
	size_t known, own = self->ahead->place[index];
	const uint32_t *order = pf_burst_store_order(self->crew.bursts, &known);
	size_t upto = own + 1 + (size_t)worker->env->options[OPTION_DISTANCE];
	upto = upto < known ? upto : known;

	uint64_t begin = pf_span_begin(worker->trace, PF_STAGE_READ);
	size_t from = atomic_load(&self->ahead->asked);
	while (from < upto && !atomic_compare_exchange_weak(&self->ahead->asked, &from, upto)) {
	}
	for (size_t place = from; place < upto; place++) {
		if (place != own) {
			ask_for(worker, order[place]);
		}
	}
	pf_span_end(worker->trace, PF_STAGE_READ, begin);
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

static pf_status note_places(void *context, const pf_burst *burst)
{
	lookahead_run *self = context;
	for (uint32_t i = 0; i < burst->count; i++) {
		self->ahead->place[burst->photos[i]] = (uint32_t)self->places++;
	}
	return pf_crew_add(&self->crew, burst);
}

static pf_status detect_one_photo(pf_crew *crew, bool *more, pf_error *error)
{
	const lookahead_run *self = crew->context;
	if (pf_cancelled(crew->env)) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	return pf_burst_scan_step(self->scan, more, error);
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	lookahead_run self = {.bytes = sizeof *self.ahead + dataset->count * sizeof *self.ahead->place};
	pf_status status = pf_crew_open(&self.crew, env, dataset, sink, error);
	self.ahead = mmap(NULL, self.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (status == PF_OK && self.ahead == MAP_FAILED) {
		status = pf_fail_errno(error, NULL, "cannot map %zu bytes", self.bytes);
	}
	if (status == PF_OK) {
		status = pf_burst_scan_create(dataset, self.crew.trace, note_places, &self, &self.scan,
					      error);
	}
	if (status == PF_OK) {
		self.crew.feed = detect_one_photo;
		self.crew.score_photo = ask_then_score;
		self.crew.context = &self;
		status = pf_crew_run(&self.crew, error);
	}
	pf_burst_scan_destroy(self.scan);
	if (self.ahead != MAP_FAILED) {
		munmap(self.ahead, self.bytes);
	}
	pf_crew_close(&self.crew);
	return status;
}

const struct pf_variant pf_variant_lookahead = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "lookahead",
	.parent = "streaming",
	.summary = "streaming that asks for the next photos' bytes ahead of use",
	.change = "posix_fadvise(POSIX_FADV_WILLNEED) on the photos that come next",
	.principle = "let storage work while the cores do",
	.hypothesis = "a worker that reads a photo from storage waits, and its core with it",
	.expected =
		"as fast as streaming from a warm cache; from a cold one, reading is hidden behind scoring",
	.caps = PF_CAP_WORKERS,
	.options = options,
	.run = run,
};
