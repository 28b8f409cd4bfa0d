#include "harness/profile/profile_command.h"

#include <stdio.h>

static void attach(void *profiler, pid_t launcher)
{
	pf_profiler_attach(profiler, launcher, true);
}

static void tick(void *profiler)
{
	pf_profiler_tick(profiler);
}

pf_status pf_profile_command(const pf_profile_order *order, char *const *arguments,
			     const pf_timed_setting *setting, pf_timed_run *run, pf_profile **found,
			     pf_error *error)
{
	pf_profiler *profiler;
	pf_timed_setting own = *setting;
	*found = NULL;
	pf_status status = pf_profiler_open(order, &profiler, error);
	if (status != PF_OK) {
		return status;
	}
	own.environment = pf_profiler_environment(profiler);
	own.starting = attach;
	own.tick = tick;
	own.ended = NULL;
	own.context = profiler;
	status = pf_timed_command_run(arguments, &own, run, error);
	if (status == PF_OK) {
		*found = pf_profiler_finish(profiler);
		if (*found) {
			(*found)->wall_ns = run->wall_ns;
			(*found)->cpu_ns = run->user_ns + run->system_ns;
			snprintf((*found)->label, sizeof(*found)->label, "%s", arguments[0]);
		} else {
			status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a profile");
		}
	}
	pf_profiler_close(profiler);
	return status;
}
