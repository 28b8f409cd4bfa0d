/* Workloads over one photo: made in memory, or one of a folder. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/photo/resize.h"
#include "core/scoring/face.h"
#include "core/scoring/quality.h"
#include "core/workloads/work.h"
#include "core/workloads/work_photo.h"
#include "photofinish/scorer.h"

typedef struct photo_work {
	pf_work_bytes bytes;
	pf_work_way way;
	pf_scorer *scorer;
	pf_quality *quality;
	pf_image image;
	pf_small small;
	pf_score score;
	pf_quality_sums sums;
	const pf_kernels *kernels;
	int16_t *rows; /* the luma plane, its samples widened, rows of the plane's width */
	pf_segment_sums *segments;
	size_t segment_count;
	uint32_t histograms[4][256];
	pf_chroma_row_sums *chroma; /* of each row */
} photo_work;

static pf_status load(photo_work *own)
{
	return pf_scorer_load_bytes(own->scorer, own->bytes.data, own->bytes.bytes, NULL, &own->image, NULL);
}

/* A scorer with the given stages; NULL: one that only loads. */
static pf_status open_scorer(photo_work *own, const char *stages, pf_error *error)
{
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	config.strategy = own->way.strategy;
	if (own->way.backend) {
		snprintf(config.backend, sizeof config.backend, "%s", own->way.backend);
	}
	if (!stages) {
		return pf_scorer_create_loader(&config, NULL, &own->scorer, error);
	}
	pf_status status = pf_scorer_config_stages(&config, stages, error);
	return status == PF_OK ? pf_scorer_create(&config, NULL, &own->scorer, error) : status;
}

static pf_status open_with(photo_work *own, const pf_workload_input *input, const char *stages,
			   pf_error *error)
{
	own->way = pf_work_way_of(input);
	pf_status status = pf_work_bytes_open(input, &own->bytes, error);
	return status == PF_OK ? open_scorer(own, stages, error) : status;
}

/* The same, and the photo is decoded before the first run. */
static pf_status open_decoded(photo_work *own, const pf_workload_input *input, const char *stages,
			      pf_error *error)
{
	pf_status status = open_with(own, input, stages, error);
	if (status == PF_OK) {
		status = load(own);
	}
	return status == PF_OK || error->message[0]
		       ? status
		       : pf_fail(error, status, NULL, "%s", pf_status_text(status));
}

static pf_status open_decode(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			     pf_error *error)
{
	(void)kind;
	return open_with(state, input, NULL, error);
}

static pf_status open_photo(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			    pf_error *error)
{
	(void)kind;
	return open_with(state, input, "quality,pose,faces", error);
}

static pf_status open_faces(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			    pf_error *error)
{
	pf_scorer_config config;
	(void)kind;
	pf_scorer_config_default(&config);
	const char *problem = pf_work_way_of(input).strategy & PF_STRATEGY_EXACT_FACES
				      ? pf_face_own_problem(config.cascade_file)
				      : NULL;
	return problem ? pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s", problem)
		       : open_decoded(state, input, "faces", error);
}

static pf_status open_pose(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			   pf_error *error)
{
	photo_work *own = state;
	pf_pose pose;
	(void)kind;
	pf_status status = open_decoded(own, input, "pose", error);
	return status == PF_OK ? pf_scorer_pose(own->scorer, &own->image, &pose, error) : status;
}

static pf_status open_plane(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			    pf_error *error)
{
	photo_work *own = state;
	(void)kind;
	own->kernels = pf_kernels_best();
	return open_decoded(own, input, NULL, error);
}

static pf_status open_quality(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			      pf_error *error)
{
	photo_work *own = state;
	pf_status status = open_plane(own, kind, input, error);
	return status == PF_OK ? pf_quality_create(&own->quality, error) : status;
}

/* Rows that kernels read: what the quality pass makes of a photo that it does not reduce. */
static pf_status make_rows(photo_work *own, pf_error *error)
{
	const pf_plane *y = &own->image.y;
	size_t width = y->width_px, segments = (width + PF_SEGMENT_MAX_PX - 1) / PF_SEGMENT_MAX_PX;
	own->segment_count = segments * y->height_px;
	own->rows = calloc(width * y->height_px, sizeof *own->rows);
	own->segments = calloc(own->segment_count, sizeof *own->segments);
	own->chroma = calloc(y->height_px, sizeof *own->chroma);
	if (!own->rows || !own->segments || !own->chroma) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the rows of a photo");
	}
	for (uint32_t row = 0; row < y->height_px; row++) {
		pf_kernels_plain.widen(own->rows + row * width, y->data + (size_t)row * y->stride_bytes,
				       y->width_px);
	}
	return PF_OK;
}

static pf_status open_rows(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			   pf_error *error)
{
	photo_work *own = state;
	pf_status status = open_plane(own, kind, input, error);
	return status == PF_OK ? make_rows(own, error) : status;
}

static pf_status run_photo(void *state)
{
	photo_work *own = state;
	pf_status status = load(own);
	return status == PF_OK ? pf_scorer_judge(own->scorer, &own->image, &own->score, NULL) : status;
}

static pf_status run_decode(void *state)
{
	return load(state);
}

static pf_status run_faces(void *state)
{
	photo_work *own = state;
	return pf_scorer_detect_faces(own->scorer, &own->image, &own->score, NULL);
}

static pf_status run_pose(void *state)
{
	photo_work *own = state;
	return pf_scorer_detect_pose(own->scorer, &own->image, &own->score, NULL);
}

static pf_status run_resize(void *state)
{
	photo_work *own = state;
	return pf_small_make(&own->small, &own->image.y, 1, PF_FACE_LONGEST_PX, NULL);
}

static pf_status run_quality(void *state)
{
	photo_work *own = state;
	pf_quality_sum(own->quality, &own->image, &own->sums);
	pf_quality_measure(&own->sums, own->image.orientation, &own->score);
	return PF_OK;
}

static pf_status run_sharpness(void *state)
{
	photo_work *own = state;
	size_t width = own->image.y.width_px, at = 0;
	for (size_t y = 1; y + 1 < own->image.y.height_px; y++) {
		const int16_t *row = own->rows + y * width;
		for (size_t x = 1; x + 1 < width; x += PF_SEGMENT_MAX_PX) {
			size_t left = width - 1 - x;
			own->kernels->sum_gradients(
				row - width + x, row + x, row + width + x,
				(uint32_t)(left < PF_SEGMENT_MAX_PX ? left : PF_SEGMENT_MAX_PX),
				&own->segments[at++]);
		}
	}
	return PF_OK;
}

static pf_status run_exposure(void *state)
{
	photo_work *own = state;
	memset(own->histograms, 0, sizeof own->histograms);
	for (size_t y = 0; y < own->image.y.height_px; y++) {
		own->kernels->histogram(own->rows + y * own->image.y.width_px, own->image.y.width_px,
					own->histograms);
	}
	return PF_OK;
}

static pf_status run_colour(void *state)
{
	photo_work *own = state;
	const pf_plane *cb = &own->image.cb, *cr = &own->image.cr;
	for (size_t y = 0; y < cb->height_px; y++) {
		own->kernels->sum_chroma(cb->data + y * cb->stride_bytes, cr->data + y * cr->stride_bytes,
					 cb->width_px, &own->chroma[y]);
	}
	return PF_OK;
}

static void score_outputs(const void *state, pf_work_hash *hash)
{
	const photo_work *own = state;
	pf_work_add(hash, &own->score, sizeof own->score);
}

static void decode_outputs(const void *state, pf_work_hash *hash)
{
	const photo_work *own = state;
	const pf_plane *planes[] = {&own->image.y, &own->image.cb, &own->image.cr};
	pf_work_add(hash, &own->image.orientation, sizeof own->image.orientation);
	for (size_t i = 0; i < 3; i++) {
		for (size_t y = 0; y < planes[i]->height_px; y++) {
			pf_work_add(hash, planes[i]->data + y * planes[i]->stride_bytes, planes[i]->width_px);
		}
	}
}

static void resize_outputs(const void *state, pf_work_hash *hash)
{
	const photo_work *own = state;
	pf_work_add(hash, own->small.data, (size_t)own->small.width_px * own->small.height_px);
}

static void sharpness_outputs(const void *state, pf_work_hash *hash)
{
	const photo_work *own = state;
	pf_work_add(hash, own->segments, own->segment_count * sizeof *own->segments);
}

static void exposure_outputs(const void *state, pf_work_hash *hash)
{
	const photo_work *own = state;
	pf_work_add(hash, own->histograms, sizeof own->histograms);
}

static void colour_outputs(const void *state, pf_work_hash *hash)
{
	const photo_work *own = state;
	pf_work_add(hash, own->chroma, own->image.cb.height_px * sizeof *own->chroma);
}

static void close_photo(void *state)
{
	photo_work *own = state;
	pf_scorer_destroy(own->scorer);
	pf_quality_destroy(own->quality);
	pf_image_release(&own->image);
	pf_small_release(&own->small);
	pf_work_bytes_release(&own->bytes);
	free(own->rows);
	free(own->segments);
	free(own->chroma);
}

/* Poses by other backends are rounded elsewhere: the same confidence and the same box within a hundredth of
 * the photo's side. */
static bool poses_agree(const void *state, const void *plainest)
{
	static const pf_measure compared[] = {PF_MEASURE_POSE, PF_MEASURE_POSE_LEFT, PF_MEASURE_POSE_TOP,
					      PF_MEASURE_POSE_RIGHT, PF_MEASURE_POSE_BOTTOM};
	const photo_work *own = state, *other = plainest;
	bool agree = true;
	for (size_t i = 0; i < sizeof compared / sizeof *compared; i++) {
		agree &= fabs(own->score.measures[compared[i]] - other->score.measures[compared[i]]) <= 0.01;
	}
	return agree;
}

#define KIND(opens, does, gives)                                                             \
	{                                                                                    \
		.state_bytes = sizeof(photo_work), .open = open_##opens, .unit = run_##does, \
		.outputs = gives##_outputs, .close = close_photo                             \
	}

const pf_work_kind pf_work_photo = KIND(photo, photo, score);
const pf_work_kind pf_work_decode = KIND(decode, decode, decode);
const pf_work_kind pf_work_faces = KIND(faces, faces, score);
const pf_work_kind pf_work_resize = KIND(plane, resize, resize);
const pf_work_kind pf_work_quality = KIND(quality, quality, score);
const pf_work_kind pf_work_exposure = KIND(rows, exposure, exposure);
const pf_work_kind pf_work_colour = KIND(rows, colour, colour);
const pf_work_kind pf_work_sharpness = KIND(rows, sharpness, sharpness);
const pf_work_kind pf_work_pose = {.state_bytes = sizeof(photo_work),
				   .open = open_pose,
				   .unit = run_pose,
				   .outputs = score_outputs,
				   .close = close_photo,
				   .agrees = poses_agree};
