/* Declares the few entries that it needs: nvml.h comes with the driver's tools, not with the toolkit.
 * https://docs.nvidia.com/deploy/nvml-api/ */
#include "harness/device/nvml.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/plain_text.h"

typedef void *nvml_device;

typedef struct nvml_utilization {
	unsigned gpu, memory; /* percent of the last sixth to whole second */
} nvml_utilization;

typedef struct nvml_memory {
	unsigned long long total, free, used;
} nvml_memory;

static struct {
	bool tried, open;
	int (*init)(void);
	int (*device_of)(const char *bus, nvml_device *device);
	int (*utilization)(nvml_device device, nvml_utilization *out);
	int (*memory)(nvml_device device, nvml_memory *out);
	const char *(*error)(int result);
	char why[128];
} nvml;

static bool take(void *library, const char *name, void *entry)
{
	void *found = dlsym(library, name);
	memcpy(entry, &found, sizeof found); /* ISO C has no way from an object's pointer to a function's */
	if (!found) {
		snprintf(nvml.why, sizeof nvml.why, "%s has no %s", PF_NVML_LIBRARY, name);
	}
	return found != NULL;
}

static bool check(int result, const char *what, char *why, size_t capacity)
{
	if (result) {
		char text[64];
		snprintf(why, capacity, "%s: %s", what, pf_plain_text(nvml.error(result), text, sizeof text));
	}
	return result == 0;
}

bool pf_nvml_open(void)
{
	if (nvml.tried) {
		return nvml.open;
	}
	nvml.tried = true;
	void *library = dlopen(PF_NVML_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		snprintf(nvml.why, sizeof nvml.why, "%s is not found", PF_NVML_LIBRARY);
		return false;
	}
	nvml.open = take(library, "nvmlErrorString", &nvml.error) &&
		    take(library, "nvmlInit_v2", &nvml.init) &&
		    take(library, "nvmlDeviceGetHandleByPciBusId_v2", &nvml.device_of) &&
		    take(library, "nvmlDeviceGetUtilizationRates", &nvml.utilization) &&
		    take(library, "nvmlDeviceGetMemoryInfo", &nvml.memory) &&
		    check(nvml.init(), "nvmlInit", nvml.why, sizeof nvml.why);
	return nvml.open;
}

void pf_nvml_sample(const char *bus, pf_nvml_load *load)
{
	nvml_device device = NULL;
	nvml_utilization busy = {0};
	nvml_memory memory = {0};
	if (!pf_nvml_open()) {
		snprintf(load->why, sizeof load->why, "%s", nvml.why);
		return;
	}
	char *why = load->why;
	if (!check(nvml.device_of(bus, &device), "the device's handle", why, sizeof load->why)) {
		return;
	}
	load->why[0] = '\0';
	if (check(nvml.utilization(device, &busy), "utilisation", why, sizeof load->why)) {
		load->busy_samples++;
		load->busy_percent += ((double)busy.gpu - load->busy_percent) / (double)load->busy_samples;
	}
	if (check(nvml.memory(device, &memory), "memory", why, sizeof load->why)) {
		load->memory_samples++;
		load->used_most_bytes = memory.used > load->used_most_bytes ? memory.used
									    : load->used_most_bytes;
		load->memory_bytes = memory.total;
	}
}
