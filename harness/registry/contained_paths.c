#include "harness/registry/contained_paths.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/file.h"

enum { MOST_DEVICES = 16 };

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
	const char *searched = getenv("LD_LIBRARY_PATH");
	while (searched && *searched) {
		size_t length = strcspn(searched, ":");
		pf_contained_add_part(paths, searched, length, false);
		searched += length + (searched[length] == ':');
	}
	char folder[PATH_MAX];
	if (pf_own_folder(folder, sizeof folder)) {
		pf_contained_add_part(paths, folder, strlen(folder), false);
	}
}

/* A network, and beside it under the same name its card and the ranges for 8 bits. */
static void add_model(pf_contained_paths *paths, const char *file)
{
	static const char *const beside[] = {".yaml", ".bytes.yaml"};
	char path[PATH_MAX];
	const char *dot = strrchr(file, '.');
	pf_contained_add(paths, file, false);
	for (size_t i = 0; dot && !strchr(dot, '/') && i < sizeof beside / sizeof *beside; i++) {
		if (snprintf(path, sizeof path, "%.*s%s", (int)(dot - file), file, beside[i]) <
		    (int)sizeof path) {
			pf_contained_add_part(paths, path, strlen(path), false);
		}
	}
}

void pf_contained_add_models(pf_contained_paths *paths, const pf_scorer_config *config)
{
	add_model(paths, config->model_file);
	add_model(paths, config->box_model_file);
	pf_contained_add(paths, config->cascade_file, false);
}

void pf_contained_add_names(pf_contained_paths *paths)
{
	static const char *const files[] = {"/etc/hosts", "/etc/host.conf", "/etc/resolv.conf",
					    "/etc/nsswitch.conf", "/etc/gai.conf"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		pf_contained_add(paths, files[i], false);
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

void pf_contained_add_devices(pf_contained_paths *paths)
{
	static const char *const always[] = {"/dev/dri",       "/dev/nvidia-caps", "/dev/shm",
					     "/dev/nvidiactl", "/dev/nvidia-uvm",  "/dev/nvidia-uvm-tools"};
	for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
		pf_contained_add(paths, always[i], true);
	}
	char kept[PATH_MAX]; /* by cuDNN's backend */
	if (pf_cache_folder("cudnn-plans", kept, sizeof kept) && pf_make_folders(kept, NULL) == PF_OK) {
		pf_contained_add_part(paths, kept, strlen(kept), true);
	}
	for (int i = 0; i < MOST_DEVICES; i++) {
		char path[32];
		snprintf(path, sizeof path, "/dev/nvidia%d", i);
		pf_contained_add_part(paths, path, strlen(path), true);
	}
}

pf_status pf_contained_enter(pf_contained_paths *paths, uint32_t allow, pf_error *error)
{
	pf_containment in_force;
	const pf_containment_order order = {.allow = allow,
					    .paths = paths->list,
					    .path_count = paths->count,
					    .protected_pid = getppid(),
					    .refusals = -1};
	pf_status status = pf_contain(&order, &in_force, error);
	pf_contained_free(paths);
	return status;
}
