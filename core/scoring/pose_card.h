/* Model cards: what a pose network wants as its input and what its outputs mean. docs/models.md explains the
 * keys and gives the cards of models that people have. */
#ifndef PHOTOFINISH_POSE_CARD_H
#define PHOTOFINISH_POSE_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/network.h"
#include "photofinish/pose.h"
#include "photofinish/status.h"

/* X(constant, name in cards) */
#define PF_POSE_KIND_LIST(X)          \
	X(PF_POSE_HEATMAP, "heatmap") \
	X(PF_POSE_SIMCC, "simcc")     \
	X(PF_POSE_YOLO, "yolo")       \
	X(PF_POSE_MOVENET, "movenet")
#define PF_POSE_LAYOUT_LIST(X)  \
	X(PF_POSE_NCHW, "nchw") \
	X(PF_POSE_NHWC, "nhwc")
#define PF_POSE_COLOUR_LIST(X)    \
	X(PF_POSE_YCBCR, "ycbcr") \
	X(PF_POSE_RGB, "rgb")     \
	X(PF_POSE_BGR, "bgr")

#define PF_POSE_ENUM(constant, name) constant,
typedef enum pf_pose_kind { PF_POSE_KIND_LIST(PF_POSE_ENUM) PF_POSE_KINDS } pf_pose_kind;
typedef enum pf_pose_layout { PF_POSE_LAYOUT_LIST(PF_POSE_ENUM) PF_POSE_LAYOUTS } pf_pose_layout;
typedef enum pf_pose_colour { PF_POSE_COLOUR_LIST(PF_POSE_ENUM) PF_POSE_COLOURS } pf_pose_colour;
#undef PF_POSE_ENUM

typedef struct pf_pose_card {
	char name[64], licence[64], notes[512];
	char input[64];               /* the input's name; empty: the only input */
	uint32_t width_px, height_px; /* of the input; landscape if `turn` */
	bool turn;                    /* portrait photos get an input with the sides exchanged */
	pf_pose_layout layout;
	pf_pose_colour colour;
	double mean[3],
		std[3]; /* value = (sample - mean) / std for samples 0..255, in the order of the channels */
	double padding; /* sample 0..255 of all three colours around the photo (grey in YCbCr too) */
	pf_pose_kind kind;
	double stride;      /* heatmap: input px for each cell; 0: from the shapes */
	double split_ratio; /* simcc: bins for each input px; 0: from the shapes */
	bool top_down;      /* wants a person's box, not the whole photo */
	double box_padding; /* top_down: the box is enlarged by this factor */
	double keypoint_threshold,
		pose_threshold;   /* confidences from which on something counts as seen, found */
	double max_constants_mib; /* that may be computed while the network is loaded */
	char guessed[256];        /* what no card said; empty where there is a card */
} pf_pose_card;

/* What a card that does not say otherwise has: nchw, rgb, mean 0, std 1, grey padding, the whole photo,
 * thresholds by kind. */
void pf_pose_card_default(pf_pose_card *card);

/* Path of the card beside a model: the same name, ".yaml" in place of the last extension. PF_ERR_INVALID
 * where it does not fit. */
pf_status pf_pose_card_path(const char *model_file, char *path, size_t bytes, pf_error *error);

/* Reads a card. PF_ERR_NOT_FOUND where there is none; PF_ERR_INVALID names the key. */
pf_status pf_pose_card_load(const char *file, pf_pose_card *card, pf_error *error);

/* Guesses a card from a network's only input and its outputs; `guessed` says what was guessed and how to say
 * it better. PF_ERR_UNSUPPORTED where the shapes are those of no kind of pose network. `model_file` is for
 * errors. */
pf_status pf_pose_card_guess(const pf_network_tensor *input, const pf_network_tensor *outputs,
			     size_t output_count, const char *model_file, pf_pose_card *card,
			     pf_error *error);

/* Whether the network's input and outputs fit the card, so that filling and decoding cannot go wrong.
 * `width_px` and `height_px` are the sides in use (exchanged for portrait). Fills in a stride or split ratio
 * of 0. PF_ERR_INVALID says what does not fit. */
pf_status pf_pose_card_check(pf_pose_card *card, uint32_t width_px, uint32_t height_px,
			     const pf_network_tensor *input, const pf_network_tensor *outputs,
			     size_t output_count, const char *model_file, pf_error *error);

const char *pf_pose_kind_name(pf_pose_kind kind); /* "unknown" for values out of range */

#endif
