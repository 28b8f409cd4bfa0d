/* Convolutions as execution plans of cuDNN 9's backend (graph) API, on NHWC tensors. A plan is made for a
 * device or for the description of one: no device and no driver is needed to make it. */
#ifndef PF_NN_CUDNN_PLAN_H
#define PF_NN_CUDNN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gpu/gpu_api.h"
#include "core/nn/op_params.h"
#include "photofinish/status.h"

/* What plans are made for: CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, of a handle's device or of a description. */
typedef struct pf_cudnn_target {
	const pf_gpu_api *api;
	cudnnBackendDescriptor_t device;
} pf_cudnn_target;

/* From cuDNN's own description of a device, JSON (tests/gpu/devices/). PF_ERR_INVALID: cuDNN refuses it. */
pf_status pf_cudnn_target_described(const pf_gpu_api *api, const char *json, pf_cudnn_target *target,
				    pf_error *error);
/* The device of `handle`. */
pf_status pf_cudnn_target_of(const pf_gpu_api *api, cudnnHandle_t handle, pf_cudnn_target *target,
			     pf_error *error);
void pf_cudnn_target_clear(pf_cudnn_target *target);
/* The description, which the caller frees. NULL: cuDNN gives none, or no memory. */
char *pf_cudnn_target_json(const pf_cudnn_target *target);

/* y = relu(conv(x, weights) + added + bias): what one plan computes. Weights are [out, y, x, in / groups]; of
 * a transposed convolution, which has a plan without all that follows, [in, y, x, out / groups]. */
typedef struct pf_cudnn_conv {
	int64_t batch, in_channels, in_h, in_w, out_channels, out_h, out_w;
	pf_window window;
	bool half;   /* tensors in fp16, sums in fp32; else all in fp32, TF32 off */
	bool biased; /* without it neither added nor relu */
	bool added, relu;
	bool transposed; /* the gradient of the convolution that has y for input and x for output */
} pf_cudnn_conv;

typedef struct pf_cudnn_plan {
	const pf_gpu_api *api;
	cudnnBackendDescriptor_t plan;
	int64_t workspace_bytes;
} pf_cudnn_plan;

/* PF_ERR_UNSUPPORTED: cuDNN has no engine for it on that device, of the asked precision and deterministic. */
pf_status pf_cudnn_plan_create(const pf_cudnn_target *target, const pf_cudnn_conv *conv, pf_cudnn_plan *plan,
			       pf_error *error);
/* The same from pf_cudnn_plan_json. PF_ERR_INVALID: it was made by another cuDNN or for another device. */
pf_status pf_cudnn_plan_restore(const pf_cudnn_target *target, const char *json, pf_cudnn_plan *plan,
				pf_error *error);
char *pf_cudnn_plan_json(const pf_cudnn_plan *plan); /* the caller frees it; NULL: none, or no memory */
void pf_cudnn_plan_clear(pf_cudnn_plan *plan);

/* Where a plan's tensors lie on the device. NULL: the plan has no such tensor. */
typedef struct pf_cudnn_tensors {
	void *x, *weights, *bias, *added, *y, *workspace;
} pf_cudnn_tensors;

/* Binds a plan to memory, for pf_gpu_api.cudnnBackendExecute; destroyed with cudnnBackendDestroyDescriptor.
 */
pf_status pf_cudnn_plan_bind(const pf_cudnn_plan *plan, const pf_cudnn_tensors *tensors,
			     cudnnBackendDescriptor_t *pack, pf_error *error);

#endif
