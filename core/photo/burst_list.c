/* All bursts of a dataset at once. */
#include <stdlib.h>
#include <string.h>

#include "photofinish/burst.h"

/* What pf_burst_list_detect hands to its detector. */
typedef struct collector {
	pf_burst_list *list;
	size_t photos; /* placed so far */
	pf_burst_fn fn;
	void *context;
} collector;

static pf_status collect(void *context, const pf_burst *burst)
{
	collector *c = context;
	uint32_t *photos = c->list->photos + c->photos;
	memcpy(photos, burst->photos, burst->count * sizeof *photos);
	c->list->bursts[c->list->count++] = (pf_burst){
		.id = burst->id, .count = burst->count, .photos = photos};
	c->photos += burst->count;
	return c->fn ? c->fn(c->context, burst) : PF_OK;
}

static int by_id(const void *a, const void *b)
{
	uint32_t left = ((const pf_burst *)a)->id, right = ((const pf_burst *)b)->id;
	return (left > right) - (left < right);
}

pf_status pf_burst_list_detect(const pf_dataset *dataset, const atomic_int *cancel, pf_trace *trace,
			       pf_burst_fn fn, void *context, pf_burst_list *out, pf_error *error)
{
	pf_burst_list list = {.bursts = calloc(dataset->count + 1, sizeof *list.bursts),
			      .photos = calloc(dataset->count + 1, sizeof *list.photos)};
	collector c = {.list = &list, .fn = fn, .context = context};
	pf_burst_scan *scan = NULL;
	*out = (pf_burst_list){0};
	pf_status status = PF_OK;
	if (!list.bursts || !list.photos) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a list of %zu photos",
				 dataset->count);
		goto cleanup;
	}
	status = pf_burst_scan_create(dataset, trace, collect, &c, &scan, error);
	if (status == PF_OK) {
		status = pf_burst_scan_rest(scan, cancel, error);
	}
	if (status == PF_OK) {
		list.largest_plane_bytes = pf_burst_scan_largest_plane_bytes(scan);
		qsort(list.bursts, list.count, sizeof *list.bursts, by_id);
		*out = list;
		list = (pf_burst_list){0};
	}
cleanup:
	pf_burst_scan_destroy(scan);
	pf_burst_list_free(&list);
	return status;
}

void pf_burst_list_free(pf_burst_list *list)
{
	free(list->bursts);
	free(list->photos);
	*list = (pf_burst_list){0};
}
