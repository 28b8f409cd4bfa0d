/* The two arms of a gate as libraries: revisions and folders are built now, with the same flags. Builds are
 * kept in the cache by what they were made of. */
#ifndef HARNESS_GATE_BUILD_H
#define HARNESS_GATE_BUILD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "photofinish/status.h"

enum { PF_GATE_CMAKE_ARGS = 16 };

/* How a folder of sources is built: as a CMake project. */
typedef struct pf_gate_recipe {
	const char *source;                   /* the project's folder within the tree; NULL: the tree's top */
	const char *args[PF_GATE_CMAKE_ARGS]; /* for cmake, as "-DNAME=VALUE" */
	size_t arg_count;
	bool as_built; /* one layout: the one that the build itself makes */
} pf_gate_recipe;

typedef struct pf_gate_arm {
	char given[256];     /* as on the command line */
	char id[41];         /* of a tree: git's or a sum over its files; "" for a finished library */
	char root[PATH_MAX]; /* where it is built; "" for a finished library */
	bool relinks;        /* each process gets a layout of its own (gate_layouts.h) */
	char why_one_layout[128];
	char library[PATH_MAX]; /* of exact checks, and of all that is timed where it is not linked anew */
} pf_gate_arm;

/* Makes an arm of a revision of the git repository that the working folder lies in, of a folder with sources
 * (what is in it now, committed or not), or of a finished shared library. Tells what takes long on standard
 * error. PF_ERR_NOT_FOUND: it is none of these; PF_ERR_INVALID: it does not build, the log's path is in the
 * message. */
pf_status pf_gate_arm_make(const char *given, const pf_gate_recipe *recipe, pf_gate_arm *arm,
			   pf_error *error);

/* Of an arm that relinks: its library once more into the new file `library`, functions in an order by `seed`
 * (1 and more: the same seed gives the same bytes). */
typedef struct pf_gate_link {
	const pf_gate_arm *arm;
	unsigned seed;
	const char *library; /* an absolute path */
} pf_gate_link;

/* Up to two at once, each on one processor. */
pf_status pf_gate_link_all(const pf_gate_link *links, size_t count, pf_error *error);

/* Whether both arms are made of the same tree, or their libraries, linked alike, are the same in every byte
 * that is loaded, places of build trees aside. */
bool pf_gate_arms_identical(const pf_gate_arm *a, const pf_gate_arm *b);

#endif
