/* The stacks of one or two profiles as a tree: what flame graphs draw. */
#ifndef HARNESS_PROFILE_TREE_H
#define HARNESS_PROFILE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/profile/profile.h"

typedef struct pf_tree_node {
	const char *name;     /* the profile's */
	uint64_t self[2];     /* samples that end here, of each profile */
	uint64_t total[2];    /* with those below it */
	uint32_t first, next; /* child, sibling; 0: none */
	uint32_t depth;       /* 0: the root */
} pf_tree_node;

typedef struct pf_profile_tree {
	pf_tree_node *nodes; /* the first is the root, "all"; a child stands behind its parent */
	size_t count, capacity;
	uint32_t deepest;
} pf_profile_tree;

/* `b` may be NULL. The profiles must outlive it. Returns 0, or -1 without memory. Release in any case. */
int pf_profile_tree_create(const pf_profile *a, const pf_profile *b, pf_profile_tree *out);
void pf_profile_tree_release(pf_profile_tree *tree);

/* The frames of a stack, the outermost first: stage, part, functions. `out` has room for `most`. Returns how
 * many. */
size_t pf_profile_frames(const pf_profile *profile, const pf_stack *stack, const char **out, size_t most);

enum { PF_PROFILE_DEPTH = 130 };

#endif
