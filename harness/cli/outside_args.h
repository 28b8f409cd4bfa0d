/* Rows of options that take in variants from outside, as they stand in tables of many commands. */
#ifndef HARNESS_OUTSIDE_ARGS_H
#define HARNESS_OUTSIDE_ARGS_H

#include "harness/cli/options.h"

/* A row for commands that know variants. */
#define PF_PLUGIN_ARG(list)                                                                      \
	{                                                                                        \
		"plugin", 0, PF_ARG_INPUTS, &(list), "FILE",                                     \
			"take in the variant of a shared object (may stand several times)", 0, 0 \
	}

#define PF_COMMAND_ARG(list)                                                                             \
	{                                                                                                \
		"command", 0, PF_ARG_LIST, &(list), "NAME=\"CMD\"",                                      \
			"take in a program that reads {dataset} and writes {scores} (may stand several " \
			"times)",                                                                        \
			0, 0                                                                             \
	}

#endif
