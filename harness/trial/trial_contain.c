#include "harness/trial/trial_contain.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/registry/contained_paths.h"
#include "harness/trial/trial_shared.h"
#include "photofinish/file.h"

enum { MOST_DEVICES = 16 };

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

static void add_devices(pf_contained_paths *paths)
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

pf_status pf_trial_contain(const pf_trial_order *order, const pf_dataset *dataset, const char *plugin,
			   pf_error *error)
{
	pf_contained_paths paths = {.count = 0};
	pf_containment in_force;
	pf_contained_add(&paths, dataset->root, false);
	pf_contained_add(&paths, plugin, false);
	pf_contained_add(&paths, order->scorer.cascade_file, false);
	add_model(&paths, order->scorer.model_file);
	add_model(&paths, order->scorer.box_model_file);
	pf_contained_add_allowed(&paths, &order->allowance);
	pf_contained_add_libraries(&paths);
	if (order->allowance.allow & PF_ALLOW_DEVICES) {
		add_devices(&paths);
	}
	const pf_containment_order contain = {
		.allow = order->allowance.allow,
		.paths = paths.list,
		.path_count = paths.count,
		.protected_pid = getppid(),
		.refusals = PF_TRIAL_FD_CONTAINMENT,
	};
	pf_status status = pf_contain(&contain, &in_force, error);
	close(PF_TRIAL_FD_CONTAINMENT);
	pf_contained_free(&paths);
	return status;
}
