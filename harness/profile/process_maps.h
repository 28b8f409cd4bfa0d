/* Which file lies where in the memory of which process: turns an address into a place in a file. */
#ifndef HARNESS_PROCESS_MAPS_H
#define HARNESS_PROCESS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum pf_object_kind {
	PF_OBJECT_UNKNOWN, /* nothing that is known: an address */
	PF_OBJECT_KERNEL,  /* an address */
	PF_OBJECT_MADE,    /* code made at run time by the process `pid`: an address */
	PF_OBJECT_FILE,    /* a place in the file `path` */
	PF_OBJECT_OTHER,   /* [vdso] and the like */
} pf_object_kind;

typedef struct pf_object {
	pf_object_kind kind;
	char *path; /* "" where there is none */
	int32_t pid;
} pf_object;

/* A place: an object's index in the upper 16 bits, where in it in the others. */
typedef uint64_t pf_place_in_object;

#define PF_OBJECT_OF(place) ((uint32_t)((place) >> 48))
#define PF_OFFSET_OF(place) ((place)&0xffffffffffffu)

typedef struct pf_mapping {
	uint64_t begin, end, offset;
	uint32_t object;
} pf_mapping;

typedef struct pf_mapped_process {
	int32_t pid;
	uint32_t misses;      /* addresses that no mapping had: its maps are read again, ever more seldom */
	pf_mapping *mappings; /* later ones replace those that they overlap */
	size_t count, capacity;
} pf_mapped_process;

typedef struct pf_maps {
	pf_object *objects; /* the first ones are the unknown and the kernel */
	size_t object_count, object_capacity;
	pf_mapped_process *processes;
	size_t process_count, process_capacity;
} pf_maps;

/* Zeroed is empty. Without memory things stay unknown. One thread. */
void pf_maps_release(pf_maps *maps);

/* Reads /proc/PID/maps; false where the process is gone, or may not be looked at. */
bool pf_maps_read(pf_maps *maps, int32_t pid);

/* What the kernel told: a new process, another program in it, a new mapping. */
void pf_maps_fork(pf_maps *maps, int32_t parent, int32_t child);
void pf_maps_exec(pf_maps *maps, int32_t pid);
void pf_maps_add(pf_maps *maps, int32_t pid, uint64_t begin, uint64_t length, uint64_t offset,
		 const char *path);

/* Where an address of a process lies; where that is not known yet, the process is looked at. */
pf_place_in_object pf_maps_find(pf_maps *maps, int32_t pid, uint64_t address);

#endif
