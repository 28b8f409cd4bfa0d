/* What profiles of variants and of commands have in common on the command line. */
#ifndef HARNESS_PROFILE_DELIVERY_H
#define HARNESS_PROFILE_DELIVERY_H

#include "harness/cli/options.h"
#include "harness/profile/profiler.h"

typedef struct pf_profile_choice {
	uint32_t hz, rounds; /* 0: the default */
	const char *method, *folder;
	bool show_output;
} pf_profile_choice;

#define PF_PROFILE_DEFAULTS                \
	{                                  \
		.hz = 99, .method = "auto" \
	}

/* Rows of an option table. */
#define PF_PROFILE_ARGS(c)                                                                                     \
	{"hz",                                                                                                 \
	 0,                                                                                                    \
	 PF_ARG_COUNT,                                                                                         \
	 &(c).hz,                                                                                              \
	 "HZ",                                                                                                 \
	 "samples a second of CPU time of each thread (default: 99)",                                          \
	 1,                                                                                                    \
	 PF_PROFILE_HZ_MOST},                                                                                  \
		{"rounds",                                                                                     \
		 'r',                                                                                          \
		 PF_ARG_COUNT,                                                                                 \
		 &(c).rounds,                                                                                  \
		 "R",                                                                                          \
		 "profiled runs, from 2 on each with one that is not, which tells the cost (default: 3, of a " \
		 "command 1)",                                                                                 \
		 1,                                                                                            \
		 1000},                                                                                        \
		{"out",       'o',                                                                             \
		 PF_ARG_TEXT, &(c).folder,                                                                     \
		 "DIR",       "write flame.svg, stacks.folded, speedscope.json and profile.pb.gz there",       \
		 0,           0},                                                                              \
		{"method",                                                                                     \
		 0,                                                                                            \
		 PF_ARG_CHOICE,                                                                                \
		 &(c).method,                                                                                  \
		 "auto|perf|timers",                                                                           \
		 "how samples are taken: by perf events, or by timers of a preloaded object (default: auto)",  \
		 0,                                                                                            \
		 0},                                                                                           \
	{                                                                                                      \
		"show-output", 0, PF_ARG_FLAG, &(c).show_output, NULL, "show what a command prints", 0, 0      \
	}

/* `method` and `hz` as the profiler takes them. */
pf_profile_order pf_profile_order_of(const pf_profile_choice *choice);

/* Makes the folder, so that a long run does not end without one. PF_OK where none is wanted. */
pf_status pf_profile_folder_make(const pf_profile_choice *choice, pf_error *error);

/* Writes the files of a profile. `base` (NULL: none) is what it is compared with: then its files, with
 * "base-" before their names, and difference.svg (widths of `profile`) and base-difference.svg (widths of
 * `base`) are written, too. */
pf_status pf_profile_deliver(const pf_profile_choice *choice, const pf_profile *profile,
			     const pf_profile *base, pf_error *error);

#endif
