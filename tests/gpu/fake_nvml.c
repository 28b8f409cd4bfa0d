/* NVIDIA's management library as far as it is used, for tests: one device, busier with each sample. */
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* There is no header of it here. */
EXPORT const char *nvmlErrorString(int result);
EXPORT int nvmlInit_v2(void);
EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus, void **device);
EXPORT int nvmlDeviceGetUtilizationRates(void *device, unsigned *rates);
EXPORT int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory);

enum { NOT_SUPPORTED = 3, NOT_FOUND = 6, MEMORY_MB = 512 };

static int started, samples;

EXPORT const char *nvmlErrorString(int result)
{
	return result == NOT_FOUND       ? "Not Found"
	       : result == NOT_SUPPORTED ? "Not Supported"
					 : "Unknown Error";
}

EXPORT int nvmlInit_v2(void)
{
	started = 1;
	return 0;
}

EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus, void **device)
{
	*device = &samples;
	return started && strcmp(bus, "0000:17:00.0") == 0 ? 0 : NOT_FOUND;
}

EXPORT int nvmlDeviceGetUtilizationRates(void *device, unsigned *rates)
{
	if (getenv("PF_FAKE_NVML_PARTS")) {
		return NOT_SUPPORTED;
	}
	rates[0] = 10 * (unsigned)++*(int *)device; /* of the kernels, of the memory */
	rates[1] = 0;
	return 0;
}

EXPORT int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory)
{
	memory[0] = (unsigned long long)MEMORY_MB << 20; /* total, free, used */
	memory[2] = (unsigned long long)*(int *)device << 20;
	memory[1] = memory[0] - memory[2];
	return 0;
}
