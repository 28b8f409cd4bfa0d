#include "harness/registry/contained_paths.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void pf_contained_add(pf_contained_paths *paths, const char *path, bool writable)
{
	if (path && path[0] && paths->count < PF_CONTAINED_PATHS) {
		paths->list[paths->count++] = (pf_contained_path){path, writable};
	}
}

void pf_contained_add_part(pf_contained_paths *paths, const char *path, size_t length, bool writable)
{
	char *part = paths->owned_count < PF_CONTAINED_PATHS && length ? strndup(path, length) : NULL;
	if (part) {
		paths->owned[paths->owned_count++] = part;
		pf_contained_add(paths, part, writable);
	}
}

void pf_contained_add_libraries(pf_contained_paths *paths)
{
	Dl_info info;
	const char *searched = getenv("LD_LIBRARY_PATH");
	while (searched && *searched) {
		size_t length = strcspn(searched, ":");
		pf_contained_add_part(paths, searched, length, false);
		searched += length + (searched[length] == ':');
	}
	if (dladdr((void *)(uintptr_t)pf_containment_look, &info) && info.dli_fname) {
		const char *slash = strrchr(info.dli_fname, '/');
		pf_contained_add_part(paths, info.dli_fname, slash ? (size_t)(slash - info.dli_fname) : 0,
				      false);
	}
}

void pf_contained_add_allowed(pf_contained_paths *paths, const pf_allowance *allowance)
{
	for (const char *at = allowance->paths; *at; at += strlen(at) + 1) {
		pf_contained_add(paths, at + 1, *at == 'w');
	}
}

void pf_contained_free(pf_contained_paths *paths)
{
	for (size_t i = 0; i < paths->owned_count; i++) {
		free(paths->owned[i]);
	}
	*paths = (pf_contained_paths){.count = 0};
}
