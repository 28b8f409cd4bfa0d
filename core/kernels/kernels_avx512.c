/* The same loops, in vectors of 64 bytes; what is written by hand is AVX2's. */
#if defined(__x86_64__)
#define KERNEL \
	static __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")))
#include "core/kernels/half_dct.h"
#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels_body.h"
#include "core/kernels/quarter_dct.h"

const pf_kernels pf_kernels_avx512 = {.name = "avx512",
				      .needs = PF_CPU_AVX2 | PF_CPU_AVX512,
				      .decode_mcus = pf_decode_mcus_avx2,
				      .decode_pair = pf_decode_pair_avx2,
				      .inverse_dct = pf_inverse_dct_avx512,
				      .half_dct = pf_half_dct_avx2,
				      .quarter_dct = pf_quarter_dct_avx2,
				      KERNEL_FUNCTIONS};
#endif
