/* fp16 on the device by its instructions, in C by its bits: tensors as the kernels load and store them. */
#ifndef PF_GPU_HALF_H
#define PF_GPU_HALF_H

#include <math.h>
#include <stdint.h>

#ifdef __CUDACC__
#include <cuda_fp16.h>
#define PF_BODY static __device__ inline
#else
#include <string.h>
#define PF_BODY static inline
#endif

#ifdef __CUDACC__
PF_BODY float pf_gpu_from_half(uint16_t bits)
{
	return __half2float(__ushort_as_half(bits));
}

PF_BODY uint16_t pf_gpu_to_half(float value)
{
	return __half_as_ushort(__float2half_rn(value));
}
#else
static inline float pf_gpu_from_half(uint16_t bits)
{
	uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023, made;
	float value;
	if (exponent == 0) {
		value = (float)fraction / 16777216.0f;
		return bits & 0x8000 ? -value : value;
	}
	made = (uint32_t)(bits & 0x8000) << 16 | (exponent == 31 ? 255u : exponent + 112) << 23 |
	       fraction << 13;
	memcpy(&value, &made, sizeof value);
	return value;
}

/* To the nearest, halves to even. */
static inline uint16_t pf_gpu_to_half(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
	float size = fabsf(value);
	if (!(size < 65520.0f)) { /* too large, infinite or no number */
		return (uint16_t)(sign | 0x7c00 | (size != size ? 0x200 : 0));
	}
	if (size < 6.103515625e-5f) { /* below the least normal one: units of 2^-24 */
		return (uint16_t)(sign | (uint16_t)rintf(size * 16777216.0f));
	}
	bits &= 0x7fffffff;
	bits += 0xfff + (bits >> 13 & 1);
	return (uint16_t)(sign | (bits - (112u << 23)) >> 13);
}
#endif

PF_BODY float pf_gpu_load(const void *tensor, int64_t i, int32_t half)
{
	return half ? pf_gpu_from_half(((const uint16_t *)tensor)[i]) : ((const float *)tensor)[i];
}

PF_BODY void pf_gpu_store(void *tensor, int64_t i, int32_t half, float value)
{
	if (half) {
		((uint16_t *)tensor)[i] = pf_gpu_to_half(value);
	} else {
		((float *)tensor)[i] = value;
	}
}

#endif
