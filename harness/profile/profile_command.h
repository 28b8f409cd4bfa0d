/* A profile of any command. */
#ifndef HARNESS_PROFILE_COMMAND_H
#define HARNESS_PROFILE_COMMAND_H

#include "harness/base/timed_command.h"
#include "harness/profile/profiler.h"

/* Runs arguments[0] as pf_timed_command_run does (setting's environment, starting, tick, ended and context
 * are set here), and takes samples of it and of all that it starts. The caller releases and frees *found. */
pf_status pf_profile_command(const pf_profile_order *order, char *const *arguments,
			     const pf_timed_setting *setting, pf_timed_run *run, pf_profile **found,
			     pf_error *error);

#endif
