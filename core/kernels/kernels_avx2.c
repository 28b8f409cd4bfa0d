/* The same loops, for the compiler to lay out in vectors of 32 bytes. */
#if defined(__x86_64__)
#define KERNEL static __attribute__((target("avx2")))
#include "core/kernels/kernels_body.h"

const pf_kernels pf_kernels_avx2 = {.name = "avx2", .needs = PF_CPU_AVX2, KERNEL_FUNCTIONS};
#endif
