#include "harness/probe/probe.h"

#define PROBE(name) &pf_probe_##name,

static const pf_probe *const probes[PF_PROBE_COUNT] = {PF_PROBE_LIST(PROBE)};

/* Closes the first `count`. */
static void close_some(pf_probe_look *looks, int count)
{
	while (count-- > 0) {
		if (probes[count]->close) {
			probes[count]->close(&looks[count]);
		}
	}
}

pf_status pf_probes_open(pf_probe_look *looks, pf_error *error)
{
	pf_status status = PF_OK;
	for (int i = 0; i < PF_PROBE_COUNT && status == PF_OK; i++) {
		looks[i] = (pf_probe_look){0};
		status = probes[i]->open ? probes[i]->open(&looks[i], error) : PF_OK;
		if (status != PF_OK) {
			close_some(looks, i);
		}
	}
	return status;
}

void pf_probes_tick(pf_probe_look *looks)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		if (probes[i]->tick) {
			probes[i]->tick(&looks[i]);
		}
	}
}

void pf_probes_collect(pf_probe_look *looks, void **found)
{
	for (int i = PF_PROBE_COUNT; i-- > 0;) {
		found[i] = probes[i]->collect ? probes[i]->collect(&looks[i]) : NULL;
	}
}

void pf_probes_close(pf_probe_look *looks)
{
	close_some(looks, PF_PROBE_COUNT);
}

void pf_probes_write(json_t *trial, void *const *found)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		if (probes[i]->write) {
			json_object_set_new(trial, probes[i]->member, probes[i]->write(found[i]));
		}
	}
}

void pf_probes_read(const json_t *trial, void **found)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		found[i] = probes[i]->read ? probes[i]->read(json_object_get(trial, probes[i]->member))
					   : NULL;
	}
}

void pf_probes_release(void **found)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		if (probes[i]->release) {
			probes[i]->release(found[i]);
		}
		found[i] = NULL;
	}
}
