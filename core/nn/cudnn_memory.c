/* The device's memory of one workspace: activations, constants, cuDNN's workspace and a staging area, each
 * one allocation. */
#include <stdlib.h>
#include <string.h>

#include "core/nn/cudnn.h"

#define ALIGNMENT 256

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
}

static pf_status no_memory(const pf_cudnn_node *n)
{
	return pf_fail(n->error, PF_ERR_NO_MEMORY, n->program->graph->file, "not enough memory");
}

size_t pf_cudnn_element_bytes(const pf_cudnn *backend)
{
	return backend->half ? sizeof(uint16_t) : sizeof(float);
}

/* Work on one stream is done in order, so the next value may take a place once all readers are queued. */
pf_status pf_cudnn_take(const pf_cudnn_node *n, int32_t value)
{
	pf_cudnn *b = n->backend;
	size_t elements = (size_t)pf_shape_elements(&n->program->graph->values[value].tensor.shape);
	size_t bytes = aligned(elements * pf_cudnn_element_bytes(b)), best = b->block_count;
	for (size_t i = 0; i < b->block_count; i++) {
		const pf_cudnn_block *block = &b->blocks[i];
		bool fits = !block->taken && block->bytes >= bytes;
		if (fits && (best == b->block_count || block->bytes < b->blocks[best].bytes)) {
			best = i;
		}
	}
	if (best == b->block_count) { /* there is one for each value at most */
		size_t offset = best ? b->blocks[best - 1].offset + b->blocks[best - 1].bytes : 0;
		b->blocks[b->block_count++] = (pf_cudnn_block){.bytes = bytes, .offset = offset};
	}
	b->blocks[best].taken = true;
	b->blocks_of[value] = (int32_t)best;
	size_t dense = aligned(elements * sizeof(float));
	b->staging_bytes = dense > b->staging_bytes ? dense : b->staging_bytes;
	return PF_OK;
}

void pf_cudnn_used(const pf_cudnn_node *n)
{
	pf_cudnn *b = n->backend;
	for (uint32_t i = 0; i < n->node->input_count; i++) {
		int32_t value = n->node->inputs[i];
		if (value != PF_NO_VALUE && b->uses[value] && --b->uses[value] == 0 &&
		    b->blocks_of[value] != PF_NO_BLOCK && !(n->program->flags & PF_WORKSPACE_KEEP)) {
			b->blocks[b->blocks_of[value]].taken = false;
		}
	}
}

pf_status pf_cudnn_constant_add(const pf_cudnn_node *n, size_t bytes, pf_cudnn_constant *constant,
				void **into)
{
	pf_cudnn *b = n->backend;
	size_t needed = b->constant_bytes + aligned(bytes);
	if (needed > b->constant_capacity) {
		size_t wanted = needed > 2 * b->constant_capacity ? needed : 2 * b->constant_capacity;
		char *larger = realloc(b->constants, wanted);
		if (!larger) {
			return no_memory(n);
		}
		b->constants = larger;
		b->constant_capacity = wanted;
	}
	*constant = (pf_cudnn_constant){b->constant_bytes, bytes};
	*into = b->constants + b->constant_bytes;
	memset(*into, 0, needed - b->constant_bytes);
	b->constant_bytes = needed;
	return PF_OK;
}

static bool allocate(pf_gpu_device *device, size_t bytes, CUdeviceptr *out)
{
	*out = bytes ? pf_gpu_allocate(device, bytes) : 0;
	return !bytes || *out;
}

static bool place(pf_cudnn *b, const pf_program *program)
{
	pf_gpu_device *d = &b->device;
	const pf_cudnn_block *last = b->block_count ? &b->blocks[b->block_count - 1] : NULL;
	if (!allocate(d, last ? last->offset + last->bytes : 0, &b->activations) ||
	    !allocate(d, b->constant_bytes, &b->constants_at) ||
	    !allocate(d, b->workspace_bytes, &b->workspace) || !allocate(d, b->staging_bytes, &b->staging)) {
		return false;
	}
	if (program->arena &&
	    pf_gpu_check(d, d->api.cuMemHostRegister(program->arena, program->mapped_bytes, 0),
			 "locking the arena's pages")) {
		b->registered = program->arena;
	}
	bool fine = !program->arena || b->registered;
	if (fine && b->constant_bytes) {
		fine = pf_gpu_upload(d, b->constants_at, b->constants, b->constant_bytes,
				     "uploading weights") &&
		       pf_gpu_wait(d);
	}
	free(b->constants);
	b->constants = NULL;
	return fine;
}

pf_status pf_cudnn_place(pf_program *program, pf_error *error)
{
	pf_cudnn *b = program->backend_state;
	if (b->placed) {
		return PF_OK;
	}
	b->placed = true;
	return place(b, program) ? PF_OK : pf_gpu_fail(&b->device, error);
}

void *pf_cudnn_address(const pf_cudnn *backend, int32_t value)
{
	return (void *)(backend->activations + backend->blocks[backend->blocks_of[value]].offset);
}

void *pf_cudnn_constant_address(const pf_cudnn *backend, const pf_cudnn_constant *constant)
{
	return constant->bytes ? (void *)(backend->constants_at + constant->offset) : NULL;
}

void pf_cudnn_release_memory(pf_cudnn *backend)
{
	const pf_gpu_api *api = &backend->device.api;
	const CUdeviceptr all[] = {backend->activations, backend->constants_at, backend->workspace,
				   backend->staging};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i]) {
			api->cuMemFree(all[i]);
		}
	}
	if (backend->registered) {
		api->cuMemHostUnregister(backend->registered);
	}
	free(backend->constants);
	free(backend->blocks);
	free(backend->blocks_of);
	free(backend->uses);
}
