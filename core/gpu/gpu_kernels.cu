/* Every body of gpu_kernels.h as a kernel: a grid of any size strides through the elements. */
#include "core/gpu/gpu_kernels.h"

#define KERNEL(name, type)                                                                                \
	extern "C" __global__ void pf_kernel_##name(type k)                                                  \
	{                                                                                                 \
		int64_t stride = (int64_t)gridDim.x * blockDim.x;                                         \
		for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < k.count; i += stride) { \
			pf_gpu_body_##name(&k, i);                                                        \
		}                                                                                         \
	}
PF_GPU_KERNEL_LIST(KERNEL)
