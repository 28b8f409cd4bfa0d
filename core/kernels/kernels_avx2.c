/* The same loops, for the compiler to lay out in vectors of 32 bytes. */
#if defined(__x86_64__)
#define KERNEL static __attribute__((target("avx2")))
#include "core/kernels/half_dct.h"
#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels_body.h"
#include "core/kernels/quarter_dct.h"

const pf_kernels pf_kernels_avx2 = {.name = "avx2",
				    .needs = PF_CPU_AVX2,
				    .decode_mcus = pf_decode_mcus_avx2,
				    .decode_pair = pf_decode_pair_avx2,
				    .inverse_dct = pf_inverse_dct_avx2,
				    .half_dct = pf_half_dct_avx2,
				    .quarter_dct = pf_quarter_dct_avx2,
				    KERNEL_FUNCTIONS};
#endif
