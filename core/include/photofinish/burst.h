/* Burst detection: a stream of capture facts in, finished bursts out.
 * A body's photos are expected in the order of time; pf_burst_scan puts a dataset's photos into it. */
#ifndef PHOTOFINISH_BURST_H
#define PHOTOFINISH_BURST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/photo.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"

/* A burst, a single shot or one frame of a bracket (the last two have one photo). */
typedef struct pf_burst {
	uint32_t id; /* manifest index of its first photo: the same however it was detected */
	uint32_t count;
	const uint32_t *photos; /* manifest indices in the order of capture */
} pf_burst;

/* Receives each burst when it is complete; the photos belong to the detector and are gone after the call.
 * A status other than PF_OK stops the push or flush, which returns it. */
typedef pf_status (*pf_burst_fn)(void *context, const pf_burst *burst);

typedef struct pf_burst_detector pf_burst_detector; /* one thread at a time */

PF_API pf_status pf_burst_detector_create(pf_burst_fn fn, void *context, pf_burst_detector **out,
					  pf_error *error);
PF_API void pf_burst_detector_destroy(pf_burst_detector *detector); /* NULL is fine; flushes nothing */

/* Gives the facts of a photo a picture that its thumbnail did not give (pf_facts_look). A failure ends the
 * push. */
typedef pf_status (*pf_burst_look_fn)(void *context, uint32_t index, pf_facts *facts);

/* Called only where time leaves a question open. Without it (NULL, the default) no more is known of such
 * photos. */
PF_API void pf_burst_detector_look(pf_burst_detector *detector, pf_burst_look_fn look, void *context);

/* O(1) work, bounded memory. facts->time_ms are on one scale for a body; what says how they were meant
 * (utc_offset_min, hour_24) is not looked at. */
PF_API pf_status pf_burst_push(pf_burst_detector *detector, uint32_t index, const pf_facts *facts);
PF_API pf_status pf_burst_flush(pf_burst_detector *detector); /* hands out what is still open */

/* Detection over a dataset, photo by photo: for those who have other things to do in between. */
typedef struct pf_burst_scan pf_burst_scan; /* one thread at a time */

/* `fn` is told of each burst the moment that it is complete. `trace` (may be NULL) gets the spans `detect`.
 * The dataset and the trace must outlive the scan. */
PF_API pf_status pf_burst_scan_create(const pf_dataset *dataset, pf_trace *trace, pf_burst_fn fn,
				      void *context, pf_burst_scan **out, pf_error *error);
PF_API void pf_burst_scan_destroy(pf_burst_scan *scan); /* NULL is fine */

/* Photos whose facts are known and that were not pushed yet: so far a name may stand from where its time puts
 * it, and so many heads are read before the first burst. */
#define PF_BURST_WINDOW 256

/* Reads the facts of the next photo, in the order of names, and pushes those that are due by their time: up
 * to PF_BURST_WINDOW photos are held back to be put into its order. Behind the last one, pushes the rest,
 * flushes and clears *more. */
PF_API pf_status pf_burst_scan_step(pf_burst_scan *scan, bool *more, pf_error *error);

/* Most that the planes of any photo seen so far will take, by the heads. */
PF_API uint64_t pf_burst_scan_largest_plane_bytes(const pf_burst_scan *scan);

/* All steps that are left. Stops with PF_ERR_CANCELLED when *cancel (may be NULL) is not 0. */
PF_API pf_status pf_burst_scan_rest(pf_burst_scan *scan, const atomic_int *cancel, pf_error *error);

/* All bursts of a dataset at once, in the order of their ids. */
typedef struct pf_burst_list {
	pf_burst *bursts;
	size_t count;
	uint32_t *photos;             /* one array that all bursts point into */
	uint64_t largest_plane_bytes; /* most that the planes of any one photo will take, by the heads */
} pf_burst_list;

/* Reads the facts of every photo (span `detect` in `trace`, which may be NULL) and detects the bursts. Every
 * photo of the dataset is in exactly one burst. Stops with PF_ERR_CANCELLED when *cancel (may be NULL) is not
 * 0. `fn` (may be NULL) is told of each burst the moment that it is complete. The caller frees *out. */
PF_API pf_status pf_burst_list_detect(const pf_dataset *dataset, const atomic_int *cancel, pf_trace *trace,
				      pf_burst_fn fn, void *context, pf_burst_list *out, pf_error *error);
PF_API void pf_burst_list_free(pf_burst_list *list);

#endif
