/* The machine's topology by hwloc. */
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/ask_child.h"
#include "photofinish/placement.h"

#include <hwloc.h>

pf_cpus pf_cpus_allowed(void)
{
	pf_cpus allowed = {0};
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0) {
		memcpy(&allowed, &set, sizeof allowed);
	}
	return allowed;
}

static pf_status load(hwloc_topology_t topology, const char *description, pf_error *error)
{
	int failed = 0;
	if (description) {
		failed = description[0] == '<' ? hwloc_topology_set_xmlbuffer(topology, description,
									      (int)strlen(description) + 1)
					       : hwloc_topology_set_synthetic(topology, description);
	}
	/* What asks drivers for their devices takes long, and is not needed: the buses say where they are. */
	static const char *const components[] = {"cuda", "nvml", "opencl", "gl", "rsmi", "levelzero"};
	for (size_t i = 0; i < sizeof components / sizeof *components; i++) {
		hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
					      components[i]);
	}
	hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
	if (failed || hwloc_topology_load(topology)) {
		return pf_fail_errno(error, NULL, "cannot read the topology of the processors");
	}
	return PF_OK;
}

/* Number of the object's ancestor of that type; 0 where the topology has none (a machine that hides it). */
static uint16_t number_of(hwloc_topology_t topology, hwloc_obj_t object, hwloc_obj_type_t type)
{
	hwloc_obj_t ancestor = hwloc_get_ancestor_obj_by_type(topology, type, object);
	return ancestor ? (uint16_t)ancestor->logical_index : 0;
}

/* Processors next to the first NVIDIA device; NULL: there is none. */
static hwloc_const_bitmap_t next_to_device(hwloc_topology_t topology)
{
	enum { NVIDIA = 0x10de, DISPLAY = 0x03 };
	hwloc_obj_t device = NULL;
	while ((device = hwloc_get_next_pcidev(topology, device))) {
		const struct hwloc_pcidev_attr_s *pci = &device->attr->pcidev;
		if (pci->vendor_id == NVIDIA && pci->class_id >> 8 == DISPLAY) {
			hwloc_obj_t near = hwloc_get_non_io_ancestor_obj(topology, device);
			return near ? near->cpuset : NULL;
		}
	}
	return NULL;
}

static void add_cpu(hwloc_topology_t topology, hwloc_obj_t processor, hwloc_const_bitmap_t near,
		    pf_topology *out)
{
	hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, processor);
	int node = processor->nodeset ? hwloc_bitmap_first(processor->nodeset) : -1;
	pf_cpu *cpu = &out->cpus[out->count];
	*cpu = (pf_cpu){
		.cpu = (uint16_t)processor->os_index,
		/* Where no cores are known, each processor is one. */
		.core = (uint16_t)(core ? core->logical_index : processor->logical_index),
		.socket = number_of(topology, processor, HWLOC_OBJ_PACKAGE),
		.node = (uint16_t)(node < 0 ? 0 : node),
		.near_device = near && hwloc_bitmap_isset(near, processor->os_index),
	};
	bool new_core = true, new_socket = true, new_node = true;
	for (uint32_t i = 0; i < out->count; i++) {
		cpu->sibling += out->cpus[i].core == cpu->core;
		new_core = new_core && out->cpus[i].core != cpu->core;
		new_socket = new_socket && out->cpus[i].socket != cpu->socket;
		new_node = new_node && out->cpus[i].node != cpu->node;
	}
	out->count++;
	out->cores += new_core;
	out->sockets += new_socket;
	out->nodes += new_node;
}

static pf_status read_here(const char *description, const pf_cpus *allowed, pf_topology *out, pf_error *error)
{
	pf_cpus own = pf_cpus_allowed();
	hwloc_topology_t topology;
	*out = (pf_topology){0};
	allowed = allowed ? allowed : &own;
	if (hwloc_topology_init(&topology)) {
		return pf_fail_errno(error, NULL, "cannot read the topology of the processors");
	}
	pf_status status = load(topology, description, error);
	hwloc_obj_t processor = NULL;
	hwloc_const_bitmap_t near = status == PF_OK ? next_to_device(topology) : NULL;
	while (status == PF_OK &&
	       (processor = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, processor))) {
		if (pf_cpus_has(allowed, processor->os_index)) {
			add_cpu(topology, processor, near, out);
		}
	}
	hwloc_topology_destroy(topology);
	if (status == PF_OK && out->count == 0) {
		status = pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
				 "the topology has no processor that this process may use");
	}
	return status;
}

typedef struct question {
	const char *description;
	const pf_cpus *allowed;
} question;

typedef struct answer {
	pf_status status;
	pf_error error;
	pf_topology topology;
} answer;

static void ask_hwloc(const void *context, void *out)
{
	const question *asked = context;
	answer *found = out;
	found->status = read_here(asked->description, asked->allowed, &found->topology, &found->error);
}

/* hwloc 2.9 writes to what it could not allocate: it works in a child, which may die. */
pf_status pf_topology_read(const char *description, const pf_cpus *allowed, pf_topology *out, pf_error *error)
{
	const question asked = {description, allowed};
	answer found;
	pf_error why;
	*out = (pf_topology){0};
	pf_status status = pf_ask_child(ask_hwloc, &asked, &found, sizeof found, &why);
	if (status != PF_OK) {
		return pf_fail(error, status, NULL, "cannot read the topology of the processors: %s",
			       status == PF_ERR_CRASHED ? "hwloc crashed" : why.message);
	}
	*out = found.topology;
	if (found.status != PF_OK && error) {
		*error = found.error;
	}
	return found.status;
}
