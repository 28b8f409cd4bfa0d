/* How near the keypoints of a device are to the processor's, photo by photo: from the planes to the
 * keypoints, with the kernels that make the input and find the maxima. Usage: gpu_agreement DATASET
 * [BACKEND]. On the fake device or on a real one. Exit status 0: of the points that the processor sees at
 * least 99 % lie within 1 pixel of the network's input; 1: fewer do; 2: it cannot run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scoring/pose_card.h"
#include "core/scoring/pose_input.h"
#include "datasets/dataset_store.h"
#include "photofinish/scorer.h"

#define NEAR_PX 1.0
#define LEAST_SHARE 0.99

static void give_up(const char *what, const pf_error *error)
{
	fprintf(stderr, "gpu_agreement: %s: %s%s%s\n", what, error->file, error->file[0] ? ": " : "",
		error->message);
	exit(2);
}

/* Pixels of the network's input for a pixel of the upright photo: all of the photo has to fit. */
static double scale_of(const pf_pose_card *card, double width, double height)
{
	double in_width = card->width_px, in_height = card->height_px;
	if (card->turn && height > width) {
		in_width = card->height_px;
		in_height = card->width_px;
	}
	return fmin(in_width / width, in_height / height);
}

typedef struct agreement {
	size_t points, near, seen_differs;
	double largest_px;
} agreement;

static void compare(const pf_pose *here, const pf_pose *there, double width, double height, double scale,
		    agreement *out)
{
	for (int i = 0; i < PF_KEYPOINT_COUNT; i++) {
		const pf_pose_point *a = &here->points[i], *b = &there->points[i];
		double px = scale * hypot((a->x - b->x) * width, (a->y - b->y) * height);
		if (a->seen) {
			out->points++;
			out->near += px <= NEAR_PX;
			out->seen_differs += !b->seen;
			out->largest_px = fmax(out->largest_px, px);
		}
	}
}

int main(int count, char **arguments)
{
	pf_error error = {.code = PF_OK};
	pf_dataset *dataset;
	pf_scorer_config configs[2];
	pf_scorer *scorers[2];
	pf_pose_card card;
	char card_file[1024];
	agreement all = {0};
	pf_image image = {0};
	if (count < 2 || count > 3) {
		fprintf(stderr, "Usage: gpu_agreement DATASET [BACKEND]\n");
		return 2;
	}
	if (pf_store_open(arguments[1], &dataset, &error) != PF_OK) {
		give_up(arguments[1], &error);
	}
	for (int i = 0; i < 2; i++) {
		pf_scorer_config_default(&configs[i]);
		if (i) {
			snprintf(configs[i].backend, sizeof configs[i].backend, "%s",
				 count > 2 ? arguments[2] : "cudnn");
		}
		if (pf_scorer_create(&configs[i], NULL, &scorers[i], &error) != PF_OK) {
			give_up(configs[i].backend, &error);
		}
	}
	if (pf_pose_card_path(configs[0].model_file, card_file, sizeof card_file, &error) != PF_OK ||
	    pf_pose_card_load(card_file, &card, &error) != PF_OK) {
		give_up("the model card", &error);
	}
	for (size_t i = 0; i < dataset->count; i++) {
		pf_pose poses[2];
		uint32_t width, height;
		size_t near = all.near, points = all.points;
		if (pf_scorer_load(scorers[0], dataset, i, &image, &error) != PF_OK) {
			printf("%s: %s\n", dataset->photos[i].path, error.message);
			continue;
		}
		for (int k = 0; k < 2; k++) {
			if (pf_scorer_pose(scorers[k], &image, &poses[k], &error) != PF_OK) {
				give_up(dataset->photos[i].path, &error);
			}
		}
		pf_pose_upright_size(&image, &width, &height);
		compare(&poses[0], &poses[1], width, height, scale_of(&card, width, height), &all);
		if (all.near - near != all.points - points) {
			printf("%s: %zu of %zu points within %g px\n", dataset->photos[i].path,
			       all.near - near, all.points - points, NEAR_PX);
		}
	}
	double share = all.points ? (double)all.near / (double)all.points : 0;
	printf("%s on %s against %s: %zu of %zu visible points (%.2f %%) within %g px of the network's input; the "
	       "farthest %.2f px; %zu not seen\n",
	       dataset->name, configs[1].backend, configs[0].backend, all.near, all.points, 100 * share,
	       NEAR_PX, all.largest_px, all.seen_differs);
	pf_image_release(&image);
	pf_scorer_destroy(scorers[0]);
	pf_scorer_destroy(scorers[1]);
	pf_dataset_free(dataset);
	return share < LEAST_SHARE;
}
