/* The device's kernels. Each body computes one element and also compiles as C, so that tests execute the same
 * lines; gpu_kernels.cu makes kernels of them. Tensors on the device are channels last, in fp16 or fp32. */
#ifndef PF_GPU_KERNELS_H
#define PF_GPU_KERNELS_H

#include <math.h>
#include <stdint.h>

#include "core/gpu/gpu_half.h"
#include "core/gpu/gpu_peaks.h"
#include "core/gpu/gpu_picture.h"

/* X(name, what it is given) */
#define PF_GPU_KERNEL_LIST(X)         \
	X(to_device, pf_gpu_layout)   \
	X(from_device, pf_gpu_layout) \
	X(follow, pf_gpu_follow)      \
	X(resize, pf_gpu_resize)      \
	X(picture, pf_gpu_picture)    \
	X(row_peaks, pf_gpu_maps)     \
	X(peaks, pf_gpu_maps)

#define PF_GPU_KERNEL_ENUM(name, type) PF_GPU_KERNEL_##name,
typedef enum pf_gpu_kernel { PF_GPU_KERNEL_LIST(PF_GPU_KERNEL_ENUM) PF_GPU_KERNEL_COUNT } pf_gpu_kernel;
#undef PF_GPU_KERNEL_ENUM

/* Between floats in the order N, C, H, W and the device's tensors. */
typedef struct pf_gpu_layout {
	int64_t count; /* elements; first in all of these */
	const void *from;
	void *to;
	int64_t channels, plane; /* elements of one channel */
	int32_t half;
} pf_gpu_layout;

/* Activations of `follow`, of an element x with the parameters a and b. */
typedef enum pf_gpu_act {
	PF_GPU_IDENTITY,
	PF_GPU_RELU,
	PF_GPU_LEAKY_RELU, /* x < 0 ? a x : x */
	PF_GPU_CLIP,
	PF_GPU_SIGMOID,
	PF_GPU_HARDSIGMOID, /* min(max(a x + b, 0), 1) */
	PF_GPU_HARDSWISH,
	PF_GPU_SILU,
	PF_GPU_TANH,
	PF_GPU_ELU, /* x < 0 ? a (exp(x) - 1) : x */
	PF_GPU_GELU,
} pf_gpu_act;

/* In place: y = act(y), or y + added. `added` is of y's shape, or has one element for each of `channels`. */
typedef struct pf_gpu_follow {
	int64_t count;
	void *y;
	const void *added; /* NULL: the activation */
	int64_t channels;  /* 0: of y's shape */
	float a, b;
	int32_t act; /* pf_gpu_act */
	int32_t half;
} pf_gpu_follow;

/* Where an output row or column comes from: of `low`, the rest of `high`. */
typedef struct pf_gpu_tap {
	int32_t low, high;
	float share; /* of high */
} pf_gpu_tap;

typedef struct pf_gpu_resize {
	int64_t count; /* of the output */
	const void *from;
	void *to;
	const pf_gpu_tap *rows, *columns; /* of the output */
	int64_t channels, in_h, in_w, out_h, out_w;
	int32_t half;
} pf_gpu_resize;

PF_BODY void pf_gpu_body_to_device(const pf_gpu_layout *k, int64_t i)
{
	int64_t channel = i % k->channels, place = i / k->channels;
	int64_t image = place / k->plane, pixel = place % k->plane;
	pf_gpu_store(k->to, i, k->half,
		     ((const float *)k->from)[(image * k->channels + channel) * k->plane + pixel]);
}

PF_BODY void pf_gpu_body_from_device(const pf_gpu_layout *k, int64_t i)
{
	int64_t pixel = i % k->plane, row = i / k->plane;
	int64_t image = row / k->channels, channel = row % k->channels;
	((float *)k->to)[i] = pf_gpu_load(k->from, (image * k->plane + pixel) * k->channels + channel,
					  k->half);
}

PF_BODY float pf_gpu_activate(int32_t act, float a, float b, float x)
{
	switch (act) {
	case PF_GPU_RELU:
		return x > 0 ? x : 0;
	case PF_GPU_LEAKY_RELU:
		return x < 0 ? a * x : x;
	case PF_GPU_CLIP:
		return fminf(fmaxf(x, a), b);
	case PF_GPU_SIGMOID:
		return 1 / (1 + expf(-x));
	case PF_GPU_HARDSIGMOID:
		return fminf(fmaxf(a * x + b, 0), 1);
	case PF_GPU_HARDSWISH:
		return x * fminf(fmaxf(x / 6 + 0.5f, 0), 1);
	case PF_GPU_SILU:
		return x / (1 + expf(-x));
	case PF_GPU_TANH:
		return tanhf(x);
	case PF_GPU_ELU:
		return x < 0 ? a * (expf(x) - 1) : x;
	case PF_GPU_GELU:
		return x * (1 + erff(x * 0.70710678f)) / 2;
	default:
		return x;
	}
}

PF_BODY void pf_gpu_body_follow(const pf_gpu_follow *k, int64_t i)
{
	float value = pf_gpu_load(k->y, i, k->half);
	pf_gpu_store(k->y, i, k->half,
		     k->added ? value + pf_gpu_load(k->added, k->channels ? i % k->channels : i, k->half)
			      : pf_gpu_activate(k->act, k->a, k->b, value));
}

PF_BODY void pf_gpu_body_resize(const pf_gpu_resize *k, int64_t i)
{
	int64_t channel = i % k->channels, place = i / k->channels;
	pf_gpu_tap h = k->columns[place % k->out_w], v = k->rows[place / k->out_w % k->out_h];
	int64_t low = (place / k->out_w / k->out_h * k->in_h + v.low) * k->in_w;
	int64_t high = low + (v.high - v.low) * k->in_w;
	float top = pf_gpu_load(k->from, (low + h.low) * k->channels + channel, k->half) * (1 - h.share) +
		    pf_gpu_load(k->from, (low + h.high) * k->channels + channel, k->half) * h.share;
	float bottom = pf_gpu_load(k->from, (high + h.low) * k->channels + channel, k->half) * (1 - h.share) +
		       pf_gpu_load(k->from, (high + h.high) * k->channels + channel, k->half) * h.share;
	pf_gpu_store(k->to, i, k->half, top * (1 - v.share) + bottom * v.share);
}

#endif
