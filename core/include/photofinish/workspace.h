/* Workspaces: a network compiled for one worker and one backend, ready to run; and how fast that is. */
#ifndef PHOTOFINISH_WORKSPACE_H
#define PHOTOFINISH_WORKSPACE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/network.h"
#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Names of the backends that run on the processor and were built in: "plain" always, "onednn" where it is;
 * NULL past the last. Beside them there are "cudnn" (fp16, sums in fp32) and "cudnn-fp32", where the build
 * has them and the machine a device (photofinish/gpu.h). */
PF_API const char *pf_network_backend(size_t index);

/* What its results depend on besides the network: "oneDNN 2.6.3 (isa 495)", "plain C"; static. */
PF_API const char *pf_network_backend_version(size_t index);

/* Why a model cannot be run with convolutions of 8 bits in this build (docs/network.md): static text, for
 * people; NULL where it can. */
PF_API const char *pf_network_bytes_problem(const char *model_file);

typedef struct pf_workspace pf_workspace; /* one worker's; one thread at a time */

enum pf_workspace_flag {
	PF_WORKSPACE_KEEP = 1u << 0, /* every node's output outlives the run: for pf_workspace_read_node */
};

/* Compiles the network for a backend and allocates everything that runs need. Call it in the worker, after
 * the fork. PF_ERR_USAGE: no such backend; PF_ERR_UNAVAILABLE: it has no device. The caller destroys *out. */
PF_API pf_status pf_workspace_create(const pf_network *network, const char *backend, unsigned flags,
				     pf_workspace **out, pf_error *error);
PF_API void pf_workspace_destroy(pf_workspace *workspace); /* NULL is fine */

/* Where to put input `index` (64-byte aligned; runs leave it as it is) and where output `index` lies after a
 * run. Valid until the workspace is destroyed. */
PF_API void *pf_workspace_input(pf_workspace *workspace, size_t index);
PF_API const void *pf_workspace_output(const pf_workspace *workspace, size_t index);

/* How many rows (of its first dimension) output `index` has after a run: all that its shape says, but for
 * outputs with open_rows. 1 for scalars. */
PF_API int64_t pf_workspace_output_rows(const pf_workspace *workspace, size_t index);

/* Executes the network once, on the calling thread alone. Allocates nothing. Fails where a model computes an
 * index that lies outside of what it indexes, and where a device fails: with that it stays failed. */
PF_API pf_status pf_workspace_run(pf_workspace *workspace, pf_error *error);

/* What a node cost since the last reset. */
typedef struct pf_node_time {
	uint64_t ns;         /* the node itself */
	uint64_t reorder_ns; /* changing the layout of its inputs, and of outputs that leave the network */
} pf_node_time;

/* From now on runs add to times[0 .. nodes): the caller's, zeroed by it. NULL: stop. */
PF_API void pf_workspace_profile(pf_workspace *workspace, pf_node_time *times);

/* Which backend runs node `index`: the workspace's own, "plain" (fallback) or "view" (nothing to do). */
PF_API const char *pf_workspace_node_backend(const pf_workspace *workspace, size_t index);
PF_API uint64_t pf_workspace_arena_bytes(const pf_workspace *workspace);

/* Copies output `output` of a node after a run into `out` (dense, `bytes` exactly its size). Needs
 * PF_WORKSPACE_KEEP. PF_ERR_USAGE: wrong size or index. */
PF_API pf_status pf_workspace_read_node(pf_workspace *workspace, size_t index, size_t output, void *out,
					size_t bytes, pf_error *error);

#ifdef __cplusplus
}
#endif

#endif
