/* The cuDNN backend's inside: where values lie on the device, and the steps that work there. Nodes that the
 * device has no step for run on the plain kernels, with their tensors brought back before. */
#ifndef PF_NN_CUDNN_H
#define PF_NN_CUDNN_H

#include "core/gpu/gpu_device.h"
#include "core/nn/cudnn_conv.h"
#include "core/nn/program.h"

#define PF_NO_BLOCK (-1)

/* A piece of the device's activations, taken by one value after the other. */
typedef struct pf_cudnn_block {
	size_t bytes, offset;
	bool taken;
} pf_cudnn_block;

/* Something that lies on the device for as long as the workspace, with what it is filled with. */
typedef struct pf_cudnn_constant {
	size_t offset, bytes;
} pf_cudnn_constant;

typedef struct pf_cudnn_pictures pf_cudnn_pictures;

typedef struct pf_cudnn {
	pf_gpu_device device;
	pf_cudnn_target target;
	bool half;
	int32_t *blocks_of; /* by value: its block; PF_NO_BLOCK: not on the device */
	uint32_t *uses;     /* by value: nodes that still need it, and the network if it is an output */
	pf_cudnn_block *blocks;
	size_t block_count;
	char *constants; /* until they are uploaded */
	size_t constant_bytes, constant_capacity;
	size_t workspace_bytes, staging_bytes;
	CUdeviceptr activations, constants_at, workspace, staging;
	void *registered; /* the program's arena, page-locked */
	bool placed;      /* the above are allocated */
	bool one_stream;  /* nothing runs on the processor between the first upload and the last download */
	bool recording;   /* steps are captured: no waiting */
	unsigned runs;
	CUgraphExec replay;
	pf_cudnn_pictures *pictures; /* NULL: the caller makes the input */
} pf_cudnn;

/* The node under compilation. */
typedef struct pf_cudnn_node {
	pf_program *program;
	pf_cudnn *backend;
	const pf_node *node;
	int32_t index;
	pf_error *error;
} pf_cudnn_node;

/* cudnn_memory.c */
size_t pf_cudnn_element_bytes(const pf_cudnn *backend);
/* Gives `value` a place on the device. */
pf_status pf_cudnn_take(const pf_cudnn_node *n, int32_t value);
/* One use of each input is over: places that no one needs any more are free for other values. */
void pf_cudnn_used(const pf_cudnn_node *n);
/* Room for `bytes` of constants, which the caller fills through *into at once. */
pf_status pf_cudnn_constant_add(const pf_cudnn_node *n, size_t bytes, pf_cudnn_constant *constant,
				void **into);
/* Allocates and uploads all; of several calls the first does it. */
pf_status pf_cudnn_place(pf_program *program, pf_error *error);
void *pf_cudnn_address(const pf_cudnn *backend, int32_t value);
void *pf_cudnn_constant_address(const pf_cudnn *backend, const pf_cudnn_constant *constant);
void pf_cudnn_release_memory(pf_cudnn *backend);

/* cudnn_steps.c: emit the step; *done is false where the device has none for the node. */
pf_status pf_cudnn_emit_conv(const pf_cudnn_node *n, bool *done);
pf_status pf_cudnn_emit_resize(const pf_cudnn_node *n, bool *done);
/* Brings a value to the device, or its dense host buffer up to date, where it is not. */
pf_status pf_cudnn_to_device(const pf_cudnn_node *n, int32_t value);
pf_status pf_cudnn_to_host(const pf_cudnn_node *n, int32_t value);
/* All copies of the network's inputs to the device, or of its outputs from it, which the recorded graph is
 * without. Queued only. */
bool pf_cudnn_run_copies(const pf_program *program, bool in);
/* Queues the copy of a value to `out` and waits for it. */
bool pf_cudnn_fetch(pf_cudnn *backend, const pf_tensor *tensor, int32_t value, void *out);

/* cudnn_picture.c: picture.h on the device. */
bool pf_cudnn_take_pictures(pf_program *program, uint32_t maxima);
void pf_cudnn_release_pictures(pf_cudnn *backend);
pf_status pf_cudnn_picture(pf_program *program, size_t index, const pf_picture *picture, pf_error *error);
const pf_gpu_peak *pf_cudnn_peaks(const pf_program *program);
/* Whether pictures make the value; whether of that output there are maxima only. */
bool pf_cudnn_is_picture_input(const pf_cudnn *backend, int32_t value);
bool pf_cudnn_has_maxima(const pf_cudnn *backend, int32_t value);
/* Queues the kernels and the copy of the maxima. */
bool pf_cudnn_queue_maxima(pf_cudnn *backend);

#endif
