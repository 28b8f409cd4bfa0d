/* The option by which trials may do more than what scoring needs (docs/containment.md). */
#ifndef HARNESS_ALLOW_ARGS_H
#define HARNESS_ALLOW_ARGS_H

#include "harness/cli/options.h"

/* A row of an option table; `list` is a pf_texts for pf_allowance_add. */
#define PF_ALLOW_ARG(list)                                                                                \
	{                                                                                                 \
		"allow", 0, PF_ARG_LIST, &(list), "WHAT",                                                 \
			"let trials do more than score: network, exec, read=PATH, write=DIR or all (may " \
			"stand several times)",                                                           \
			0, 0                                                                              \
	}

#endif
