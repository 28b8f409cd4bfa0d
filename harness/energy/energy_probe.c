/* Energy as a probe: the whole machine's, read beside every trial. What it finds is a pf_energy. */
#include <stdlib.h>

#include "harness/energy/energy.h"
#include "harness/energy/energy_json.h"
#include "harness/probe/probe.h"

static pf_status open_meter(pf_probe_look *look, pf_error *error)
{
	look->state = calloc(1, sizeof(pf_energy_meter));
	if (!look->state) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_energy_start(look->state, PF_SYSFS);
	return PF_OK;
}

static void update(pf_probe_look *look)
{
	pf_energy_update(look->state, false);
}

static void *collect(pf_probe_look *look)
{
	pf_energy *energy = calloc(1, sizeof *energy);
	if (energy) {
		pf_energy_stop(look->state, energy);
		free(look->state);
		look->state = NULL;
	}
	return energy;
}

static void close_meter(pf_probe_look *look)
{
	pf_energy unused;
	if (look->state) { /* not collected: it may hold descriptors */
		pf_energy_stop(look->state, &unused);
		free(look->state);
	}
}

static json_t *write_energy(const void *energy)
{
	static const pf_energy none;
	return pf_energy_json(energy ? energy : &none);
}

static void *read_energy(const json_t *member)
{
	pf_energy *energy = calloc(1, sizeof *energy);
	if (energy) {
		pf_energy_of(member, energy);
	}
	return energy;
}

const pf_probe pf_probe_energy = {
	.member = "energy",
	.open = open_meter,
	.tick = update,
	.collect = collect,
	.close = close_meter,
	.write = write_energy,
	.read = read_energy,
	.release = free,
};
