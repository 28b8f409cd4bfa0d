#include "core/kernels/kernels.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* From the simplest to the fastest. */
static const pf_kernels *const versions[] = {
	&pf_kernels_plain,
#if defined(__x86_64__)
	&pf_kernels_avx2,
	&pf_kernels_avx512,
#endif
};

enum { VERSIONS = sizeof versions / sizeof *versions };

static const struct limit {
	const char *word;
	unsigned flags;
} limits[] = {{"plain", 0}, {"avx2", PF_CPU_AVX2}, {"avx512", PF_CPU_AVX2 | PF_CPU_AVX512}};

const pf_kernels *pf_kernels_at(size_t index)
{
	return index < VERSIONS ? versions[index] : NULL;
}

const pf_kernels *pf_kernels_get(unsigned flags)
{
	const pf_kernels *best = &pf_kernels_plain;
	for (size_t i = 1; i < VERSIONS; i++) {
		if (!(versions[i]->needs & ~flags)) {
			best = versions[i];
		}
	}
	return best;
}

static unsigned processor_flags(void)
{
	unsigned flags = 0;
#if defined(__x86_64__)
	__builtin_cpu_init();
	bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
	flags |= bits && __builtin_cpu_supports("avx2") ? PF_CPU_AVX2 : 0;
	flags |= __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? PF_CPU_AVX512 : 0;
#endif
	return flags;
}

/* NULL where there is no such word. */
static const struct limit *find_limit(const char *word)
{
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		if (strcmp(word, limits[i].word) == 0) {
			return &limits[i];
		}
	}
	return NULL;
}

static unsigned allowed;
static _Thread_local unsigned limit_of_thread = ~0u;

static void read_flags(void)
{
	const char *word = getenv("PF_CPU");
	const struct limit *limit = word ? find_limit(word) : NULL;
	allowed = limit ? processor_flags() & limit->flags : processor_flags();
}

unsigned pf_kernels_flags(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, read_flags);
	return allowed & limit_of_thread;
}

void pf_kernels_limit(unsigned flags)
{
	limit_of_thread = flags;
}

pf_status pf_kernels_check(pf_error *error)
{
	const char *word = getenv("PF_CPU");
	return !word || find_limit(word)
		       ? PF_OK
		       : pf_fail(error, PF_ERR_USAGE, NULL,
				 "PF_CPU is \"%.64s\"; it may be plain, avx2 or avx512", word);
}

const pf_kernels *pf_kernels_best(void)
{
	return pf_kernels_get(pf_kernels_flags());
}
