/* What the shapes of a network's inputs and outputs tell: guessing a card, checking one. */
#include <stdio.h>
#include <string.h>

#include "core/scoring/pose_card.h"

#define YOLO_ROWS (5 + 3 * PF_KEYPOINT_COUNT)
#define GUESS_SIDE_MAX_PX 4096

static bool is_shape(const pf_network_tensor *tensor, int32_t rank, int64_t first)
{
	return tensor->shape.rank == rank && tensor->shape.dims[0] == first && !tensor->open_rows;
}

static bool is_float(const pf_network_tensor *tensor)
{
	return tensor->type == PF_TYPE_FLOAT;
}

static bool is_heatmap(const pf_network_tensor *outputs, size_t count)
{
	const int64_t *d = outputs[0].shape.dims;
	return count >= 1 && is_float(outputs) && is_shape(outputs, 4, 1) && d[1] >= PF_KEYPOINT_COUNT &&
	       d[2] > 0 && d[3] > 0;
}

static bool is_simcc(const pf_network_tensor *outputs, size_t count)
{
	for (size_t i = 0; i < 2; i++) {
		if (count < 2 || !is_float(&outputs[i]) || !is_shape(&outputs[i], 3, 1) ||
		    outputs[i].shape.dims[1] != PF_KEYPOINT_COUNT || outputs[i].shape.dims[2] <= 0) {
			return false;
		}
	}
	return true;
}

static bool is_yolo(const pf_network_tensor *outputs, size_t count)
{
	const int64_t *d = outputs[0].shape.dims;
	return count >= 1 && is_float(outputs) && is_shape(outputs, 3, 1) &&
	       ((d[1] == YOLO_ROWS && d[2] > 0) || (d[2] == YOLO_ROWS && d[1] > 0));
}

static bool is_movenet(const pf_network_tensor *outputs, size_t count)
{
	const int64_t *d = outputs[0].shape.dims;
	return count >= 1 && is_float(outputs) && is_shape(outputs, 4, 1) && d[1] == 1 &&
	       d[2] == PF_KEYPOINT_COUNT && d[3] == 3;
}

static pf_status guess_input(const pf_network_tensor *input, const char *model_file, pf_pose_card *card,
			     pf_error *error)
{
	const int64_t *d = input->shape.dims;
	bool image = is_shape(input, 4, 1), nhwc = image && d[3] == 3 && d[1] != 3;
	int64_t width = !image ? 0 : nhwc ? d[2] : d[3], height = !image ? 0 : nhwc ? d[1] : d[2];
	if (!image || (!nhwc && d[1] != 3) || width < 16 || height < 16 || width > GUESS_SIDE_MAX_PX ||
	    height > GUESS_SIDE_MAX_PX) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, model_file,
			       "the input is no picture of three channels; a model card cannot mend that");
	}
	card->layout = nhwc ? PF_POSE_NHWC : PF_POSE_NCHW;
	card->width_px = (uint32_t)width;
	card->height_px = (uint32_t)height;
	return PF_OK;
}

static void normalise(pf_pose_card *card, const double *mean, const double *std)
{
	memcpy(card->mean, mean, sizeof card->mean);
	memcpy(card->std, std, sizeof card->std);
}

static const double imagenet_mean[3] = {123.675, 116.28, 103.53}, imagenet_std[3] = {58.395, 57.12, 57.375};
static const double grey_mean[3] = {128.0, 128.0, 128.0}, grey_std[3] = {64.0, 64.0, 64.0};
static const double no_mean[3], share_std[3] = {255.0, 255.0, 255.0};

/* The values that the best known models of each kind were trained with. */
static const char *guess_kind(const pf_network_tensor *outputs, size_t count, pf_pose_card *card)
{
	if (is_movenet(outputs, count)) {
		card->kind = PF_POSE_MOVENET;
		return "rgb 0..255";
	}
	if (is_yolo(outputs, count)) {
		card->kind = PF_POSE_YOLO;
		card->padding = 114.0;
		normalise(card, no_mean, share_std);
		return "rgb 0..1";
	}
	if (is_simcc(outputs, count)) {
		card->kind = PF_POSE_SIMCC;
		card->top_down = true;
		normalise(card, imagenet_mean, imagenet_std);
		return "rgb by ImageNet's mean, top-down";
	}
	if (!is_heatmap(outputs, count)) {
		return NULL;
	}
	card->kind = PF_POSE_HEATMAP;
	if (outputs[0].shape.dims[1] == PF_KEYPOINT_COUNT + 1) {
		card->colour = PF_POSE_YCBCR;
		normalise(card, grey_mean, grey_std);
		return "ycbcr less 128 by 64";
	}
	card->top_down = true;
	normalise(card, imagenet_mean, imagenet_std);
	return "rgb by ImageNet's mean, top-down";
}

pf_status pf_pose_card_guess(const pf_network_tensor *input, const pf_network_tensor *outputs,
			     size_t output_count, const char *model_file, pf_pose_card *card, pf_error *error)
{
	pf_pose_card guess;
	pf_pose_card_default(&guess);
	pf_status status = guess_input(input, model_file, &guess, error);
	if (status != PF_OK) {
		return status;
	}
	const char *values = output_count > 0 ? guess_kind(outputs, output_count, &guess) : NULL;
	if (!values) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, model_file,
			       "the outputs have the shapes of no pose network with %d keypoints",
			       PF_KEYPOINT_COUNT);
	}
	snprintf(guess.guessed, sizeof guess.guessed,
		 "no model card: guessed output %s, input %ux%u %s, %s from the shapes",
		 pf_pose_kind_name(guess.kind), guess.width_px, guess.height_px,
		 guess.layout == PF_POSE_NHWC ? "nhwc" : "nchw", values);
	*card = guess;
	return PF_OK;
}

static pf_status check_kind(pf_pose_card *card, uint32_t width_px, uint32_t height_px,
			    const pf_network_tensor *outputs, size_t count, const char *model_file,
			    pf_error *error)
{
	const int64_t *d = outputs[0].shape.dims;
	bool fits = false;
	switch (card->kind) {
	case PF_POSE_HEATMAP:
		fits = is_heatmap(outputs, count);
		if (fits && card->stride <= 0.0) {
			card->stride = (double)width_px / (double)d[3];
		}
		break;
	case PF_POSE_SIMCC:
		fits = is_simcc(outputs, count);
		if (fits && card->split_ratio <= 0.0) {
			card->split_ratio = (double)outputs[0].shape.dims[2] / width_px;
		}
		break;
	case PF_POSE_YOLO:
		fits = is_yolo(outputs, count);
		break;
	default:
		fits = is_movenet(outputs, count);
		break;
	}
	(void)height_px;
	return fits ? PF_OK
		    : pf_fail(error, PF_ERR_INVALID, model_file,
			      "the outputs do not have the shapes of \"%s\"", pf_pose_kind_name(card->kind));
}

pf_status pf_pose_card_check(pf_pose_card *card, uint32_t width_px, uint32_t height_px,
			     const pf_network_tensor *input, const pf_network_tensor *outputs,
			     size_t output_count, const char *model_file, pf_error *error)
{
	const int64_t *d = input->shape.dims;
	bool nhwc = card->layout == PF_POSE_NHWC;
	bool fits = is_shape(input, 4, 1) && d[nhwc ? 3 : 1] == 3 && d[nhwc ? 1 : 2] == height_px &&
		    d[nhwc ? 2 : 3] == width_px;
	if (!fits) {
		return pf_fail(error, PF_ERR_INVALID, model_file,
			       "the input is not %ux%u with three channels, %s", width_px, height_px,
			       nhwc ? "nhwc" : "nchw");
	}
	if (input->type != PF_TYPE_FLOAT && input->type != PF_TYPE_INT32 && input->type != PF_TYPE_UINT8) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, model_file, "an input of type %s",
			       pf_type_name(input->type));
	}
	if (output_count == 0) {
		return pf_fail(error, PF_ERR_INVALID, model_file, "the network has no outputs");
	}
	return check_kind(card, width_px, height_px, outputs, output_count, model_file, error);
}
