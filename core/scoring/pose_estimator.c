#include "core/scoring/pose_estimator.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/picture.h"
#include "core/scoring/pose_decode.h"
#include "core/scoring/pose_input.h"
#include "photofinish/file.h"
#include "photofinish/workspace.h"

#define OUTPUTS_MAX 2
#define OPEN_WIDTH_PX 384 /* of an input whose sides the model leaves open and no card states */
#define OPEN_HEIGHT_PX 288

/* A network with one size of its input. */
typedef struct sized {
	pf_network *network;
	pf_workspace *workspace;
	pf_network_tensor outputs[OUTPUTS_MAX];
	uint32_t width_px, height_px;
	bool pictured; /* its input is made where it runs */
} sized;

enum { BATCHES = 5 }; /* of 2, 4 ... 32 photos */

typedef struct model {
	pf_pose_card card;
	sized upright; /* the card's size */
	sized turned;  /* with the sides exchanged; empty unless card.turn, or as long as nobody needs it */
	sized several[2]
		     [BATCHES]; /* of upright, of turned; empty where nobody asked, or where it cannot be */
	char *file, *backend;
} model;

struct pf_pose_estimator {
	pf_trace *trace;
	model pose, box; /* box is empty where it is not needed */
	pf_pose_input input;
	pf_pose_input *taken;   /* that of the photo that comes next; NULL: it is not filled yet */
	char *files[2];         /* of pose and box, where it may fall back */
	bool fall_back;         /* it may, and has not */
	bool on_device, fallen; /* a device runs the networks; did, or should have */
};

static void release_sized(sized *s)
{
	pf_workspace_destroy(s->workspace);
	pf_network_free(s->network);
}

/* `constants_mib` 0: the usual limit. */
static pf_status load_network(const char *file, const char *input, const int64_t dims[4],
			      double constants_mib, pf_network **out, pf_error *error)
{
	pf_network_options options;
	pf_network_options_default(&options);
	if (constants_mib > 0) {
		options.max_folded_bytes = (uint64_t)(constants_mib * (1 << 20));
	}
	pf_network_binding binding = {.input = input};
	if (dims) {
		binding.shape.rank = 4;
		memcpy(binding.shape.dims, dims, 4 * sizeof *dims);
		options.bindings = &binding;
		options.binding_count = 1;
	}
	pf_status status = pf_network_load(file, &options, out, error);
	if (status == PF_OK && pf_network_input_count(*out) != 1) {
		status = pf_fail(error, PF_ERR_UNSUPPORTED, file,
				 "the network has %zu inputs, a pose network has one",
				 pf_network_input_count(*out));
		pf_network_free(*out);
		*out = NULL;
	}
	return status;
}

static size_t copy_outputs(const pf_network *network, pf_network_tensor outputs[OUTPUTS_MAX])
{
	size_t count = pf_network_output_count(network);
	for (size_t i = 0; i < count && i < OUTPUTS_MAX; i++) {
		outputs[i] = *pf_network_output(network, i);
	}
	return count < OUTPUTS_MAX ? count : OUTPUTS_MAX;
}

/* Without a card: by the shapes, for which open sides are tried at our own size. */
static pf_status guess_card(const char *file, pf_pose_card *card, pf_error *error)
{
	static const int64_t open[4] = {1, 3, OPEN_HEIGHT_PX, OPEN_WIDTH_PX};
	pf_network *network = NULL;
	pf_error second;
	pf_status status = load_network(file, NULL, NULL, 0, &network, error);
	bool sides_open = status == PF_ERR_INVALID &&
			  load_network(file, NULL, open, 0, &network, &second) == PF_OK;
	if (status != PF_OK && !sides_open) {
		return status;
	}
	pf_network_tensor outputs[OUTPUTS_MAX];
	size_t count = copy_outputs(network, outputs);
	status = pf_pose_card_guess(pf_network_input(network, 0), outputs, count, file, card, error);
	if (status == PF_OK && sides_open) {
		card->turn = !card->top_down;
		size_t used = strlen(card->guessed);
		snprintf(card->guessed + used, sizeof card->guessed - used,
			 "; the model leaves the size open");
	}
	pf_network_free(network);
	return status;
}

static pf_status find_card(const char *file, pf_pose_card *card, pf_error *error)
{
	char path[1024];
	pf_error missing;
	pf_status status = pf_pose_card_path(file, path, sizeof path, error);
	if (status != PF_OK) {
		return status;
	}
	status = pf_pose_card_load(path, card, &missing);
	if (status == PF_ERR_NOT_FOUND) {
		return guess_card(file, card, error);
	}
	if (status != PF_OK && error) {
		*error = missing;
	}
	return status;
}

static pf_status load_sized(const char *file, const char *backend, pf_pose_card *card, sized *s,
			    int64_t photos, pf_error *error)
{
	bool nhwc = card->layout == PF_POSE_NHWC;
	int64_t nchw_dims[4] = {photos, 3, s->height_px, s->width_px},
		nhwc_dims[4] = {photos, s->height_px, s->width_px, 3};
	pf_status status = load_network(file, card->input[0] ? card->input : NULL,
					nhwc ? nhwc_dims : nchw_dims, card->max_constants_mib, &s->network,
					error);
	if (status != PF_OK) {
		return status;
	}
	size_t count = copy_outputs(s->network, s->outputs);
	if (photos == 1) {
		status = pf_pose_card_check(card, s->width_px, s->height_px, pf_network_input(s->network, 0),
					    s->outputs, count, file, error);
	} else if (s->outputs[0].shape.dims[0] != photos) {
		status = pf_fail(error, PF_ERR_UNSUPPORTED, file, "it takes one photo at a time");
	}
	if (status == PF_OK) {
		status = pf_workspace_create(s->network, backend, 0, &s->workspace, error);
	}
	if (status == PF_OK && !nhwc) {
		s->pictured = pf_workspace_take_pictures(
			s->workspace, card->kind == PF_POSE_HEATMAP ? PF_KEYPOINT_COUNT : 0);
	}
	return status;
}

static void empty_sized(sized *s)
{
	release_sized(s);
	s->network = NULL;
	s->workspace = NULL;
	s->pictured = false;
}

static void release_model(model *m)
{
	for (int i = 0; i < 2 * BATCHES; i++) {
		release_sized(&m->several[i / BATCHES][i % BATCHES]);
	}
	release_sized(&m->upright);
	release_sized(&m->turned);
	free(m->file);
	free(m->backend);
}

static const char *backend_for(const char *file, const pf_pose_options *options)
{
	if (strcmp(options->backend, "onednn") != 0) {
		return options->backend;
	}
	if (options->bytes && !pf_network_bytes_problem(file)) {
		return "onednn-bytes";
	}
	return options->winograd ? "onednn-winograd" : options->backend;
}

/* The sides of the card's input in their proportion, in whole steps of the deepest layers. */
static void reduce_input(pf_pose_card *card, uint32_t longest_px)
{
	const uint32_t step = 32,
		       longest = card->width_px > card->height_px ? card->width_px : card->height_px;
	if (longest_px > 0 && longest_px < longest) {
		card->width_px = card->width_px * longest_px / longest / step * step;
		card->height_px = card->height_px * longest_px / longest / step * step;
	}
}

/* `longest_px`: of its input, in place of its card's; 0: the card's. */
static pf_status load_model(const char *file, const pf_pose_options *options, uint32_t longest_px, model *m,
			    pf_error *error)
{
	m->file = strdup(file);
	m->backend = strdup(backend_for(file, options));
	if (!m->file || !m->backend) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a pose estimator");
	}
	pf_status status = find_card(file, &m->card, error);
	if (status != PF_OK) {
		return status;
	}
	reduce_input(&m->card, longest_px);
	m->upright.width_px = m->turned.height_px = m->card.width_px;
	m->upright.height_px = m->turned.width_px = m->card.height_px;
	status = load_sized(file, m->backend, &m->card, &m->upright, 1, error);
	if (status == PF_OK && m->card.turn && !options->turned_late) {
		status = load_sized(file, m->backend, &m->card, &m->turned, 1, error);
	}
	return status;
}

/* What has the maxima of several photos at once; where that cannot be, photos are run one by one. */
static pf_status load_several(model *m, uint32_t batch, pf_error *error)
{
	for (int i = 0; i < 2 * BATCHES; i++) {
		const sized *one = i < BATCHES ? &m->upright : &m->turned;
		sized *s = &m->several[i / BATCHES][i % BATCHES];
		int64_t photos = (int64_t)2 << i % BATCHES;
		if (!one->workspace || !pf_workspace_peaks(one->workspace) || photos > (int64_t)batch) {
			continue;
		}
		s->width_px = one->width_px;
		s->height_px = one->height_px;
		pf_status status = load_sized(m->file, m->backend, &m->card, s, photos, error);
		if (status == PF_ERR_NO_MEMORY) {
			return status;
		}
		if (status != PF_OK || !s->pictured || !pf_workspace_peaks(s->workspace)) {
			empty_sized(s);
		}
	}
	return PF_OK;
}

/* Times what a device does for the networks that are there. */
static void watch(pf_pose_estimator *estimator, pf_trace *trace)
{
	model *both[2] = {&estimator->pose, &estimator->box};
	for (int i = 0; i < 2; i++) {
		sized *of_model[2 + 2 * BATCHES] = {&both[i]->upright, &both[i]->turned};
		for (int k = 0; k < 2 * BATCHES; k++) {
			of_model[2 + k] = &both[i]->several[k / BATCHES][k % BATCHES];
		}
		for (int k = 0; k < 2 + 2 * BATCHES; k++) {
			if (of_model[k]->workspace && pf_workspace_time(of_model[k]->workspace, trace)) {
				estimator->on_device = true;
			}
		}
	}
}

static pf_status open_models(pf_pose_estimator *estimator, const pf_pose_options *options, pf_error *error)
{
	pf_status status = load_model(options->model_file, options, options->longest_px, &estimator->pose,
				      error);
	if (status == PF_OK && estimator->pose.card.top_down && options->box_model_file &&
	    options->box_model_file[0]) {
		status = load_model(options->box_model_file, options, 0, &estimator->box, error);
		if (status == PF_OK && estimator->box.card.top_down) {
			status = pf_fail(error, PF_ERR_INVALID, options->box_model_file,
					 "a top-down model cannot find the person for another one");
		}
	}
	if (status == PF_OK && options->batch > 1 && !estimator->box.upright.workspace) {
		status = load_several(&estimator->pose, options->batch, error);
	}
	if (status == PF_OK) {
		watch(estimator, estimator->trace);
	}
	return status;
}

/* Closes what the device had, for the reason in *error, and opens it for the processor. */
static pf_status fall_back(pf_pose_estimator *estimator, pf_error *error)
{
	const pf_pose_options options = {.model_file = estimator->files[0],
					 .box_model_file = estimator->files[1],
					 .backend = pf_pose_default_backend()};
	pf_trace *trace = estimator->trace;
	if (trace && !trace->device.why[0]) {
		snprintf(trace->device.why, sizeof trace->device.why, "%s", error->message);
	}
	uint64_t begin = pf_span_begin(trace, PF_STAGE_STARTUP);
	release_model(&estimator->pose);
	release_model(&estimator->box);
	memset(&estimator->pose, 0, sizeof estimator->pose);
	memset(&estimator->box, 0, sizeof estimator->box);
	estimator->fall_back = estimator->on_device = false;
	estimator->fallen = true;
	pf_status status = open_models(estimator, &options, error);
	pf_span_end(trace, PF_STAGE_STARTUP, begin);
	return status;
}

static bool keep_files(pf_pose_estimator *estimator, const pf_pose_options *options)
{
	estimator->fall_back = options->fall_back;
	if (options->fall_back) {
		estimator->files[0] = strdup(options->model_file);
		estimator->files[1] = strdup(options->box_model_file ? options->box_model_file : "");
	}
	return !options->fall_back || (estimator->files[0] && estimator->files[1]);
}

pf_status pf_pose_estimator_create(const pf_pose_options *options, pf_pose_estimator **out, pf_error *error)
{
	pf_error why = {.code = PF_OK};
	*out = NULL;
	pf_pose_estimator *estimator = calloc(1, sizeof *estimator);
	if (!estimator || !keep_files(estimator, options)) {
		pf_pose_estimator_destroy(estimator);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a pose estimator");
	}
	estimator->trace = options->trace;
	pf_status status = open_models(estimator, options, &why);
	if (status != PF_OK && estimator->fall_back) {
		status = fall_back(estimator, &why);
	}
	if (status != PF_OK) {
		pf_pose_estimator_destroy(estimator);
		if (error) {
			*error = why;
		}
		return status;
	}
	*out = estimator;
	return PF_OK;
}

void pf_pose_estimator_destroy(pf_pose_estimator *estimator)
{
	if (estimator) {
		release_model(&estimator->pose);
		release_model(&estimator->box);
		pf_pose_input_release(&estimator->input);
		free(estimator->files[0]);
		free(estimator->files[1]);
		free(estimator);
	}
}

void pf_pose_estimator_set_trace(pf_pose_estimator *estimator, pf_trace *trace)
{
	estimator->trace = trace;
	watch(estimator, trace);
}

/* Where `count` more photos had their pose found. */
static void count_photos(const pf_pose_estimator *estimator, size_t count)
{
	if (estimator->trace && estimator->fallen) {
		estimator->trace->device.fallen += count;
	} else if (estimator->trace && estimator->on_device) {
		estimator->trace->device.photos += count;
	}
}

const char *pf_pose_estimator_note(const pf_pose_estimator *estimator)
{
	return estimator->pose.card.guessed;
}

/* A later try finds nothing half done. */
static pf_status load_late(model *m, sized *s, pf_error *error)
{
	pf_status status = load_sized(m->file, m->backend, &m->card, s, 1, error);
	if (status != PF_OK) {
		empty_sized(s);
	}
	return status;
}

/* `person`: what a top-down model looks at; not found: the whole photo. */
static sized *choose_view(model *m, const pf_image *image, const pf_pose *person, pf_pose_view *view)
{
	uint32_t photo_width, photo_height;
	pf_pose_upright_size(image, &photo_width, &photo_height);
	sized *s = m->card.turn && photo_height > photo_width ? &m->turned : &m->upright;
	if (m->card.top_down && person->found) {
		pf_pose_view_box(photo_width, photo_height, s->width_px, s->height_px, person,
				 m->card.box_padding, view);
	} else {
		pf_pose_view_whole(photo_width, photo_height, s->width_px, s->height_px, view);
	}
	return s;
}

static const pf_pose nobody = {.found = false};

pf_status pf_pose_begin(pf_pose_estimator *estimator, pf_pose_input *input, const pf_image *image,
			pf_error *error)
{
	pf_pose_view view;
	if (estimator->box.upright.workspace) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "another model finds the person first");
	}
	if (estimator->pose.upright.pictured) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "the device makes the network's input");
	}
	choose_view(&estimator->pose, image, &nobody, &view);
	return pf_pose_input_begin(input, image, &view, &estimator->pose.card, error);
}

void pf_pose_take(pf_pose_estimator *estimator, pf_pose_input *input)
{
	estimator->taken = input;
}

static pf_status fill_input(pf_pose_estimator *estimator, const model *m, const sized *s,
			    const pf_image *image, const pf_pose_view *view, pf_error *error)
{
	if (s->pictured) {
		pf_picture picture;
		pf_status status = pf_pose_input_picture(&estimator->input, image, view, &m->card, &picture,
							 error);
		return status == PF_OK ? pf_workspace_picture(s->workspace, 0, &picture, error) : status;
	}
	pf_type type = pf_network_input(s->network, 0)->type;
	void *tensor = pf_workspace_input(s->workspace, 0);
	if (!estimator->taken) {
		return pf_pose_input_fill(&estimator->input, image, view, &m->card, type, tensor, error);
	}
	pf_pose_input_end(estimator->taken, image, view, &m->card, type, tensor);
	estimator->taken = NULL;
	return PF_OK;
}

static void decode(const model *m, const sized *s, const pf_pose_view *view, pf_pose *pose)
{
	const pf_gpu_peak *peaks = pf_workspace_peaks(s->workspace);
	if (peaks) {
		pf_pose_decode_peaks(peaks, &m->card, view, pose);
		return;
	}
	const float *data[OUTPUTS_MAX] = {pf_workspace_output(s->workspace, 0)};
	if (m->card.kind == PF_POSE_SIMCC) {
		data[1] = pf_workspace_output(s->workspace, 1);
	}
	pf_pose_decode(&m->card, view, s->outputs, data, pose);
}

static pf_status run_model(pf_pose_estimator *estimator, model *m, const pf_image *image,
			   const pf_pose *person, pf_pose *pose, pf_error *error)
{
	pf_trace *trace = estimator->trace;
	pf_pose_view view;
	sized *s = choose_view(m, image, person, &view);
	if (!s->workspace) { /* the first that needs it */
		uint64_t begin = pf_span_begin(trace, PF_STAGE_STARTUP);
		pf_status loaded = load_late(m, s, error);
		watch(estimator, trace);
		pf_span_end(trace, PF_STAGE_STARTUP, begin);
		if (loaded != PF_OK) {
			return loaded;
		}
	}
	uint64_t part = pf_span_begin(trace, PF_STAGE_POSE_INPUT);
	pf_status status = fill_input(estimator, m, s, image, &view, error);
	pf_span_end(trace, PF_STAGE_POSE_INPUT, part);
	if (status == PF_OK) {
		part = pf_span_begin(trace, PF_STAGE_POSE_NETWORK);
		status = pf_workspace_run(s->workspace, error);
		pf_span_end(trace, PF_STAGE_POSE_NETWORK, part);
	}
	if (status == PF_OK) {
		part = pf_span_begin(trace, PF_STAGE_POSE_DECODE);
		decode(m, s, &view, pose);
		pf_span_end(trace, PF_STAGE_POSE_DECODE, part);
	}
	return status;
}

static pf_status estimate(pf_pose_estimator *estimator, const pf_image *image, pf_pose *pose, pf_error *error)
{
	pf_pose person = {.found = false};
	*pose = person;
	if (estimator->box.upright.workspace) {
		pf_status status = run_model(estimator, &estimator->box, image, &person, &person, error);
		if (status != PF_OK) {
			return status;
		}
	}
	return run_model(estimator, &estimator->pose, image, &person, pose, error);
}

pf_status pf_pose_estimate(pf_pose_estimator *estimator, const pf_image *image, pf_pose *pose,
			   pf_error *error)
{
	pf_error why = {.code = PF_OK};
	pf_status status = estimate(estimator, image, pose, &why);
	if (status != PF_OK && estimator->fall_back) {
		status = fall_back(estimator, &why);
		status = status == PF_OK ? estimate(estimator, image, pose, &why) : status;
	}
	if (status == PF_OK) {
		count_photos(estimator, 1);
	} else if (error) {
		*error = why;
	}
	return status;
}

/* The least network that takes `count` photos at once, else the largest there is; NULL: there is none. */
static sized *several_of(model *m, const sized *one, size_t count, size_t *takes)
{
	sized *best = NULL;
	for (size_t i = 0; i < BATCHES; i++) {
		sized *s = &m->several[one == &m->turned][i];
		if (s->workspace && (!best || *takes < count)) {
			best = s;
			*takes = (size_t)2 << i;
		}
	}
	return best;
}

/* Photos at[0..count) of `images`, which all have the same network. */
static pf_status run_several(pf_pose_estimator *estimator, sized *s, const pf_image *images, const size_t *at,
			     size_t count, pf_pose *poses, pf_error *error)
{
	model *m = &estimator->pose;
	pf_pose_view views[2 << (BATCHES - 1)];
	pf_picture picture;
	pf_status status = PF_OK;
	uint64_t part = pf_span_begin(estimator->trace, PF_STAGE_POSE_INPUT);
	for (size_t i = 0; i < count && status == PF_OK; i++) {
		choose_view(m, &images[at[i]], &nobody, &views[i]);
		status = pf_pose_input_picture(&estimator->input, &images[at[i]], &views[i], &m->card,
					       &picture, error);
		status = status == PF_OK ? pf_workspace_picture(s->workspace, i, &picture, error) : status;
	}
	pf_span_end(estimator->trace, PF_STAGE_POSE_INPUT, part);
	if (status == PF_OK) {
		part = pf_span_begin(estimator->trace, PF_STAGE_POSE_NETWORK);
		status = pf_workspace_run(s->workspace, error);
		pf_span_end(estimator->trace, PF_STAGE_POSE_NETWORK, part);
	}
	for (size_t i = 0; i < count && status == PF_OK; i++) {
		const pf_gpu_peak *peaks = pf_workspace_peaks(s->workspace) + i * PF_KEYPOINT_COUNT;
		pf_pose_decode_peaks(peaks, &m->card, &views[i], &poses[at[i]]);
	}
	return status;
}

pf_status pf_pose_estimate_all(pf_pose_estimator *estimator, const pf_image *images, size_t count,
			       pf_pose *poses, pf_error *error)
{
	pf_error why = {.code = PF_OK};
	pf_status status = PF_OK;
	memset(poses, 0, count * sizeof *poses);
	for (size_t done = 0, next; done < count && status == PF_OK; done = next) {
		pf_pose_view view;
		size_t at[2 << (BATCHES - 1)] = {done}, takes = 1, alike = 1;
		sized *one = choose_view(&estimator->pose, &images[done], &nobody, &view);
		sized *s = several_of(&estimator->pose, one, count - done, &takes);
		next = done + 1;
		while (s && next < count && alike < takes &&
		       choose_view(&estimator->pose, &images[next], &nobody, &view) == one) {
			at[alike++] = next++;
		}
		s = several_of(&estimator->pose, one, alike, &takes);
		bool many = s && alike > 1;
		status = many ? run_several(estimator, s, images, at, alike, poses, &why)
			      : pf_pose_estimate(estimator, &images[done], &poses[done], &why);
		if (many && status == PF_OK) {
			count_photos(estimator, alike);
		} else if (many && estimator->fall_back) { /* then again, one by one */
			status = fall_back(estimator, &why);
			next = done;
		}
	}
	if (status != PF_OK && error) {
		*error = why;
	}
	return status;
}
