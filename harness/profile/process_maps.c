#include "harness/profile/process_maps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_BEGIN 0x8000000000000000u
#define PROCESSES_MOST 65536u
#define OBJECTS_MOST 65535u

/* The array with room for one more; NULL without memory. */
static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity) {
		return array;
	}
	size_t wanted = *capacity ? 2 * *capacity : 16;
	void *larger = reallocarray(array, wanted, size);
	*capacity = larger ? wanted : *capacity;
	return larger;
}

static uint32_t object_of(pf_maps *maps, pf_object_kind kind, const char *path, int32_t pid)
{
	static const pf_object_kind first[] = {PF_OBJECT_UNKNOWN, PF_OBJECT_KERNEL};
	for (size_t i = maps->object_count; i-- > 0;) {
		const pf_object *object = &maps->objects[i];
		if (object->kind == kind && object->pid == pid && strcmp(object->path, path) == 0) {
			return (uint32_t)i;
		}
	}
	while (maps->object_count < OBJECTS_MOST) {
		size_t at = maps->object_count;
		pf_object *objects = grown(maps->objects, at, &maps->object_capacity, sizeof *maps->objects);
		bool fixed = at < sizeof first / sizeof *first;
		char *copy = objects ? strdup(fixed ? "" : path) : NULL;
		maps->objects = objects ? objects : maps->objects;
		if (!copy) {
			return 0;
		}
		objects[at] = (pf_object){
			.kind = fixed ? first[at] : kind, .path = copy, .pid = fixed ? 0 : pid};
		maps->object_count++;
		if (!fixed || (first[at] == kind && !path[0])) {
			return (uint32_t)at;
		}
	}
	return 0;
}

static pf_mapped_process *process_of(const pf_maps *maps, int32_t pid)
{
	for (size_t i = maps->process_count; i-- > 0;) {
		if (maps->processes[i].pid == pid) {
			return &maps->processes[i];
		}
	}
	return NULL;
}

static pf_mapped_process *process_made(pf_maps *maps, int32_t pid)
{
	pf_mapped_process *process = process_of(maps, pid);
	if (process || maps->process_count == PROCESSES_MOST) {
		return process;
	}
	pf_mapped_process *processes = grown(maps->processes, maps->process_count, &maps->process_capacity,
					     sizeof *processes);
	if (!processes) {
		return NULL;
	}
	maps->processes = processes;
	processes[maps->process_count] = (pf_mapped_process){.pid = pid};
	return &processes[maps->process_count++];
}

static void add(pf_mapped_process *process, const pf_mapping *mapping)
{
	pf_mapping *mappings = grown(process->mappings, process->count, &process->capacity, sizeof *mappings);
	if (mappings) {
		process->mappings = mappings;
		mappings[process->count++] = *mapping;
	}
}

static uint32_t object_at(pf_maps *maps, int32_t pid, const char *path)
{
	bool made = !path[0] || strncmp(path, "//anon", 6) == 0 || strncmp(path, "[anon", 5) == 0 ||
		    strncmp(path, "/memfd:", 7) == 0 || strcmp(path, "[heap]") == 0 ||
		    strcmp(path, "[stack]") == 0;
	return made             ? object_of(maps, PF_OBJECT_MADE, "", pid)
	       : path[0] == '/' ? object_of(maps, PF_OBJECT_FILE, path, 0)
				: object_of(maps, PF_OBJECT_OTHER, path, 0);
}

bool pf_maps_read(pf_maps *maps, int32_t pid)
{
	char name[64], *line = NULL;
	size_t capacity = 0;
	snprintf(name, sizeof name, "/proc/%" PRId32 "/maps", pid);
	FILE *file = fopen(name, "re");
	pf_mapped_process *process = file ? process_made(maps, pid) : NULL;
	size_t before = process ? process->count : 0;
	while (process && getline(&line, &capacity, file) > 0) {
		uint64_t begin, end, offset;
		char rights[8];
		int path = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &begin, &end, rights,
			   &offset, &path) == 4 &&
		    path && rights[2] == 'x') {
			line[strcspn(line, "\n")] = '\0';
			add(process, &(pf_mapping){begin, end, offset, object_at(maps, pid, line + path)});
		}
	}
	free(line);
	if (file) {
		fclose(file);
	}
	if (process && process->count > before) { /* one that is ending has none */
		memmove(process->mappings, process->mappings + before,
			(process->count - before) * sizeof *process->mappings);
		process->count -= before;
		return true;
	}
	return false;
}

void pf_maps_fork(pf_maps *maps, int32_t parent, int32_t child)
{
	pf_mapped_process *made = parent == child ? NULL : process_made(maps, child);
	const pf_mapped_process *from = process_of(maps, parent);
	if (!made || !from) {
		return;
	}
	made->count = 0; /* a number that was another's before */
	made->misses = 0;
	for (size_t i = 0; i < from->count; i++) {
		add(made, &from->mappings[i]);
	}
}

void pf_maps_exec(pf_maps *maps, int32_t pid)
{
	pf_mapped_process *process = process_made(maps, pid);
	if (process) {
		process->count = 0;
		process->misses = 0;
	}
}

void pf_maps_add(pf_maps *maps, int32_t pid, uint64_t begin, uint64_t length, uint64_t offset,
		 const char *path)
{
	pf_mapped_process *process = process_made(maps, pid);
	if (process) {
		add(process, &(pf_mapping){begin, begin + length, offset, object_at(maps, pid, path)});
	}
}

static const pf_mapping *mapping_of(const pf_mapped_process *process, uint64_t address)
{
	for (size_t i = process ? process->count : 0; i-- > 0;) { /* the latest is what is there */
		if (address >= process->mappings[i].begin && address < process->mappings[i].end) {
			return &process->mappings[i];
		}
	}
	return NULL;
}

static pf_place_in_object place(uint32_t object, uint64_t offset)
{
	return (uint64_t)object << 48 | PF_OFFSET_OF(offset);
}

pf_place_in_object pf_maps_find(pf_maps *maps, int32_t pid, uint64_t address)
{
	if (address >= KERNEL_BEGIN) {
		return place(object_of(maps, PF_OBJECT_KERNEL, "", 0), address);
	}
	pf_mapped_process *process = process_made(maps, pid);
	const pf_mapping *mapping = mapping_of(process, address);
	if (process && !mapping) {
		uint32_t misses = ++process->misses;
		bool look = (misses & (misses - 1)) == 0; /* 1, 2, 4, 8, ... */
		mapping = look && pf_maps_read(maps, pid) ? mapping_of(process, address) : NULL;
	}
	if (!mapping) {
		return place(object_of(maps, PF_OBJECT_MADE, "", pid), address);
	}
	bool in_file = maps->objects[mapping->object].kind == PF_OBJECT_FILE;
	return place(mapping->object, in_file ? address - mapping->begin + mapping->offset : address);
}

void pf_maps_release(pf_maps *maps)
{
	for (size_t i = 0; i < maps->object_count; i++) {
		free(maps->objects[i].path);
	}
	for (size_t i = 0; i < maps->process_count; i++) {
		free(maps->processes[i].mappings);
	}
	free(maps->objects);
	free(maps->processes);
	*maps = (pf_maps){0};
}
