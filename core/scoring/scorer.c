#include "core/scoring/scorer_parts.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "core/kernels/kernels.h"
#include "core/scoring/fusion.h"
#include "core/scoring/pose_measures.h"
#include "photofinish/pose_service.h"
#include "photofinish/workspace.h"

static bool takes_part(const pf_scorer *scorer, uint32_t stage)
{
	return !(scorer->config.left_out & stage);
}

/* What a load needs. */
static pf_status open_loader(pf_scorer *scorer, pf_error *error)
{
	pf_status status = pf_exif_reader_create(&scorer->exif, error);
	bool own = scorer->config.preset || scorer->config.strategy & PF_STRATEGY_OWN_DECODER;
	return status == PF_OK && own ? pf_baseline_create(&scorer->baseline, error) : status;
}

static pf_status open_all(pf_scorer *scorer, pf_error *error)
{
	pf_status status = open_loader(scorer, error);
	if (status == PF_OK) {
		status = pf_quality_create(&scorer->quality, error);
	}
	if (status == PF_OK && takes_part(scorer, PF_LEAVE_OUT_FACES)) {
		bool own = scorer->config.strategy & PF_STRATEGY_EXACT_FACES;
		status = pf_face_detector_create(scorer->config.cascade_file, own, &scorer->faces, error);
	}
	if (status == PF_OK && scorer->config.model_file[0] && takes_part(scorer, PF_LEAVE_OUT_POSE) &&
	    strcmp(scorer->config.backend, PF_BACKEND_ELSEWHERE) != 0) {
		pf_pose_options options = {
			.model_file = scorer->config.model_file,
			.box_model_file = scorer->config.box_model_file,
			.backend = scorer->config.backend,
			.trace = scorer->trace,
			.bytes = scorer->config.strategy & PF_STRATEGY_INT8,
			.winograd = scorer->config.strategy & PF_STRATEGY_WINOGRAD,
			.fall_back = scorer->config.strategy & PF_STRATEGY_FALL_BACK,
			.turned_late = scorer->config.strategy & PF_STRATEGY_QUICK_START,
			.longest_px = pf_preset_plan_of(scorer->config.preset)->pose_longest_px};
		status = pf_pose_estimator_create(&options, &scorer->pose, error);
	}
	return status == PF_OK ? pf_scorer_open_second(scorer, error) : status;
}

void pf_scorer_open_fused(pf_scorer *scorer)
{
	scorer->fused.quality = takes_part(scorer, PF_LEAVE_OUT_QUALITY) ? scorer->quality : NULL;
	scorer->fused.small = takes_part(scorer, PF_LEAVE_OUT_FACES) ? &scorer->small : NULL;
	scorer->fused.pose = scorer->pose;
	scorer->fused.may_halve = scorer->config.strategy & PF_STRATEGY_HALF_LUMA;
	scorer->fused.preset = scorer->config.preset;
}

static pf_status create(const pf_scorer_config *config, pf_trace *trace,
			pf_status (*open)(pf_scorer *scorer, pf_error *error), pf_scorer **out,
			pf_error *error)
{
	const pf_preset_plan *plan = pf_preset_plan_of(config->preset);
	*out = NULL;
	if (!plan) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "preset %u is none that there is",
			       config->preset);
	}
	pf_scorer *scorer = calloc(1, sizeof *scorer);
	if (!scorer) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a scorer");
	}
	scorer->config = *config;
	scorer->config.strategy |= plan->strategy;
	scorer->config.left_out |= plan->left_out;
	if (config->strategy & PF_STRATEGY_FALL_BACK) { /* a second try needs the planes */
		scorer->config.strategy &= ~(uint32_t)(PF_STRATEGY_FUSED | PF_STRATEGY_PAIRS);
	}
	pf_scorer_weights(config, scorer->config.weights);
	scorer->trace = trace;
	scorer->limits = (pf_jpeg_limits){.max_pixels = config->max_pixels,
					  .max_decode_bytes = config->max_decode_bytes,
					  .max_scans = config->max_scans};
	uint64_t begin = pf_span_begin(trace, PF_STAGE_STARTUP);
	pf_status status = pf_kernels_check(error);
	if (status == PF_OK) {
		status = open(scorer, error);
	}
	pf_span_end(trace, PF_STAGE_STARTUP, begin);
	if (status != PF_OK) {
		pf_scorer_destroy(scorer);
		return status;
	}
	pf_scorer_open_fused(scorer);
	*out = scorer;
	return PF_OK;
}

pf_status pf_scorer_create(const pf_scorer_config *config, pf_trace *trace, pf_scorer **out, pf_error *error)
{
	return create(config, trace, open_all, out, error);
}

pf_status pf_scorer_create_loader(const pf_scorer_config *config, pf_trace *trace, pf_scorer **out,
				  pf_error *error)
{
	return create(config, trace, open_loader, out, error);
}

static void drop_faces(pf_scorer *scorer)
{
	if (!scorer->faces_are_shared) {
		pf_face_detector_destroy(scorer->faces);
	}
}

void pf_scorer_share_faces(pf_scorer *scorer, pf_scorer *owner)
{
	drop_faces(scorer);
	scorer->faces = owner->faces;
	scorer->faces_are_shared = true;
	if (scorer->second) {
		scorer->second->faces = owner->faces;
	}
}

void pf_scorer_destroy(pf_scorer *scorer)
{
	if (!scorer) {
		return;
	}
	pf_scorer_close_second(scorer);
	pf_pose_estimator_destroy(scorer->pose);
	drop_faces(scorer);
	pf_quality_destroy(scorer->quality);
	pf_exif_reader_destroy(scorer->exif);
	pf_baseline_destroy(scorer->baseline);
	pf_file_buffer_release(&scorer->file);
	pf_small_release(&scorer->small);
	pf_head_window_release(&scorer->window);
	pf_fused_release(&scorer->fused);
	pf_image_release(&scorer->image);
	pf_image_release(&scorer->whole);
	free(scorer);
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* The largest face stands for all; shares and face sides make the measures independent of the photo's size.
 */
static void measure_faces(const pf_small *small, const pf_face *faces, size_t count, pf_score *score)
{
	double *m = score->measures;
	m[PF_MEASURE_FACES] = (double)count;
	m[PF_MEASURE_FACE_X] = m[PF_MEASURE_FACE_Y] = 0.0;
	m[PF_MEASURE_FACE_SIZE] = m[PF_MEASURE_FACE_MARGIN] = 0.0;
	if (count == 0) {
		return;
	}
	double x = faces[0].x, y = faces[0].y, side = faces[0].width, high = faces[0].height;
	double width = small->width_px, height = small->height_px;
	m[PF_MEASURE_FACE_X] = (x + side / 2.0) / width;
	m[PF_MEASURE_FACE_Y] = (y + high / 2.0) / height;
	m[PF_MEASURE_FACE_SIZE] = side / smaller(width, height);
	m[PF_MEASURE_FACE_MARGIN] = smaller(smaller(x, width - x - side), smaller(y, height - y - high)) /
				    side;
}

pf_status pf_scorer_pose(pf_scorer *scorer, const pf_image *image, pf_pose *pose, pf_error *error)
{
	if (!scorer->pose) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "the scorer has no pose network");
	}
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_POSE);
	pf_pose_take(scorer->pose, scorer->is_fused ? &scorer->fused.input : NULL);
	pf_status status = pf_pose_estimate(scorer->pose, image, pose, error);
	pf_span_end(scorer->trace, PF_STAGE_POSE, begin);
	return status;
}

const char *pf_scorer_note(const pf_scorer *scorer)
{
	return scorer->pose ? pf_pose_estimator_note(scorer->pose) : "";
}

/* The faces of the whole picture, or around the head where that is enough. A cascade finds nothing in a part
 * that is smaller than its window. */
static pf_status search_faces(pf_scorer *scorer, pf_face *faces, size_t *count, pf_error *error)
{
	const pf_small *small = &scorer->small;
	pf_face place;
	*count = 0;
	if (!(scorer->config.strategy & PF_STRATEGY_HEAD_WINDOW) ||
	    !pf_head_place(&scorer->last_pose, small->width_px, small->height_px, &place)) {
		return pf_face_detect(scorer->faces, small->data, small->width_px, small->height_px, faces,
				      count, error);
	}
	if (place.width < PF_FACE_SMALLEST_PX || place.height < PF_FACE_SMALLEST_PX) {
		return PF_OK;
	}
	pf_status status = pf_head_window_take(&scorer->window, small, &place, error);
	if (status == PF_OK) {
		status = pf_face_detect_scaled(scorer->faces, scorer->window.data, place.width, place.height,
					       PF_HEAD_SCALE_FACTOR, faces, count, error);
	}
	for (size_t i = 0; i < *count; i++) {
		faces[i].x += place.x;
		faces[i].y += place.y;
	}
	return status;
}

static void keep_faces(pf_scorer *scorer, const pf_face *faces, size_t count)
{
	double width = scorer->small.width_px, height = scorer->small.height_px;
	for (size_t i = 0; i < count; i++) {
		scorer->last_faces[i] = (pf_face_place){.left = faces[i].x / width,
							.top = faces[i].y / height,
							.right = (faces[i].x + faces[i].width) / width,
							.bottom = (faces[i].y + faces[i].height) / height};
	}
	scorer->last_face_count = count;
}

pf_status pf_scorer_detect_faces(pf_scorer *scorer, const pf_image *image, pf_score *score, pf_error *error)
{
	scorer->last_face_count = 0;
	if (!takes_part(scorer, PF_LEAVE_OUT_FACES)) {
		return PF_OK;
	}
	pf_face faces[PF_FACES_MAX];
	size_t count = 0;
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_FACES);
	uint64_t part = pf_span_begin(scorer->trace, PF_STAGE_FACES_GREY);
	pf_status status = scorer->is_fused ? PF_OK
					    : pf_small_make(&scorer->small, &image->y, image->orientation,
							    PF_FACE_LONGEST_PX, error);
	pf_span_end(scorer->trace, PF_STAGE_FACES_GREY, part);
	if (status == PF_OK) {
		part = pf_span_begin(scorer->trace, PF_STAGE_FACES_SEARCH);
		status = search_faces(scorer, faces, &count, error);
		pf_span_end(scorer->trace, PF_STAGE_FACES_SEARCH, part);
	}
	if (status == PF_OK) {
		measure_faces(&scorer->small, faces, count, score);
		keep_faces(scorer, faces, count);
	}
	pf_span_end(scorer->trace, PF_STAGE_FACES, begin);
	return status;
}

pf_status pf_scorer_detect_pose(pf_scorer *scorer, const pf_image *image, pf_score *score, pf_error *error)
{
	pf_pose pose = {.found = false};
	scorer->last_pose = pose;
	pf_status status = scorer->pose ? pf_scorer_pose(scorer, image, &pose, error) : PF_OK;
	if (status == PF_OK) {
		pf_scorer_put_pose(scorer, image, &pose, score);
	}
	return status;
}

void pf_scorer_put_pose(pf_scorer *scorer, const pf_image *image, const pf_pose *pose, pf_score *score)
{
	uint32_t width, height;
	scorer->last_pose = *pose;
	pf_pose_upright_size(image, &width, &height);
	pf_pose_measure(pose, width, height, image->orientation, score);
}

pf_status pf_scorer_last_pose(const pf_scorer *scorer, pf_pose *pose, pf_error *error)
{
	*pose = scorer->last_pose;
	return scorer->pose ? PF_OK
			    : pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "the scorer has no pose network");
}

const pf_face_place *pf_scorer_last_faces(const pf_scorer *scorer, size_t *count)
{
	*count = scorer->last_face_count;
	return scorer->last_faces;
}

pf_status pf_scorer_detect(pf_scorer *scorer, const pf_image *image, pf_score *score, pf_error *error)
{
	pf_status status = pf_scorer_detect_pose(scorer, image, score, error);
	return status == PF_OK ? pf_scorer_detect_faces(scorer, image, score, error) : status;
}

/* The athlete is the subject, whatever else is sharp. */
static void place_athlete(double *m)
{
	if (m[PF_MEASURE_KEYPOINTS] > 0.0) {
		m[PF_MEASURE_SUBJECT_X] = (m[PF_MEASURE_POSE_LEFT] + m[PF_MEASURE_POSE_RIGHT]) / 2.0;
		m[PF_MEASURE_SUBJECT_Y] = (m[PF_MEASURE_POSE_TOP] + m[PF_MEASURE_POSE_BOTTOM]) / 2.0;
	}
}

/* `sums` are NULL where quality is left out. */
static void measure_quality(const pf_quality_sums *sums, const pf_image *image, pf_score *score)
{
	const pf_reduction *r = &image->reduction;
	if (sums) {
		pf_quality_measure(sums, image->orientation, score);
	}
	if (sums && r->by > 1) { /* in pixels of the analysis plane that the whole photo would have */
		double scale = score->measures[PF_MEASURE_SCALE] *= r->by;
		score->measures[PF_MEASURE_EDGE_WIDTH] *= scale / pf_quality_scale(r->width_px, r->height_px);
	}
	place_athlete(score->measures);
	score->measures[PF_MEASURE_ORIENTATION] = image->orientation;
	score->measures[PF_MEASURE_FLAWS] = image->flaws;
	score->measures[PF_MEASURE_EXPOSURE_TIME] = image->exposure.time_s;
	score->measures[PF_MEASURE_F_NUMBER] = image->exposure.f_number;
	score->measures[PF_MEASURE_ISO] = image->exposure.iso;
	score->measures[PF_MEASURE_WIDTH] = r->by > 1 ? r->width_px : image->y.width_px;
	score->measures[PF_MEASURE_HEIGHT] = r->by > 1 ? r->height_px : image->y.height_px;
}

pf_status pf_scorer_analyse(pf_scorer *scorer, const pf_image *image, pf_score *score, pf_error *error)
{
	(void)error; /* nothing of today's analysis can fail */
	if (!takes_part(scorer, PF_LEAVE_OUT_QUALITY)) {
		measure_quality(NULL, image, score);
		return PF_OK;
	}
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_QUALITY);
	pf_quality_sums sums;
	if (scorer->is_fused) {
		sums = scorer->fused.sums;
	} else {
		pf_quality_sum(scorer->quality, image, &sums);
	}
	measure_quality(&sums, image, score);
	pf_span_end(scorer->trace, PF_STAGE_QUALITY, begin);
	return PF_OK;
}

struct pf_bands {
	pf_quality_sums sums[PF_BANDS];
};
static_assert(PF_BANDS == PF_GRID, "a band is a row of tiles");

pf_status pf_bands_create(pf_bands **out, pf_error *error)
{
	*out = calloc(1, sizeof **out);
	return *out ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate the sums of bands");
}

void pf_bands_destroy(pf_bands *bands)
{
	free(bands);
}

void pf_bands_sum(pf_bands *bands, pf_scorer *scorer, const pf_image *image, uint32_t band)
{
	if (!takes_part(scorer, PF_LEAVE_OUT_QUALITY)) {
		return;
	}
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_QUALITY);
	pf_quality_sum_bands(scorer->quality, image, band, band + 1, &bands->sums[band]);
	pf_span_end(scorer->trace, PF_STAGE_QUALITY, begin);
}

void pf_bands_analyse(const pf_bands *bands, pf_scorer *scorer, const pf_image *image, pf_score *score)
{
	if (!takes_part(scorer, PF_LEAVE_OUT_QUALITY)) {
		measure_quality(NULL, image, score);
		return;
	}
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_QUALITY);
	pf_quality_sums sums = bands->sums[0];
	for (uint32_t i = 1; i < PF_BANDS; i++) {
		pf_quality_add(&bands->sums[i], &sums);
	}
	measure_quality(&sums, image, score);
	pf_span_end(scorer->trace, PF_STAGE_QUALITY, begin);
}

void pf_scorer_fuse(pf_scorer *scorer, pf_score *score)
{
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_SCORE);
	pf_fusion_factors(score);
	for (unsigned i = 0; i < PF_FACTOR_COUNT && scorer->config.left_out; i++) {
		bool judged = pf_fusion_can_judge(&scorer->config, (pf_factor)i);
		score->factors[i] = judged ? score->factors[i] : 0.0;
	}
	pf_fusion_total(scorer->config.weights, score);
	pf_span_end(scorer->trace, PF_STAGE_SCORE, begin);
}

pf_status pf_scorer_judge(pf_scorer *scorer, const pf_image *image, pf_score *score, pf_error *error)
{
	*score = (pf_score){0};
	pf_status status = pf_scorer_detect(scorer, image, score, error);
	if (status == PF_OK) {
		status = pf_scorer_analyse(scorer, image, score, error);
	}
	if (status == PF_OK) {
		pf_scorer_fuse(scorer, score);
	}
	return status;
}

/* May load by PF_STRATEGY_FUSED. */
static bool fuses(const pf_scorer *scorer)
{
	const uint32_t both = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED;
	return (scorer->config.strategy & both) == both;
}

static pf_status judge_own(pf_scorer *scorer, pf_status loaded, pf_score *score, pf_error *error)
{
	pf_status status = loaded == PF_OK ? pf_scorer_judge(scorer, &scorer->image, score, error) : loaded;
	scorer->is_fused = false;
	return status;
}

pf_status pf_scorer_photo(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_score *score,
			  pf_error *error)
{
	*score = (pf_score){0};
	/* callgrind knows the read by the name of pf_scorer_load. */
	pf_status status = fuses(scorer) ? pf_scorer_load_fused(scorer, dataset, index, error)
					 : pf_scorer_load(scorer, dataset, index, &scorer->image, error);
	return judge_own(scorer, status, score, error);
}

pf_status pf_scorer_photo_bytes(pf_scorer *scorer, const void *bytes, size_t size, pf_score *score,
				pf_error *error)
{
	*score = (pf_score){0};
	pf_status status = fuses(scorer)
				   ? pf_scorer_load_bytes_fused(scorer, bytes, size, error)
				   : pf_scorer_load_bytes(scorer, bytes, size, NULL, &scorer->image, error);
	return judge_own(scorer, status, score, error);
}

const char *pf_scorer_strategy_problem(const pf_scorer_config *config, uint32_t strategy)
{
	bool faces = !(config->left_out & PF_LEAVE_OUT_FACES) && strategy & PF_STRATEGY_EXACT_FACES;
	const char *problem = faces ? pf_face_own_problem(config->cascade_file) : NULL;
	bool pose = config->model_file[0] && !(config->left_out & PF_LEAVE_OUT_POSE);
	if (!problem && pose && strategy & (PF_STRATEGY_INT8 | PF_STRATEGY_WINOGRAD)) {
		problem = strcmp(config->backend, "onednn") == 0
				  ? NULL
				  : "it takes the place of oneDNN's convolutions, and the backend is another";
	}
	if (!problem && pose && strategy & PF_STRATEGY_INT8) {
		problem = pf_network_bytes_problem(config->model_file);
	}
	return problem;
}

void pf_scorer_prepare(const pf_scorer_config *config, pf_trace *trace)
{
	const pf_preset_plan *plan = pf_preset_plan_of(config->preset);
	uint32_t left_out = config->left_out | (plan ? plan->left_out : 0);
	if (!(left_out & PF_LEAVE_OUT_FACES) && !(config->strategy & PF_STRATEGY_EXACT_FACES)) {
		uint64_t begin = pf_span_begin(trace, PF_STAGE_STARTUP);
		pf_face_prepare();
		pf_span_end(trace, PF_STAGE_STARTUP, begin);
	}
}

bool pf_scorer_may_be_forked(const pf_scorer_config *config)
{
	return config->strategy & PF_STRATEGY_QUICK_START &&
	       (strcmp(config->backend, "plain") == 0 || strcmp(config->backend, "onednn") == 0);
}

void pf_scorer_set_trace(pf_scorer *scorer, pf_trace *trace)
{
	scorer->trace = trace;
	if (scorer->second) {
		scorer->second->trace = trace;
	}
	if (scorer->pose) {
		pf_pose_estimator_set_trace(scorer->pose, trace);
	}
}
