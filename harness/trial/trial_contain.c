#include "harness/trial/trial_contain.h"

#include <unistd.h>

#include "harness/registry/contained_paths.h"
#include "harness/trial/trial_shared.h"

pf_status pf_trial_contain(const pf_trial_order *order, const pf_dataset *dataset, const char *plugin,
			   pf_error *error)
{
	pf_contained_paths paths = {.count = 0};
	pf_containment in_force;
	pf_contained_add(&paths, dataset->root, false);
	pf_contained_add(&paths, plugin, false);
	pf_contained_add_models(&paths, &order->scorer);
	pf_contained_add_allowed(&paths, &order->allowance);
	pf_contained_add_libraries(&paths);
	if (order->folder[0]) { /* where a server is may be said by a name */
		pf_contained_add_names(&paths);
	}
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
