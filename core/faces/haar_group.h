/* Grouping of accepted windows: OpenCV's groupRectangles with its usual tolerance of 0.2. */
#ifndef PHOTOFINISH_HAAR_GROUP_H
#define PHOTOFINISH_HAAR_GROUP_H

#include "core/faces/haar_search.h"

/* Working memory; zero it first, release it at the end. */
typedef struct pf_haar_groups {
	struct pf_haar_group *entries;
	uint32_t *parents; /* of each rectangle, in a tree for each group */
	uint32_t *places;  /* of a tree's root: its group */
	size_t capacity;
} pf_haar_groups;

void pf_haar_groups_release(pf_haar_groups *groups);

/* Replaces `found` by the means of groups of more than `least_neighbours` rectangles, without those that lie
 * in larger ones; returns how many are left, SIZE_MAX without memory. */
size_t pf_haar_group(pf_haar_groups *groups, pf_haar_found *found, size_t count, int32_t least_neighbours);

#endif
