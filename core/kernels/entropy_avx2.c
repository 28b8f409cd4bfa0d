/* The same loops: shifts by any register (BMI2) are what they gain by. */
#if defined(__x86_64__)
#define ENTROPY static inline __attribute__((target("avx2,bmi,bmi2,lzcnt,movbe"), always_inline))
#include "core/kernels/entropy_body.h"
#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels.h"

__attribute__((target("avx2,bmi,bmi2,lzcnt,movbe"))) uint32_t
pf_decode_mcus_avx2(pf_entropy *entropy, uint32_t first, uint32_t count)
{
	return decode_mcus(entropy, first, count);
}
#endif
