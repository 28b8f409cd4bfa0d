/* The goal on a command line. */
#ifndef HARNESS_GOAL_ARGS_H
#define HARNESS_GOAL_ARGS_H

#include "harness/claims/goal.h"
#include "harness/cli/options.h"

typedef struct pf_goal_args {
	const char *text; /* NULL: no goal */
	pf_goal goal;
	bool has_photos;
} pf_goal_args;

#define PF_GOAL_DEFAULTS                            \
	{                                           \
		.goal = {.photos = PF_GOAL_PHOTOS}, \
	}

/* Rows of an option table for a pf_goal_args named `g`. */
#define PF_GOAL_ARGS(g)                                                                                      \
	{.name = "goal",                                                                                     \
	 .type = PF_ARG_TEXT,                                                                                \
	 .target = &(g).text,                                                                                \
	 .metavar = "TIME",                                                                                  \
	 .help = "project each variant to an event: does it take at most 4h (or 90min, 50s)?"},              \
		{.name = "photos",                                                                           \
		 .type = PF_ARG_COUNT,                                                                       \
		 .target = &(g).goal.photos,                                                                 \
		 .metavar = "N",                                                                             \
		 .help = "photos of the goal's event (default: 27539)",                                      \
		 .least = 1,                                                                                 \
		 .most = 1e9,                                                                                \
		 .given = &(g).has_photos},                                                                  \
		{.name = "price-per-hour",                                                                   \
		 .type = PF_ARG_NUMBER,                                                                      \
		 .target = &(g).goal.price_per_hour,                                                         \
		 .metavar = "X",                                                                             \
		 .help = "of the machine: tells what an event costs",                                        \
		 .least = 0,                                                                                 \
		 .most = 1e9,                                                                                \
		 .given = &(g).goal.has_price},                                                              \
	{                                                                                                    \
		.name = "until-goal", .type = PF_ARG_FLAG, .target = &(g).goal.until_met,                    \
		.help = "run variant after variant and stop once one meets the goal with its whole interval" \
	}

/* Reads the goal's time. Returns -1 to go on, otherwise the exit status of the usage error that was printed.
 */
int pf_goal_args_apply(const pf_command *command, pf_goal_args *args);

#endif
