/* Continuous profiling of a run: a profile a minute, as files. */
#ifndef HARNESS_CONTINUOUS_PROFILE_H
#define HARNESS_CONTINUOUS_PROFILE_H

#include "harness/cli/options.h"
#include "harness/profile/profiler.h"
#include "harness/trial/trial.h"

enum { PF_CONTINUOUS_HZ = 99 };

typedef struct pf_continuous {
	const char *when, *folder; /* "always": it is wanted */
	double every_s;
	pf_profile_order order;
	uint32_t files; /* written */
	pf_error error; /* of the first that could not be */
	bool failed;
} pf_continuous;

#define PF_CONTINUOUS_DEFAULTS                                \
	{                                                     \
		.when = "never", .folder = ".", .every_s = 60 \
	}

/* Rows of an option table. */
#define PF_CONTINUOUS_ARGS(c)                                                                   \
	{"profile",                                                                             \
	 0,                                                                                     \
	 PF_ARG_CHOICE,                                                                         \
	 &(c).when,                                                                             \
	 "never|always",                                                                        \
	 "always: a pprof file of each minute of each trial (docs/profile.md; default: never)", \
	 0,                                                                                     \
	 0},                                                                                    \
		{"profile-out",                                                                 \
		 0,                                                                             \
		 PF_ARG_TEXT,                                                                   \
		 &(c).folder,                                                                   \
		 "DIR",                                                                         \
		 "where profiles are put (default: .)",                                         \
		 0,                                                                             \
		 0},                                                                            \
	{                                                                                       \
		"profile-every", 0, PF_ARG_TIME, &(c).every_s, "TIME",                          \
			"that one profile is of (default: 60 s)", 0.1, 86400                    \
	}

/* From now on the session's trials are profiled, if that is wanted; makes the folder. `label` is kept. */
pf_status pf_continuous_begin(pf_continuous *continuous, const char *label, pf_session *session,
			      pf_error *error);

/* Says how many profiles there are, and that the times are of profiled trials. The first failure to write one
 * is returned. */
pf_status pf_continuous_end(const pf_continuous *continuous, FILE *stream, pf_error *error);

#endif
