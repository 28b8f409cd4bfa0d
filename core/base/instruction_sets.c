#include "photofinish/instruction_sets.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "photofinish/sha256.h"

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

static char *add_environment(const char *const *names, char *out, size_t capacity)
{
	size_t used = strlen(out);
	for (; *names && used < capacity; names++) {
		const char *value = getenv(*names);
		if (value && value[0]) {
			used += (size_t)snprintf(out + used, capacity - used, " %s=%.40s", *names, value);
		}
	}
	return out;
}

char *pf_instruction_sets(char *out, size_t capacity)
{
	static const char *const limits[] = {"PF_CPU", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", NULL};
	snprintf(out, capacity, "%s", level());
	return add_environment(limits, out, capacity);
}

#ifdef __x86_64__
enum { FACTS = 64, CACHES = 5, STEPPING = 0xf };

/* What cpuid says of instructions, and of caches where all cores are alike. Returns how many. */
static unsigned read_processor(uint32_t facts[FACTS], char vendor[13], unsigned *family, unsigned *model)
{
	unsigned a = 0, b = 0, c = 0, d = 0, count = 0, low = 0, high = 0;
	__cpuid(0, a, b, c, d);
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &d, 4);
	memcpy(vendor + 8, &c, 4);
	vendor[12] = '\0';
	__cpuid(1, a, b, c, d);
	unsigned signature = a & ~(unsigned)STEPPING;
	*family = (a >> 8 & 0xf) + ((a >> 8 & 0xf) == 0xf ? a >> 20 & 0xff : 0);
	*model = (a >> 4 & 0xf) + (a >> 12 & 0xf0);
	if (c & bit_OSXSAVE) { /* what the kernel saves, and so allows */
		__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	}
	const unsigned first[] = {c, d, low, high};
	memcpy(facts, first, sizeof first);
	count = sizeof first / sizeof *first;
	bool alike = true;
	for (unsigned sub = 0; sub < 2 && __get_cpuid_count(7, sub, &a, &b, &c, &d); sub++) {
		const unsigned more[] = {sub ? a : 0, b, c, d};
		alike = alike && (sub || !(d & 1u << 15)); /* hybrid: a big core and a little one */
		memcpy(facts + count, more, sizeof more);
		count += 4;
	}
	const unsigned leaf = strcmp(vendor, "AuthenticAMD") == 0 ? 0x8000001du : 4;
	for (unsigned sub = 0; alike && sub < CACHES && __get_cpuid_count(leaf, sub, &a, &b, &c, &d); sub++) {
		const unsigned more[] = {a, b, c};
		memcpy(facts + count, more, sizeof more);
		count += 3;
	}
	facts[count++] = alike ? signature : 0;
	*family = alike ? *family : 0;
	*model = alike ? *model : 0;
	return count;
}
#endif

char *pf_processor_class(char *out, size_t capacity)
{
	static const char *const asked[] = {"PF_CPU",
					    "ONEDNN_MAX_CPU_ISA",
					    "DNNL_MAX_CPU_ISA",
					    "ONEDNN_CPU_ISA_HINTS",
					    "DNNL_CPU_ISA_HINTS",
					    "ONEDNN_DEFAULT_FPMATH_MODE",
					    "DNNL_DEFAULT_FPMATH_MODE",
					    "GLIBC_TUNABLES",
					    "OPENCV_CPU_DISABLE",
					    "JSIMD_FORCENONE",
					    NULL};
#ifdef __x86_64__
	uint32_t facts[FACTS] = {0};
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char vendor[13];
	unsigned family, model, count = read_processor(facts, vendor, &family, &model);
	pf_sha256_of(facts, count * sizeof *facts, digest);
	snprintf(out, capacity, "%s %s %u.%u %02x%02x%02x%02x%02x%02x%02x%02x", level(), vendor, family,
		 model, digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6],
		 digest[7]);
#else
	snprintf(out, capacity, "%s", level());
#endif
	return add_environment(asked, out, capacity);
}
