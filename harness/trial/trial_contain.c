#include "harness/trial/trial_contain.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/registry/contained_paths.h"
#include "harness/trial/trial_shared.h"

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
		pf_contained_add_devices(&paths);
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
