/* Workloads over capture facts: reading EXIF, and burst detection. */
#include <stdlib.h>

#include "core/photo/exif.h"
#include "core/workloads/made_photo.h"
#include "core/workloads/work.h"
#include "photofinish/burst.h"

enum { SMALL_PIXELS = 10000 };

typedef struct exif_work {
	pf_made_photo made;
	pf_exif_reader *reader;
	pf_exif exif;
} exif_work;

static pf_status open_exif(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			   pf_error *error)
{
	exif_work *own = state;
	(void)kind;
	pf_status status = pf_made_photo_create(SMALL_PIXELS, input->seed, &own->made, error);
	return status == PF_OK ? pf_exif_reader_create(&own->reader, error) : status;
}

static pf_status run_exif(void *state)
{
	exif_work *own = state;
	return pf_exif_read(own->reader, own->made.exif, own->made.exif_bytes, &own->exif) &&
			       own->exif.has_time && own->exif.thumbnail
		       ? PF_OK
		       : PF_ERR_INTERNAL;
}

static void exif_outputs(const void *state, pf_work_hash *hash)
{
	const exif_work *own = state;
	pf_work_add(hash, &own->exif.time_ms, sizeof own->exif.time_ms);
	pf_work_add(hash, &own->exif.body, sizeof own->exif.body);
	pf_work_add(hash, &own->exif.orientation, sizeof own->exif.orientation);
	pf_work_add(hash, own->exif.thumbnail, own->exif.thumbnail_bytes);
}

static void close_exif(void *state)
{
	exif_work *own = state;
	pf_exif_reader_destroy(own->reader);
	pf_made_photo_free(&own->made);
}

typedef struct bursts_work {
	pf_facts *facts;
	size_t count;
	uint64_t bursts, photos, sum; /* of what was detected; the sum depends on the order */
} bursts_work;

/* Blocks of 4 x 4 samples by the scene's number. */
static void draw_scene(uint64_t scene, pf_miniature *picture)
{
	for (unsigned i = 0; i < sizeof picture->samples[0]; i++) {
		unsigned column = i % PF_MINIATURE_COLUMNS / 4, row = i / PF_MINIATURE_COLUMNS / 4;
		uint64_t random = (scene + 64 * row + column) * 0x9E3779B97F4A7C15u;
		picture->samples[0][i] = (uint8_t)(40 + pf_work_random(&random) % 160);
		picture->samples[1][i] = picture->samples[2][i] = 128;
	}
}

/* Bursts of 1 to 12 photos, 50 to 150 ms apart, pauses of 3 to 60 s between them. */
static void make_facts(bursts_work *own, uint32_t seed)
{
	uint64_t random = seed, scene = 0;
	int64_t time_ms = 1767225600000; /* 2026-01-01 */
	uint32_t left = 0;
	for (size_t i = 0; i < own->count; i++) {
		if (left == 0) {
			left = 1 + pf_work_random(&random) % 12;
			time_ms += 3000 + pf_work_random(&random) % 57000;
			scene = (uint64_t)pf_work_random(&random) << 32 | pf_work_random(&random);
		}
		left--;
		time_ms += 50 + pf_work_random(&random) % 100;
		own->facts[i] = (pf_facts){.readable = true,
					   .has_time = true,
					   .has_subsecond = true,
					   .time_ms = time_ms,
					   .body = 7,
					   .has_miniature = true,
					   .orientation = 1,
					   .width_px = 6000,
					   .height_px = 4000};
		draw_scene(scene, &own->facts[i].miniature);
	}
}

static pf_status open_bursts(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			     pf_error *error)
{
	bursts_work *own = state;
	(void)kind;
	own->count = (size_t)input->size;
	own->facts = calloc(own->count, sizeof *own->facts);
	if (!own->facts) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the facts of %zu photos",
			       own->count);
	}
	make_facts(own, input->seed);
	return PF_OK;
}

static pf_status take_burst(void *context, const pf_burst *burst)
{
	bursts_work *own = context;
	own->bursts++;
	own->photos += burst->count;
	own->sum = own->sum * 31 + burst->id;
	for (uint32_t i = 0; i < burst->count; i++) {
		own->sum = own->sum * 31 + burst->photos[i];
	}
	return PF_OK;
}

static pf_status run_bursts(void *state)
{
	bursts_work *own = state;
	pf_burst_detector *detector;
	own->bursts = own->photos = own->sum = 0;
	pf_status status = pf_burst_detector_create(take_burst, own, &detector, NULL);
	for (size_t i = 0; i < own->count && status == PF_OK; i++) {
		status = pf_burst_push(detector, (uint32_t)i, &own->facts[i]);
	}
	if (status == PF_OK) {
		status = pf_burst_flush(detector);
	}
	pf_burst_detector_destroy(detector);
	return status == PF_OK && own->photos != own->count ? PF_ERR_INTERNAL : status;
}

static void bursts_outputs(const void *state, pf_work_hash *hash)
{
	const bursts_work *own = state;
	pf_work_add(hash, &own->bursts, sizeof own->bursts);
	pf_work_add(hash, &own->sum, sizeof own->sum);
}

static void close_bursts(void *state)
{
	bursts_work *own = state;
	free(own->facts);
}

const pf_work_kind pf_work_exif = {.state_bytes = sizeof(exif_work),
				   .open = open_exif,
				   .unit = run_exif,
				   .outputs = exif_outputs,
				   .close = close_exif};
const pf_work_kind pf_work_bursts = {.state_bytes = sizeof(bursts_work),
				     .open = open_bursts,
				     .unit = run_bursts,
				     .outputs = bursts_outputs,
				     .close = close_bursts};
