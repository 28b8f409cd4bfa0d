#include "core/kernels/int8.h"

#include <stddef.h>

#include "core/kernels/kernels.h"

/* From the simplest to the fastest. */
static const struct version {
	const pf_int8_kernels *kernels;
	unsigned needs; /* PF_CPU_* */
} versions[] = {
	{&pf_int8_plain, 0},
#if defined(__x86_64__)
	{&pf_int8_avx2, PF_CPU_AVX2},
	{&pf_int8_vnni, PF_CPU_AVX2 | PF_CPU_AVX512},
#endif
};

enum { VERSIONS = sizeof versions / sizeof *versions };

/* PF_CPU_AVX512 stands for AVX-512F and BW; not all processors that have them have VNNI. */
static bool has_vnni(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl");
#else
	return false;
#endif
}

static bool is_there(const struct version *version)
{
	return !(version->needs & ~pf_kernels_flags()) && (!(version->needs & PF_CPU_AVX512) || has_vnni());
}

const pf_int8_kernels *pf_int8_at(unsigned index)
{
	for (unsigned i = 0; i < VERSIONS; i++) {
		if (is_there(&versions[i]) && index-- == 0) {
			return versions[i].kernels;
		}
	}
	return NULL;
}

const pf_int8_kernels *pf_int8_best(void)
{
	const pf_int8_kernels *best = &pf_int8_plain;
	for (unsigned i = 0; i < VERSIONS; i++) {
		best = is_there(&versions[i]) ? versions[i].kernels : best;
	}
	return best;
}
