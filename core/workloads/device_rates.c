/* What a device can do at most, by the ways in which networks use it: fp16 convolutions of cuDNN that fill
 * it, and copies from and to page-locked memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "photofinish/gpu_rate.h"

#ifdef PF_WITH_CUDA
#include <sys/mman.h>

#include "core/gpu/gpu_device.h"
#include "core/nn/cudnn_plan.h"
#include "photofinish/trace.h"

enum { CONVOLUTIONS = 20, COPIES = 4, TENSORS = 5 };
#define COPY_BYTES ((size_t)64 << 20)
#define SLOW_NS 10000000u

struct pf_gpu_rate {
	pf_gpu_device device;
	pf_gpu_rate_kind kind;
	pf_cudnn_target target;
	pf_cudnn_plan plan;
	cudnnBackendDescriptor_t pack;
	pf_cudnn_conv conv;
	int runs; /* convolutions or copies of one run */
	CUdeviceptr there[TENSORS];
	void *here; /* page-locked */
};

/* A 3x3 convolution with as many channels and pixels as fill a device. */
static const pf_cudnn_conv filling = {
	.batch = 32,
	.in_channels = 256,
	.in_h = 56,
	.in_w = 56,
	.out_channels = 256,
	.out_h = 56,
	.out_w = 56,
	.window = {.kernel = {3, 3},
		   .stride = {1, 1},
		   .dilation = {1, 1},
		   .pad_begin = {1, 1},
		   .pad_end = {1, 1},
		   .groups = 1},
	.half = true,
	.biased = true,
	.relu = true,
};

static void close_convolution(pf_gpu_rate *r)
{
	const pf_gpu_api *api = &r->device.api;
	if (r->pack) {
		api->cudnnBackendDestroyDescriptor(r->pack);
		r->pack = NULL;
	}
	pf_cudnn_plan_clear(&r->plan);
	for (int i = 0; i < TENSORS; i++) {
		if (r->there[i]) {
			api->cuMemFree(r->there[i]);
			r->there[i] = 0;
		}
	}
}

static pf_status open_shape(pf_gpu_rate *r, int64_t batch, int64_t channels, pf_error *error)
{
	pf_cudnn_conv *c = &r->conv;
	*c = filling;
	c->batch = batch;
	c->in_channels = c->out_channels = channels;
	pf_status status = pf_cudnn_plan_create(&r->target, c, &r->plan, error);
	if (status != PF_OK) {
		return status;
	}
	size_t tensor = (size_t)(c->batch * c->in_channels * c->in_h * c->in_w) * 2;
	const size_t bytes[TENSORS] = {tensor, tensor, (size_t)(c->in_channels * c->out_channels * 9) * 2,
				       (size_t)c->out_channels * 2, (size_t)r->plan.workspace_bytes + 256};
	for (int i = 0; i < TENSORS; i++) {
		r->there[i] = pf_gpu_allocate(&r->device, bytes[i]);
		if (!r->there[i]) {
			return pf_gpu_fail(&r->device, error);
		}
	}
	const pf_cudnn_tensors at = {.x = (void *)r->there[0],
				     .y = (void *)r->there[1],
				     .weights = (void *)r->there[2],
				     .bias = (void *)r->there[3],
				     .workspace = (void *)r->there[4]};
	return pf_cudnn_plan_bind(&r->plan, &at, &r->pack, error);
}

/* What takes a slow device (the tests') longer than SLOW_NS fills it. */
static pf_status open_convolution(pf_gpu_rate *r, pf_error *error)
{
	uint64_t ns = 0;
	r->runs = 1;
	pf_status status = pf_cudnn_target_of(&r->device.api, r->device.cudnn, &r->target, error);
	status = status == PF_OK ? open_shape(r, 1, 64, error) : status;
	for (int i = 0; i < 2 && status == PF_OK; i++) { /* the first loads what is loaded lazily */
		uint64_t begin = pf_now_ns();
		status = pf_gpu_rate_run(r) >= 0 ? PF_OK : pf_gpu_fail(&r->device, error);
		ns = pf_now_ns() - begin;
	}
	if (status == PF_OK && ns < SLOW_NS) {
		close_convolution(r);
		r->runs = CONVOLUTIONS;
		status = open_shape(r, filling.batch, filling.in_channels, error);
	}
	return status;
}

static pf_status open_copy(pf_gpu_rate *r, pf_error *error)
{
	void *here = mmap(NULL, COPY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (here == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "no memory to copy from");
	}
	bool locked = pf_gpu_check(&r->device, r->device.api.cuMemHostRegister(here, COPY_BYTES, 0),
				   "locking pages");
	if (!locked) {
		munmap(here, COPY_BYTES);
		return pf_gpu_fail(&r->device, error);
	}
	r->here = here;
	r->runs = COPIES;
	r->there[0] = pf_gpu_allocate(&r->device, COPY_BYTES);
	return r->there[0] ? PF_OK : pf_gpu_fail(&r->device, error);
}

void pf_gpu_rate_close(pf_gpu_rate *r)
{
	close_convolution(r);
	if (r->target.device) {
		pf_cudnn_target_clear(&r->target);
	}
	if (r->here) {
		r->device.api.cuMemHostUnregister(r->here);
		munmap(r->here, COPY_BYTES);
	}
	pf_gpu_device_close(&r->device);
	free(r);
}

pf_status pf_gpu_rate_open(pf_gpu_rate_kind kind, pf_gpu_rate **out, pf_error *error)
{
	pf_gpu_rate *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	r->kind = kind;
	pf_status status = pf_gpu_device_open(&r->device, error);
	if (status != PF_OK) {
		free(r);
		return status;
	}
	status = kind == PF_GPU_RATE_FP16 ? open_convolution(r, error) : open_copy(r, error);
	if (status != PF_OK) {
		pf_gpu_rate_close(r);
		return status;
	}
	*out = r;
	return PF_OK;
}

double pf_gpu_rate_run(pf_gpu_rate *r)
{
	pf_gpu_device *d = &r->device;
	const pf_cudnn_conv *c = &r->conv;
	bool fine = true;
	for (int i = 0; fine && i < r->runs; i++) {
		fine = r->kind == PF_GPU_RATE_FP16
			       ? pf_gpu_check_cudnn(
					 d, d->api.cudnnBackendExecute(d->cudnn, r->plan.plan, r->pack),
					 "a convolution")
		       : r->kind == PF_GPU_RATE_UPLOAD
			       ? pf_gpu_upload(d, r->there[0], r->here, COPY_BYTES, "a copy")
			       : pf_gpu_download(d, r->here, r->there[0], COPY_BYTES, "a copy");
	}
	if (!fine || !pf_gpu_wait(d)) {
		return -1;
	}
	double operations = 2.0 * 9 * (double)(c->batch * c->out_h * c->out_w) *
			    (double)(c->in_channels * c->out_channels);
	return r->runs * (r->kind == PF_GPU_RATE_FP16 ? operations : (double)COPY_BYTES);
}
#else
pf_status pf_gpu_rate_open(pf_gpu_rate_kind kind, pf_gpu_rate **out, pf_error *error)
{
	(void)kind;
	*out = NULL;
	return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "this build has no CUDA backend");
}

double pf_gpu_rate_run(pf_gpu_rate *rate)
{
	(void)rate;
	return -1;
}

void pf_gpu_rate_close(pf_gpu_rate *rate)
{
	(void)rate;
}
#endif
