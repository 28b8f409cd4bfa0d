/* gpu-shared: as gpu, but one process owns the device. Workers decode into memory that they share with it,
 * ask for the pose, and do what needs no pose meanwhile; the owner runs the photos of several workers at
 * once. */
#include <string.h>

#include "photofinish/crew.h"
#include "photofinish/gpu.h"
#include "photofinish/photo_ring.h"
#include "photofinish/pose_service.h"
#include "photofinish/strategy.h"
#include "photofinish/variant.h"

#define BACKEND "cudnn"

enum { OPTION_BATCH, OPTION_WAIT, OPTION_FALL_BACK };
static const struct pf_option options[] = {
	{"batch", PF_OPTION_INTEGER, 8, 1, PF_POSE_BATCH_MAX,
	 "photos that the network takes at once, at most"},
	{"wait-us", PF_OPTION_INTEGER, 500, 0, 1000000,
	 "how long a photo waits for others at most, in microseconds"},
	PF_GPU_FALL_BACK_OPTION,
	{0},
};

typedef struct shared_run {
	pf_crew crew;
	pf_burst_list bursts;
	pf_pose_service *service;
	pf_bands *bands; /* of a worker */
} shared_run;

static pf_status probe(const struct pf_env *env, const char **why_not)
{
	return pf_gpu_probe(env->options && env->options[OPTION_FALL_BACK], env->scorer->preset, why_not);
}

static pf_status enter(pf_crew *crew, pf_error *error)
{
	shared_run *self = crew->context;
	pf_status status = pf_pose_service_enter(self->service, crew->worker.slot - 1, error);
	return status == PF_OK ? pf_bands_create(&self->bands, error) : status;
}

static void leave(pf_crew *crew)
{
	shared_run *self = crew->context;
	pf_bands_destroy(self->bands);
	self->bands = NULL;
}

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	const shared_run *self = worker->context;
	uint32_t slot = worker->slot - 1;
	pf_image image;
	pf_pose pose;
	*score = (pf_score){0};
	pf_pose_service_lend(self->service, slot, &image);
	pf_status status = pf_scorer_load(worker->scorer, worker->dataset, index, &image, error);
	if (status != PF_OK) {
		return status;
	}
	pf_pose_service_ask(self->service, slot, &image);
	status = pf_scorer_detect_faces(worker->scorer, &image, score, error);
	for (uint32_t band = 0; status == PF_OK && band < PF_BANDS; band++) {
		pf_bands_sum(self->bands, worker->scorer, &image, band);
	}
	uint64_t begin = pf_span_begin(worker->trace, PF_STAGE_WAIT);
	pf_error of_pose;
	pf_status answer = pf_pose_service_await(self->service, slot, &pose, &of_pose);
	pf_span_end(worker->trace, PF_STAGE_WAIT, begin);
	if (status == PF_OK && answer != PF_OK) {
		*error = of_pose;
		status = answer;
	}
	if (status == PF_OK) {
		pf_scorer_put_pose(worker->scorer, &image, &pose, score);
		pf_bands_analyse(self->bands, worker->scorer, &image, score);
		pf_scorer_fuse(worker->scorer, score);
	}
	return status;
}

static pf_status start_service(shared_run *self, const struct pf_env *env, const pf_scorer_config *on_device,
			       pf_error *error)
{
	uint64_t photo_bytes = self->bursts.largest_plane_bytes ? self->bursts.largest_plane_bytes : 1;
	if (photo_bytes > pf_memory_budget(env) / env->workers) {
		return pf_fail(error, PF_ERR_MEMORY_LIMIT, NULL,
			       "a photo of up to %.0f MB for each of %u workers passes the memory limit",
			       (double)photo_bytes * 1e-6, env->workers);
	}
	const pf_pose_service_options wanted = {.config = on_device,
						.slots = env->workers,
						.slot_bytes = photo_bytes,
						.batch = (uint32_t)env->options[OPTION_BATCH],
						.wait_us = (uint32_t)env->options[OPTION_WAIT],
						.cancel = env->cancel,
						.trace = self->crew.trace};
	return pf_pose_service_start(&wanted, &self->service, error);
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pf_scorer_config on_device = *env->scorer, of_workers = *env->scorer;
	struct pf_env own = *env;
	shared_run self = {.service = NULL};

	memcpy(on_device.backend, BACKEND, sizeof BACKEND);
	on_device.strategy |= env->options[OPTION_FALL_BACK] ? PF_STRATEGY_FALL_BACK : 0;
	memcpy(of_workers.backend, PF_BACKEND_ELSEWHERE, sizeof PF_BACKEND_ELSEWHERE);
	own.scorer = &of_workers;
	bool posed = on_device.model_file[0] && !(on_device.left_out & PF_LEAVE_OUT_POSE);

	pf_status status = pf_crew_open(&self.crew, &own, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_crew_detect(&self.crew, &self.bursts, error);
	}
	if (status == PF_OK && posed) {
		status = start_service(&self, env, &on_device, error);
	}
	if (status == PF_OK) {
		if (posed) {
			self.crew.context = &self;
			self.crew.score_photo = score_photo;
			self.crew.enter = enter;
			self.crew.leave = leave;
		}
		status = pf_crew_run(&self.crew, error);
	}
	pf_pose_service_stop(self.service);
	pf_burst_list_free(&self.bursts);
	pf_crew_close(&self.crew);
	return status;
}

const struct pf_variant pf_variant_gpu_shared = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "gpu-shared",
	.parent = "gpu",
	.summary = "one process owns the device and finds the poses of all workers' photos, several at once",
	.change = "one context that serves all workers through shared memory, instead of one for each",
	.principle = "who owns a device can fill it",
	.hypothesis =
		"contexts of several processes take turns on a device, and one photo at a time does not fill it",
	.expected =
		"less device memory, fewer and larger runs of the network; a worker searches for faces while its "
		"photo is on the device",
	.caps = PF_CAP_WORKERS | PF_CAP_GPU | PF_CAP_APPROX,
	.options = options,
	.tolerance = &pf_half_tolerance,
	.probe = probe,
	.run = run,
};
