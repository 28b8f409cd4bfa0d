#include "harness/machine/instruction_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

static const char *level(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
		return "x86-64-v4";
	}
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
		return "x86-64-v3";
	}
	return __builtin_cpu_supports("sse4.2") ? "x86-64-v2" : "x86-64";
#else
	static struct utsname name;
	return uname(&name) == 0 ? name.machine : "unknown";
#endif
}

char *pf_instruction_sets(char *out, size_t capacity)
{
	static const char *const limits[] = {"PF_CPU", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"};
	size_t used = (size_t)snprintf(out, capacity, "%s", level());
	for (size_t i = 0; i < sizeof limits / sizeof *limits && used < capacity; i++) {
		const char *value = getenv(limits[i]);
		if (value && value[0]) {
			used += (size_t)snprintf(out + used, capacity - used, " %s=%.40s", limits[i], value);
		}
	}
	return out;
}
