#include "harness/profile/profile_tree.h"

#include <stdlib.h>
#include <string.h>

size_t pf_profile_frames(const pf_profile *profile, const pf_stack *stack, const char **out, size_t most)
{
	const uint64_t *words = pf_stack_words(&profile->stacks, stack);
	const char *around[] = {pf_profile_stage_name(profile, stack), pf_profile_part_name(profile, stack)};
	size_t count = 0;
	for (size_t i = 0; i < 2; i++) {
		if (around[i] && count < most) {
			out[count++] = around[i];
		}
	}
	for (uint32_t i = stack->frames; i-- > 0 && count < most;) {
		out[count++] = words[i] < profile->function_count ? profile->functions[words[i]].name
								  : "[unknown]";
	}
	return count;
}

/* The child of that name; 0 without memory. */
static uint32_t child_of(pf_profile_tree *tree, uint32_t parent, const char *name)
{
	for (uint32_t i = tree->nodes[parent].first; i; i = tree->nodes[i].next) {
		if (strcmp(tree->nodes[i].name, name) == 0) {
			return i;
		}
	}
	if (tree->count == tree->capacity) {
		size_t wanted = 2 * tree->capacity;
		pf_tree_node *grown = reallocarray(tree->nodes, wanted, sizeof *grown);
		if (!grown) {
			return 0;
		}
		tree->nodes = grown;
		tree->capacity = wanted;
	}
	uint32_t made = (uint32_t)tree->count++, depth = tree->nodes[parent].depth + 1;
	tree->nodes[made] = (pf_tree_node){.name = name, .next = tree->nodes[parent].first, .depth = depth};
	tree->nodes[parent].first = made;
	tree->deepest = depth > tree->deepest ? depth : tree->deepest;
	return made;
}

static int add(pf_profile_tree *tree, const pf_profile *profile, int which)
{
	const char *frames[PF_PROFILE_DEPTH];
	for (size_t i = 0; i < profile->stacks.count; i++) {
		const pf_stack *stack = &profile->stacks.stacks[i];
		size_t count = pf_profile_frames(profile, stack, frames, PF_PROFILE_DEPTH);
		uint32_t at = 0;
		tree->nodes[0].total[which] += stack->count;
		for (size_t k = 0; k < count; k++) {
			at = child_of(tree, at, frames[k]);
			if (!at) {
				return -1;
			}
			tree->nodes[at].total[which] += stack->count;
		}
		tree->nodes[at].self[which] += stack->count;
	}
	return 0;
}

int pf_profile_tree_create(const pf_profile *a, const pf_profile *b, pf_profile_tree *out)
{
	*out = (pf_profile_tree){.nodes = calloc(256, sizeof *out->nodes), .capacity = 256, .count = 1};
	if (!out->nodes) {
		return -1;
	}
	out->nodes[0].name = "all";
	int failed = add(out, a, 0);
	return failed || !b ? failed : add(out, b, 1);
}

void pf_profile_tree_release(pf_profile_tree *tree)
{
	free(tree->nodes);
	*tree = (pf_profile_tree){0};
}
