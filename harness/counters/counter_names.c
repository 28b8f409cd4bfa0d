/* Events by the names that libpfm4 has for them, where it was built in. */
#include <stdio.h>
#include <string.h>

#include "harness/counters/counters.h"
#include "photofinish/file.h"

#ifdef PF_WITH_PFM
#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>

/* True if it has a table of this processor's own events, beside the kernel's generic ones. */
static bool knows_processor(void)
{
	for (int i = PFM_PMU_NONE; i < PFM_PMU_MAX; i++) {
		pfm_pmu_info_t info = {.size = sizeof info};
		if (pfm_get_pmu_info((pfm_pmu_t)i, &info) == PFM_SUCCESS && info.is_present &&
		    info.type == PFM_PMU_TYPE_CORE) {
			return true;
		}
	}
	return false;
}

pf_status pf_counter_event_by_name(const char *name, pf_counter_event *event, pf_error *error)
{
	char shown[4 * PF_COUNTER_NAME];
	struct perf_event_attr attributes = {.size = sizeof attributes};
	pfm_perf_encode_arg_t encoding = {.attr = &attributes, .size = sizeof encoding};
	int code = pfm_initialize();
	if (code == PFM_SUCCESS) {
		code = pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT, &encoding);
	}
	if (code != PFM_SUCCESS) {
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"\"%s\" is no counter: neither a group (cycles, instructions, cache, branch, tlb, topdown, "
			"software) nor an event for libpfm4: %s%s",
			pf_escape(name, shown, sizeof shown), pfm_strerror(code),
			knows_processor() ? "" : " (it has no table of this machine's processor)");
	}
	event->type = attributes.type;
	event->config = attributes.config;
	event->config1 = attributes.config1;
	event->config2 = attributes.config2;
	event->exclude_user = attributes.exclude_user;
	event->exclude_kernel = attributes.exclude_kernel;
	return PF_OK;
}
#else
pf_status pf_counter_event_by_name(const char *name, pf_counter_event *event, pf_error *error)
{
	char shown[4 * PF_COUNTER_NAME];
	(void)event;
	return pf_fail(
		error, PF_ERR_USAGE, NULL,
		"\"%s\" is no counter: not a group (cycles, instructions, cache, branch, tlb, topdown, software), "
		"and this build knows no other names (libpfm4 was not there)",
		pf_escape(name, shown, sizeof shown));
}
#endif
