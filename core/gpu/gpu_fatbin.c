/* The device's kernels as nvcc made them, for the driver to load. */
#include "core/gpu/gpu_device.h"

__asm__(".section .rodata\n"
	".balign 64\n"
	".globl pf_gpu_fatbin\n"
	".hidden pf_gpu_fatbin\n"
	"pf_gpu_fatbin:\n"
	".incbin \"" PF_GPU_FATBIN "\"\n"
	".balign 8\n"
	".previous\n");
