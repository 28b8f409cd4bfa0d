#include "core/faces/haar_group.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 0.2

typedef struct pf_haar_group {
	pf_haar_found sum; /* of its rectangles, then their mean */
	int32_t count;
} group;

void pf_haar_groups_release(pf_haar_groups *groups)
{
	free(groups->entries);
	free(groups->parents);
	free(groups->places);
	*groups = (pf_haar_groups){0};
}

static bool reserve(pf_haar_groups *groups, size_t count)
{
	if (count <= groups->capacity) {
		return true;
	}
	group *entries = realloc(groups->entries, 2 * count * sizeof *entries);
	groups->entries = entries ? entries : groups->entries;
	uint32_t *parents = realloc(groups->parents, 2 * count * sizeof *parents);
	groups->parents = parents ? parents : groups->parents;
	uint32_t *places = realloc(groups->places, 2 * count * sizeof *places);
	groups->places = places ? places : groups->places;
	groups->capacity = entries && parents && places ? 2 * count : groups->capacity;
	return entries && parents && places;
}

static int32_t smaller(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static bool alike(const pf_haar_found *a, const pf_haar_found *b)
{
	double delta = TOLERANCE * (smaller(a->width, b->width) + smaller(a->height, b->height)) * 0.5;
	return abs(a->x - b->x) <= delta && abs(a->y - b->y) <= delta &&
	       abs(a->x + a->width - b->x - b->width) <= delta &&
	       abs(a->y + a->height - b->y - b->height) <= delta;
}

static uint32_t root_of(uint32_t *parents, uint32_t i)
{
	while (parents[i] != i) {
		parents[i] = parents[parents[i]];
		i = parents[i];
	}
	return i;
}

/* What is alike directly or by others in between belongs together; the first of a group is its root. */
static void join(uint32_t *parents, const pf_haar_found *found, size_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		parents[i] = i;
		for (uint32_t j = 0; j < i; j++) {
			uint32_t a = root_of(parents, j), b = root_of(parents, i);
			if (a != b && alike(&found[i], &found[j])) {
				parents[a < b ? b : a] = a < b ? a : b;
			}
		}
	}
}

static int32_t rounded(int32_t sum, float share)
{
	return (int32_t)lrintf((float)sum * share);
}

/* Sums of groups, in the order of their first rectangles. */
static size_t gather(pf_haar_groups *groups, const pf_haar_found *found, size_t count)
{
	size_t used = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t root = root_of(groups->parents, i);
		if (root == i) {
			groups->places[i] = (uint32_t)used;
			groups->entries[used++] = (group){.count = 0};
		}
		group *at = &groups->entries[groups->places[root]];
		at->sum.x += found[i].x;
		at->sum.y += found[i].y;
		at->sum.width += found[i].width;
		at->sum.height += found[i].height;
		at->count++;
	}
	return used;
}

static bool lies_in(const group *a, const group *b)
{
	const pf_haar_found *in = &a->sum, *out = &b->sum;
	int32_t dx = (int32_t)lrint(out->width * TOLERANCE), dy = (int32_t)lrint(out->height * TOLERANCE);
	int32_t more = a->count > 3 ? a->count : 3;
	return in->x >= out->x - dx && in->y >= out->y - dy &&
	       in->x + in->width <= out->x + out->width + dx &&
	       in->y + in->height <= out->y + out->height + dy && (b->count > more || a->count < 3);
}

size_t pf_haar_group(pf_haar_groups *groups, pf_haar_found *found, size_t count, int32_t least_neighbours)
{
	if (least_neighbours <= 0 || count == 0) {
		return count;
	}
	if (!reserve(groups, count)) {
		return SIZE_MAX;
	}
	join(groups->parents, found, count);
	size_t used = gather(groups, found, count), kept = 0;
	group *entries = groups->entries;
	for (size_t i = 0; i < used; i++) {
		float share = 1.0f / (float)entries[i].count;
		pf_haar_found *sum = &entries[i].sum;
		*sum = (pf_haar_found){rounded(sum->x, share), rounded(sum->y, share),
				       rounded(sum->width, share), rounded(sum->height, share)};
	}
	for (size_t i = 0; i < used; i++) {
		bool stays = entries[i].count > least_neighbours;
		for (size_t j = 0; j < used && stays; j++) {
			stays = j == i || entries[j].count <= least_neighbours ||
				!lies_in(&entries[i], &entries[j]);
		}
		if (stays) {
			found[kept++] = entries[i].sum;
		}
	}
	return kept;
}
