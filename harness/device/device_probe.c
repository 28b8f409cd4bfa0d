/* The device as a probe: what workers noted of it in their traces, and NVML's samples while one is in use.
 * What it finds is a pf_device_found. In the trial's process, stages become ranges of NVTX where a tool asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/device/device.h"
#include "harness/probe/probe.h"
#include "photofinish/gpu.h"

static pf_status open_load(pf_probe_look *look, pf_error *error)
{
	look->state = calloc(1, sizeof(pf_nvml_load));
	if (!look->state) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_nvml_open(); /* now: it takes longer than a tick may. Without a driver it is one failed dlopen */
	return PF_OK;
}

/* Nobody asks for a device that no worker has opened. */
static void sample(pf_probe_look *look)
{
	char bus[PF_DEVICE_BUS] = "";
	for (uint32_t i = 0; i <= look->workers && !bus[0]; i++) {
		memcpy(bus, look->traces[i].device.bus, sizeof bus - 1);
	}
	if (bus[0]) {
		pf_nvml_sample(bus, look->state);
	}
}

static void *collect(pf_probe_look *look)
{
	pf_device_found *found = pf_device_find(look->traces, look->workers, look->rings, look->ring_capacity,
						look->begin_ns, look->wall_ns);
	if (found) {
		found->load = *(const pf_nvml_load *)look->state;
		if (!found->load.busy_samples && !found->load.why[0]) {
			snprintf(found->load.why, sizeof found->load.why,
				 "the trial was over before the first sample");
		}
	}
	return found;
}

static void close_load(pf_probe_look *look)
{
	free(look->state);
}

static json_t *write_found(const void *found)
{
	return pf_device_json(found);
}

static void *read_found(const json_t *member)
{
	return pf_device_of(member);
}

const pf_probe pf_probe_device = {
	.member = "device",
	.enter = pf_gpu_ranges,
	.open = open_load,
	.tick = sample,
	.collect = collect,
	.close = close_load,
	.write = write_found,
	.read = read_found,
	.release = free,
};
