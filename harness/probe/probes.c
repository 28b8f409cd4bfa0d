#include "harness/probe/probe.h"

#define PROBE(name) &pf_probe_##name,

static const pf_probe *const probes[PF_PROBE_COUNT] = {PF_PROBE_LIST(PROBE)};

/* Closes the first `count`. */
static void close_some(pf_probe_look *looks, int count)
{
	while (count-- > 0) {
		if (looks[count].open && probes[count]->close) {
			probes[count]->close(&looks[count]);
		}
		looks[count].open = false;
	}
}

pf_status pf_probes_open(pf_probe_look *looks, const void *const *asked, const pf_trace *traces,
			 uint32_t workers, pf_error *error)
{
	pf_status status = PF_OK;
	for (int i = 0; i < PF_PROBE_COUNT && status == PF_OK; i++) {
		looks[i] = (pf_probe_look){.asked = asked[i], .traces = traces, .workers = workers};
		if (probes[i]->on_request && !asked[i]) {
			continue;
		}
		status = probes[i]->open ? probes[i]->open(&looks[i], error) : PF_OK;
		looks[i].open = status == PF_OK;
		if (status != PF_OK) {
			close_some(looks, i);
		}
	}
	return status;
}

char **pf_probes_environment(const pf_probe_look *looks)
{
	char **environment = NULL;
	for (int i = 0; i < PF_PROBE_COUNT && !environment; i++) {
		environment = looks[i].open && probes[i]->environment ? probes[i]->environment(&looks[i])
								      : NULL;
	}
	return environment;
}

void pf_probes_enter(void)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		if (probes[i]->enter) {
			probes[i]->enter();
		}
	}
}

void pf_probes_begin(pf_probe_look *looks, pid_t group, uint64_t begin_ns)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		looks[i].group = group;
		looks[i].begin_ns = begin_ns;
		if (looks[i].open && probes[i]->begin) {
			probes[i]->begin(&looks[i]);
		}
	}
}

int pf_probes_wait_ms(const pf_probe_look *looks, int most)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		most = looks[i].open && probes[i]->wait_ms ? probes[i]->wait_ms(&looks[i], most) : most;
	}
	return most;
}

void pf_probes_tick(pf_probe_look *looks, bool woken)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		if (looks[i].open && probes[i]->tick && woken == (probes[i]->wait_ms != NULL)) {
			probes[i]->tick(&looks[i]);
		}
	}
}

void pf_probes_collect(pf_probe_look *looks, void **found)
{
	for (int i = PF_PROBE_COUNT; i-- > 0;) {
		found[i] = looks[i].open && probes[i]->collect ? probes[i]->collect(&looks[i]) : NULL;
	}
}

void pf_probes_close(pf_probe_look *looks)
{
	close_some(looks, PF_PROBE_COUNT);
}

void pf_probes_write(json_t *trial, void *const *found)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		if (probes[i]->member) {
			json_object_set_new(trial, probes[i]->member, probes[i]->write(found[i]));
		}
	}
}

void pf_probes_read(const json_t *trial, void **found)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		found[i] = probes[i]->member ? probes[i]->read(json_object_get(trial, probes[i]->member))
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
