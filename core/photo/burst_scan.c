/* Burst detection over a dataset, photo by photo. */
#include <stdlib.h>

#include "photofinish/burst.h"

struct pf_burst_scan {
	const pf_dataset *dataset;
	pf_trace *trace;
	pf_burst_detector *detector;
	pf_facts_reader *reader;
	size_t next; /* photo */
	uint64_t largest_plane_bytes;
};

pf_status pf_burst_scan_create(const pf_dataset *dataset, pf_trace *trace, pf_burst_fn fn, void *context,
			       pf_burst_scan **out, pf_error *error)
{
	*out = NULL;
	pf_burst_scan *scan = calloc(1, sizeof *scan);
	if (!scan) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a scan for bursts");
	}
	scan->dataset = dataset;
	scan->trace = trace;
	pf_status status = pf_burst_detector_create(fn, context, &scan->detector, error);
	if (status == PF_OK) {
		status = pf_facts_reader_create(&scan->reader, error);
	}
	if (status != PF_OK) {
		pf_burst_scan_destroy(scan);
		return status;
	}
	*out = scan;
	return PF_OK;
}

void pf_burst_scan_destroy(pf_burst_scan *scan)
{
	if (scan) {
		pf_facts_reader_destroy(scan->reader);
		pf_burst_detector_destroy(scan->detector);
		free(scan);
	}
}

pf_status pf_burst_scan_step(pf_burst_scan *scan, bool *more, pf_error *error)
{
	*more = scan->next < scan->dataset->count;
	if (!*more) {
		return pf_burst_flush(scan->detector);
	}
	pf_facts facts;
	uint64_t read_bytes = 0;
	size_t index = scan->next++;
	pf_trace_photo(scan->trace, (uint32_t)index);
	uint64_t begin = pf_span_begin(scan->trace, PF_STAGE_DETECT);
	pf_status status = pf_facts_read(scan->reader, scan->dataset, index, &facts, &read_bytes, error);
	pf_span_end(scan->trace, PF_STAGE_DETECT, begin);
	pf_trace_photo(scan->trace, PF_NO_PHOTO);
	if (scan->trace) {
		scan->trace->read_bytes += read_bytes;
	}
	if (status == PF_OK && facts.plane_bytes > scan->largest_plane_bytes) {
		scan->largest_plane_bytes = facts.plane_bytes;
	}
	return status == PF_OK ? pf_burst_push(scan->detector, (uint32_t)index, &facts) : status;
}

uint64_t pf_burst_scan_largest_plane_bytes(const pf_burst_scan *scan)
{
	return scan->largest_plane_bytes;
}

pf_status pf_burst_scan_rest(pf_burst_scan *scan, const atomic_int *cancel, pf_error *error)
{
	pf_status status = PF_OK;
	for (bool more = true; more && status == PF_OK;) {
		if (cancel && atomic_load_explicit(cancel, memory_order_relaxed) != 0) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		status = pf_burst_scan_step(scan, &more, error);
	}
	return status;
}
