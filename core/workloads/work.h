/* What our own workloads share: a state with a kind, a digest, and the functions of pf_workload over them. */
#ifndef PHOTOFINISH_WORK_H
#define PHOTOFINISH_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/workloads/layer_file.h"
#include "photofinish/status.h"
#include "photofinish/workload.h"

/* A running SHA-256. */
typedef struct pf_work_hash pf_work_hash;
void pf_work_add(pf_work_hash *hash, const void *bytes, size_t count);

/* One way of doing a workload. */
typedef struct pf_work_way {
	const char *name;
	const char *kernels; /* version of core/kernels that is used, nothing above it; NULL: the best */
	uint32_t strategy;   /* PF_STRATEGY_* of the scorer */
	const char *backend; /* of networks; NULL: the configuration's */
} pf_work_way;

/* How a workload is done: pf_workload.context points to one. What is more to say of it lies behind it, in a
 * larger struct. All functions get a state of `state_bytes` bytes, all 0 before open. */
typedef struct pf_work_kind {
	size_t state_bytes;
	pf_status (*open)(void *state, const struct pf_work_kind *kind, const pf_workload_input *input,
			  pf_error *error);
	pf_status (*unit)(void *state);
	void (*outputs)(const void *state, pf_work_hash *hash);  /* all 0 before the first unit */
	void (*close)(void *state);                              /* after a failed open, too */
	bool (*agrees)(const void *state, const void *plainest); /* NULL: by digest */
} pf_work_kind;

/* The ways that workloads have: names for pf_workload.ways, and what they stand for. No name or an unknown
 * one gives the library's own choice. */
extern const char *const pf_work_cpu_ways[],
	*const pf_work_decode_ways[], *const pf_work_face_ways[], *const pf_work_photo_ways[],
									  *const pf_work_network_ways[];
pf_work_way pf_work_way_of(const pf_workload_input *input);

/* The functions of every workload of ours. */
int pf_work_set_up(const pf_workload *self, const pf_workload_input *input, void **state, char *error,
		   size_t error_bytes);
int pf_work_run(void *state, uint64_t n);
void pf_work_digest(const void *state, uint8_t out[PF_WORKLOAD_DIGEST_BYTES]);
void pf_work_tear_down(void *state);
int pf_work_agrees(const void *state, const void *plainest); /* for kinds with agrees */

/* Random numbers of made inputs: the next 32 bits of a 64-bit linear congruential generator. */
static inline uint32_t pf_work_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

extern const pf_work_kind pf_work_photo, pf_work_decode, pf_work_decode_bare, pf_work_decode_own,
	pf_work_exif, pf_work_resize, pf_work_exposure, pf_work_colour, pf_work_quality, pf_work_faces,
	pf_work_pose, pf_work_sharpness, pf_work_bursts;

/* Networks of one layer. X(name, what it does) in the order of the table. */
#define PF_WORK_LAYERS(X)                                                      \
	X(conv3x3, "convolution 3x3, 32 to 32 channels, 64x48")                \
	X(conv1x1, "convolution 1x1, 64 to 64 channels, 64x48")                \
	X(depthwise, "depthwise convolution 3x3, 64 channels, 64x48")          \
	X(deconv, "transposed convolution 4x4 by 2, 32 to 32 channels, 32x24") \
	X(maxpool, "maximum over 3x3 by 2, 64 channels, 64x48")                \
	X(avgpool, "mean of each of 64 channels, 64x48")                       \
	X(resize, "linear resize to twice the size, 32 channels, 32x24")       \
	X(gemm, "matrix product of 64x256 with 256x256, and a bias")           \
	X(activation, "sigmoid of 64 channels, 64x48")                         \
	X(add, "sum of two tensors of 64 channels, 64x48")                     \
	X(concat, "two tensors of 64 channels behind each other, 64x48")       \
	X(softmax, "softmax over 192 values of 64x17 rows")                    \
	X(transpose, "channels last from channels first, 64 channels, 64x48")  \
	X(reduce, "mean over width and height of 64 channels, 64x48")
enum pf_work_layer {
#define PF_WORK_LAYER_ENUM(name, what) PF_WORK_LAYER_##name,
	PF_WORK_LAYERS(PF_WORK_LAYER_ENUM) PF_WORK_LAYER_COUNT
};

#undef PF_WORK_LAYER_ENUM

typedef struct pf_work_layer_kind {
	pf_work_kind kind;
	pf_layer_file file; /* its seed aside */
} pf_work_layer_kind;
extern const pf_work_layer_kind pf_work_layers[PF_WORK_LAYER_COUNT];

#endif
