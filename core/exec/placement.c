/* The choice of a place for each worker: pure functions on a topology. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "photofinish/placement.h"

#define PF_PLACEMENT_NAME(constant, name) name,
static const char *const kind_names[] = {PF_PLACEMENT_LIST(PF_PLACEMENT_NAME)};

const char *pf_placement_name(pf_placement_kind kind)
{
	return kind_names[kind];
}

uint32_t pf_cpus_count(const pf_cpus *cpus)
{
	uint32_t count = 0;
	for (size_t i = 0; i < PF_MAX_CPUS / 64; i++) {
		count += (uint32_t)__builtin_popcountll(cpus->bits[i]);
	}
	return count;
}

char *pf_cpus_text(const pf_cpus *cpus, char *out, size_t capacity)
{
	size_t used = 0;
	out[0] = '\0';
	for (uint32_t cpu = 0; cpu < PF_MAX_CPUS; cpu++) {
		if (!pf_cpus_has(cpus, cpu)) {
			continue;
		}
		uint32_t last = cpu;
		while (pf_cpus_has(cpus, last + 1)) {
			last++;
		}
		char part[32];
		int length = last > cpu ? snprintf(part, sizeof part, "%s%u-%u", used ? "," : "", cpu, last)
					: snprintf(part, sizeof part, "%s%u", used ? "," : "", cpu);
		if (used + (size_t)length + 4 >
		    capacity) { /* room for the dots as long as something follows */
			memcpy(out + used, "...", 4);
			break;
		}
		memcpy(out + used, part, (size_t)length + 1);
		used += (size_t)length;
		cpu = last;
	}
	return out;
}

static void add(pf_placement *placement, uint32_t cpu, uint32_t place)
{
	placement->cpus[placement->count].cpu = (uint16_t)cpu;
	placement->cpus[placement->count].place = (uint16_t)place;
	placement->count++;
}

/* The first allowed processor of every core, then the second ones; of all, or of those next to the device. */
static void choose_cores(const pf_topology *topology, bool near_device, pf_placement *out)
{
	uint32_t seen = 0;
	for (uint16_t sibling = 0; seen < topology->count; sibling++) {
		for (uint32_t i = 0; i < topology->count; i++) {
			bool now = topology->cpus[i].sibling == sibling;
			seen += now;
			if (now && (!near_device || topology->cpus[i].near_device)) {
				add(out, topology->cpus[i].cpu, out->places++);
			}
		}
	}
}

static pf_status choose_near_device(const pf_topology *topology, pf_placement *out, pf_error *error)
{
	choose_cores(topology, true, out);
	return out->places ? PF_OK
			   : pf_fail(error, PF_ERR_USAGE, NULL,
				     "--placement device: no NVIDIA device is seen on the PCI buses that the "
				     "processors of this process are next to");
}

static void choose_sockets(const pf_topology *topology, pf_placement *out)
{
	for (uint32_t i = 0; i < topology->count; i++) {
		uint32_t place = out->places;
		for (uint32_t k = 0; k < i && place == out->places; k++) {
			if (topology->cpus[k].socket == topology->cpus[i].socket) {
				place = out->cpus[k].place;
			}
		}
		out->places += place == out->places;
		add(out, topology->cpus[i].cpu, place);
	}
}

static const pf_cpu *find(const pf_topology *topology, unsigned long cpu)
{
	for (uint32_t i = 0; i < topology->count; i++) {
		if (topology->cpus[i].cpu == cpu) {
			return &topology->cpus[i];
		}
	}
	return NULL;
}

static pf_status add_given(const pf_topology *topology, unsigned long cpu, pf_placement *out, pf_error *error)
{
	if (!find(topology, cpu)) {
		pf_cpus allowed = {0};
		char text[128];
		for (uint32_t i = 0; i < topology->count; i++) {
			pf_cpus_add(&allowed, topology->cpus[i].cpu);
		}
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "--placement: processor %lu is not among those that this process may use (%s)",
			       cpu, pf_cpus_text(&allowed, text, sizeof text));
	}
	for (uint32_t i = 0; i < out->count; i++) {
		if (out->cpus[i].cpu == cpu) {
			return pf_fail(error, PF_ERR_USAGE, NULL, "--placement: processor %lu stands twice",
				       cpu);
		}
	}
	add(out, (uint32_t)cpu, out->places++);
	return PF_OK;
}

/* Reads a number below 2^20 and moves on; false where there is none. */
static bool read_number(const char **text, unsigned long *number)
{
	char *end;
	if (**text < '0' || **text > '9') {
		return false;
	}
	*number = strtoul(*text, &end, 10);
	*text = end;
	return *number < 1ul << 20;
}

static pf_status choose_given(const pf_topology *topology, const char *text, pf_placement *out,
			      pf_error *error)
{
	const char *at = text;
	pf_status status = PF_OK;
	do {
		unsigned long first = 0, last;
		bool good = read_number(&at, &first);
		last = first;
		if (good && *at == '-') {
			at++;
			good = read_number(&at, &last) && last >= first;
		}
		if (!good || (*at && *at != ',')) {
			return pf_fail(
				error, PF_ERR_USAGE, NULL,
				"--placement takes cores, sockets, device, none or a list of processors as 0,2,4-7, not \"%s\"",
				text);
		}
		for (unsigned long cpu = first; cpu <= last && status == PF_OK; cpu++) {
			status = add_given(topology, cpu, out, error);
		}
	} while (status == PF_OK && *at++ == ',');
	return status;
}

pf_status pf_placement_choose(const pf_topology *topology, const char *text, pf_placement *out,
			      pf_error *error)
{
	*out = (pf_placement){.kind = PF_PLACEMENT_GIVEN};
	for (int kind = 0; kind < PF_PLACEMENT_GIVEN; kind++) {
		out->kind = strcmp(text, kind_names[kind]) == 0 ? (pf_placement_kind)kind : out->kind;
	}
	pf_status status = PF_OK;
	if (out->kind == PF_PLACEMENT_CORES) {
		choose_cores(topology, false, out);
	} else if (out->kind == PF_PLACEMENT_SOCKETS) {
		choose_sockets(topology, out);
	} else if (out->kind == PF_PLACEMENT_DEVICE) {
		status = choose_near_device(topology, out, error);
	} else if (out->kind == PF_PLACEMENT_GIVEN) {
		status = choose_given(topology, text, out, error);
	}
	for (uint32_t i = 0; i < out->count && status == PF_OK; i++) {
		bool first = true;
		for (uint32_t k = 0; k < i && first; k++) {
			first = find(topology, out->cpus[k].cpu)->core !=
				find(topology, out->cpus[i].cpu)->core;
		}
		out->cores += first;
	}
	return status;
}

pf_cpus pf_placement_place(const pf_placement *placement, uint32_t worker)
{
	pf_cpus cpus = {0};
	for (uint32_t i = 0; i < placement->count; i++) {
		if (placement->cpus[i].place == worker % placement->places) {
			pf_cpus_add(&cpus, placement->cpus[i].cpu);
		}
	}
	return cpus;
}
