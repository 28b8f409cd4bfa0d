/* Loaded into a program (LD_PRELOAD), it lets one allocation fail. A place is a chain of calls: the frames up
 * to the third one of our own code, by module and offset, so that it is the same in every process and run. A
 * table in a file that all processes map counts the allocations at each place; where the table names a place,
 * its Nth fails. PF_FAULT_TABLE: the file. Places without a frame of ours are neither counted nor failed. */
#include "fault_table.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRAMES = 24, OWN = 3 };

static struct fault_table *table;
static __thread bool inside __attribute__((tls_model("initial-exec")));

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

__attribute__((constructor)) static void open_table(void)
{
	const char *path = getenv("PF_FAULT_TABLE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *frames[2];
	if (fd < 0) {
		return;
	}
	inside = true;
	backtrace(frames, 2); /* the first one loads and allocates */
	inside = false;
	void *at = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	table = at == MAP_FAILED ? NULL : at;
}

/* Ours: the program, the engine's library, plug-ins that lie beside it. */
static bool is_own(const struct dl_find_object *object)
{
	const char *name = object->dlfo_link_map->l_name;
	return name[0] == '\0' || strstr(name, "photofinish") != NULL;
}

/* Where in its module. */
static uint64_t offset_of(const void *address)
{
	struct dl_find_object object;
	return _dl_find_object((char *)(uintptr_t)address - 1, &object)
		       ? 0
		       : (uint64_t)((const char *)address - (char *)object.dlfo_map_start);
}

/* The place that the caller of an allocation is at; NULL: none of ours, or no room. */
static struct fault_place *place_of(uint64_t caller)
{
	void *frames[FRAMES];
	struct fault_place seen = {0};
	uint64_t hash = 14695981039346656037u;
	int own = 0, count = backtrace(frames, FRAMES);
	for (int i = 2; i < count && own < OWN; i++) {
		struct dl_find_object object;
		if (_dl_find_object((char *)frames[i] - 1, &object)) {
			break;
		}
		uint64_t offset = (uint64_t)((char *)frames[i] - (char *)object.dlfo_map_start);
		hash = (hash ^ offset) * 1099511628211u;
		if (is_own(&object)) {
			seen.frames[own] = offset;
			seen.libraries |= (uint64_t)(object.dlfo_link_map->l_name[0] != '\0') << own++;
		}
	}
	if (!own) {
		return NULL;
	}
	hash = hash ? hash : 1;
	for (uint64_t i = 0; i < FAULT_PLACES; i++) {
		struct fault_place *place = &table->places[(hash + i) % FAULT_PLACES];
		uint64_t none = 0;
		if (atomic_compare_exchange_strong(&place->hash, &none, hash)) {
			memcpy(place->frames, seen.frames, sizeof seen.frames);
			place->libraries = seen.libraries;
			place->caller = caller;
			return place;
		}
		if (none == hash) {
			return place;
		}
	}
	return NULL;
}

static bool fails(const void *called_from)
{
	if (!table || inside) {
		return false;
	}
	uint64_t caller = offset_of(called_from);
	if (table->caller && table->caller != caller) {
		return false; /* a chain of calls takes long to look at */
	}
	inside = true;
	struct fault_place *place = place_of(caller);
	uint64_t number = place ? atomic_fetch_add(&place->count, 1) + 1 : 0;
	bool fail = place && atomic_load(&place->hash) == table->target && number == table->number;
	if (fail) {
		atomic_fetch_add(&table->failed, 1);
	}
	inside = false;
	return fail;
}

static void *none(void)
{
	errno = ENOMEM;
	return NULL;
}

void *malloc(size_t bytes)
{
	return fails(__builtin_return_address(0)) ? none() : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? none() : __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? none() : __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? none() : __libc_memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes)
{
	void *got = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, bytes);
	if (!got) {
		return ENOMEM;
	}
	*out = got;
	return 0;
}
