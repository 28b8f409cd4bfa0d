/* Presets: how much of the exactness of scores is given for speed. One table (core/scoring/preset.c) says for
 * each preset, and for each class of photos by their size, what a scorer does. Scores of different presets
 * are different scores: a preset is part of what identifies a reference. */
#ifndef PHOTOFINISH_PRESET_H
#define PHOTOFINISH_PRESET_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* Values of pf_scorer_config.preset; PF_PRESET_ULTRA, 0, gives up nothing. */
enum {
	PF_PRESET_ULTRA,
	PF_PRESET_HIGH,
	PF_PRESET_BALANCED,
	PF_PRESET_FAST,
	PF_PRESET_DRAFT,
	PF_PRESETS,
};

#define PF_PRESET_NAMES "ultra|high|balanced|fast|draft" /* as of a choice, in that order */

/* Classes of photos by their longest side: up to 800, 2,000, 3,072 (beyond that ultra analyses at half the
 * size), 6,144 px (beyond that at a third or less), and longer. */
#define PF_SIZE_CLASSES 5
extern PF_API const uint32_t pf_size_class_longest_px[PF_SIZE_CLASSES]; /* the last is UINT32_MAX */

typedef struct pf_preset_plan {
	const char *name, *summary; /* one line */
	uint32_t strategy;          /* PF_STRATEGY_* bits that its scorers have whatever the variant */
	uint32_t left_out;          /* PF_LEAVE_OUT_* bits: measures stay 0, and weights as they are */
	uint32_t pose_longest_px;   /* of the pose network's input; 0: what its card says */
	uint8_t reduction[PF_SIZE_CLASSES]; /* planes are decoded to 1 / this of each side: 1, 2 or 4 */
} pf_preset_plan;

/* The row of a preset; NULL for values from PF_PRESETS on. Static. */
PF_API const pf_preset_plan *pf_preset_plan_of(uint32_t preset);

/* By how much a photo's planes come smaller: what the table says of its size, but never so that the shorter
 * side falls below PF_REDUCED_SHORTEST_PX. 1 for values that are no preset. */
#define PF_REDUCED_SHORTEST_PX 200
PF_API uint32_t pf_preset_reduction(uint32_t preset, uint32_t width_px, uint32_t height_px);

/* The preset of that name. PF_ERR_USAGE names those that there are. */
PF_API pf_status pf_preset_find(const char *name, uint32_t *preset, pf_error *error);

/* Why scorers of this configuration cannot do what its preset says: static text, for people; NULL where they
 * can. */
struct pf_scorer_config;
PF_API const char *pf_preset_problem(const struct pf_scorer_config *config);

#endif
