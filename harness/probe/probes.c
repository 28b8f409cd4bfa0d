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

size_t pf_probes_place(const void *const *asked, uint32_t workers, size_t bytes, uint64_t *offsets)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		size_t wanted = asked[i] && probes[i]->shared_bytes
					? probes[i]->shared_bytes(asked[i], workers)
					: 0;
		size_t begin = (bytes + 63) / 64 * 64;
		offsets[i] = wanted ? begin : 0;
		bytes = wanted ? begin + wanted : bytes;
	}
	return bytes;
}

static void *part_of(void *block, uint64_t offset)
{
	return offset ? (char *)block + offset : NULL;
}

pf_status pf_probes_open(pf_probe_look *looks, const void *const *asked, void *block, const uint64_t *offsets,
			 const pf_probe_traces *traces, pf_error *error)
{
	pf_status status = PF_OK;
	for (int i = 0; i < PF_PROBE_COUNT && status == PF_OK; i++) {
		looks[i] = (pf_probe_look){.asked = asked[i],
					   .shared = part_of(block, offsets[i]),
					   .traces = traces->traces,
					   .rings = traces->rings,
					   .ring_capacity = traces->ring_capacity,
					   .workers = traces->workers};
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

void pf_probes_start(void *block, const uint64_t *offsets, const pf_trace *traces, uint32_t workers)
{
	for (int i = 0; i < PF_PROBE_COUNT; i++) {
		if (offsets[i] && probes[i]->start) {
			probes[i]->start(part_of(block, offsets[i]), traces, workers);
		}
	}
}

void pf_probes_stop(void *block, const uint64_t *offsets)
{
	for (int i = PF_PROBE_COUNT; i-- > 0;) {
		if (offsets[i] && probes[i]->stop) {
			probes[i]->stop(part_of(block, offsets[i]));
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

void pf_probes_collect(pf_probe_look *looks, uint64_t wall_ns, void **found)
{
	for (int i = PF_PROBE_COUNT; i-- > 0;) {
		looks[i].wall_ns = wall_ns;
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
