/* Burst detection over a dataset, photo by photo: facts are read in the order of names, put into the order of
 * time within a window, and pushed. */
#include <stdlib.h>
#include <string.h>

#include "core/photo/name_order.h"
#include "photofinish/burst.h"

#define DAY_MS (24 * 3600 * (int64_t)1000)

typedef struct seen {
	uint32_t photo;
	int64_t order_ms; /* of its time; of the photo that was read before it, where it has none */
	pf_facts facts;
} seen;

struct pf_burst_scan {
	const pf_dataset *dataset;
	pf_trace *trace;
	pf_burst_detector *detector;
	pf_facts_reader *reader;
	pf_error *error; /* of the step that is taken */
	uint32_t *order; /* of reading */
	size_t next;     /* place in it */
	uint64_t largest_plane_bytes;
	size_t count;
	seen window[PF_BURST_WINDOW]; /* in the order of reading */
};

static void begin_look(pf_burst_scan *scan, uint32_t photo, uint64_t *begin)
{
	pf_trace_photo(scan->trace, photo);
	*begin = pf_span_begin(scan->trace, PF_STAGE_DETECT);
}

static void end_look(pf_burst_scan *scan, uint64_t begin, uint64_t read_bytes)
{
	pf_span_end(scan->trace, PF_STAGE_DETECT, begin);
	pf_trace_photo(scan->trace, PF_NO_PHOTO);
	if (scan->trace) {
		scan->trace->read_bytes += read_bytes;
	}
}

static pf_status look(void *context, uint32_t index, pf_facts *facts)
{
	pf_burst_scan *scan = context;
	uint64_t begin, read_bytes = 0;
	begin_look(scan, index, &begin);
	pf_status status = pf_facts_look(scan->reader, scan->dataset, index, facts, &read_bytes, scan->error);
	end_look(scan, begin, read_bytes);
	return status;
}

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
		pf_burst_detector_look(scan->detector, look, scan);
		status = pf_facts_reader_create(&scan->reader, error);
	}
	if (status == PF_OK) {
		status = pf_name_order(dataset, &scan->order, error);
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
		free(scan->order);
		free(scan);
	}
}

static bool same_folder(const pf_dataset *dataset, uint32_t a, uint32_t b)
{
	const char *path_a = dataset->photos[a].path, *path_b = dataset->photos[b].path;
	const char *slash_a = strrchr(path_a, '/'), *slash_b = strrchr(path_b, '/');
	size_t length_a = slash_a ? (size_t)(slash_a - path_a) : 0;
	size_t length_b = slash_b ? (size_t)(slash_b - path_b) : 0;
	return length_a == length_b && memcmp(path_a, path_b, length_a) == 0;
}

/* Puts times on one scale: UTC, where the body's photos say how far they are from it, else the body's own
 * time. Hour 24 of a day is its end or its beginning, whichever is nearer to the photo before. */
static void settle_time(const pf_burst_scan *scan, uint32_t photo, pf_facts *facts)
{
	const pf_facts *before = NULL;
	for (size_t i = scan->count; i-- > 0 && !before;) {
		const pf_facts *other = &scan->window[i].facts;
		bool near = other->body == facts->body && other->has_time &&
			    same_folder(scan->dataset, scan->window[i].photo, photo);
		before = near ? other : NULL;
	}
	if (!facts->has_time) {
		return;
	}
	if (!facts->has_utc_offset && before) {
		facts->has_utc_offset = before->has_utc_offset;
		facts->utc_offset_min = before->utc_offset_min;
	}
	facts->time_ms -= facts->has_utc_offset ? facts->utc_offset_min * (int64_t)60000 : 0;
	if (facts->hour_24 && before && facts->time_ms - before->time_ms > DAY_MS / 2) {
		facts->time_ms -= DAY_MS;
	}
}

/* Reads the facts of the next photo into the window. What is no photo has no place among the others. */
static pf_status take_in(pf_burst_scan *scan, pf_error *error)
{
	seen *new = &scan->window[scan->count];
	uint64_t begin, read_bytes = 0;
	new->photo = scan->order[scan->next++];
	begin_look(scan, new->photo, &begin);
	pf_status status = pf_facts_read(scan->reader, scan->dataset, new->photo, &new->facts, &read_bytes,
					 error);
	end_look(scan, begin, read_bytes);
	if (status != PF_OK) {
		return status;
	}
	if (new->facts.plane_bytes > scan->largest_plane_bytes) {
		scan->largest_plane_bytes = new->facts.plane_bytes;
	}
	if (!new->facts.readable) {
		return pf_burst_push(scan->detector, new->photo, &new->facts);
	}
	settle_time(scan, new->photo, &new->facts);
	new->order_ms = new->facts.has_time ? new->facts.time_ms
			: scan->count > 0   ? scan->window[scan->count - 1].order_ms
					    : INT64_MIN;
	scan->count++;
	return PF_OK;
}

/* Pushes the earliest photo of the body and the folder whose photo was read first. Bodies keep the order of
 * names among each other, because their clocks may differ; folders, because copies of photos may lie in
 * another one. */
static pf_status push_next(pf_burst_scan *scan)
{
	size_t best = 0;
	for (size_t i = 1; i < scan->count; i++) {
		const seen *other = &scan->window[i];
		if (other->facts.body == scan->window[0].facts.body &&
		    other->order_ms < scan->window[best].order_ms &&
		    same_folder(scan->dataset, other->photo, scan->window[0].photo)) {
			best = i;
		}
	}
	seen earliest = scan->window[best];
	scan->count--;
	memmove(&scan->window[best], &scan->window[best + 1], (scan->count - best) * sizeof earliest);
	return pf_burst_push(scan->detector, earliest.photo, &earliest.facts);
}

pf_status pf_burst_scan_step(pf_burst_scan *scan, bool *more, pf_error *error)
{
	*more = scan->next < scan->dataset->count;
	scan->error = error;
	pf_status status = PF_OK;
	if (*more) {
		status = take_in(scan, error);
		return status == PF_OK && scan->count == PF_BURST_WINDOW ? push_next(scan) : status;
	}
	while (scan->count > 0 && status == PF_OK) {
		status = push_next(scan);
	}
	return status == PF_OK ? pf_burst_flush(scan->detector) : status;
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
