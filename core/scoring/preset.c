/* The one table of what presets do. docs/presets.md says what each costs and what it is worth, as measured.
 */
#include "photofinish/preset.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "photofinish/scorer.h"

enum { NEAR = PF_STRATEGY_INT8 | PF_STRATEGY_HEAD_WINDOW };

const uint32_t pf_size_class_longest_px[PF_SIZE_CLASSES] = {800, 2000, 3072, 6144, UINT32_MAX};

static const pf_preset_plan plans[PF_PRESETS] = {
	[PF_PRESET_ULTRA] = {.name = "ultra",
			     .summary = "the reference's scores, to the bit",
			     .reduction = {1, 1, 1, 1, 1}},
	[PF_PRESET_HIGH] = {.name = "high",
			    .summary = "the pose with 8 bits, faces searched around the head",
			    .strategy = NEAR,
			    .reduction = {1, 1, 1, 1, 1}},
	[PF_PRESET_BALANCED] = {.name = "balanced",
				.summary = "as high, decoded at the size that ultra analyses at",
				.strategy = NEAR,
				.reduction = {1, 1, 1, 2, 2}},
	[PF_PRESET_FAST] = {.name = "fast",
			    .summary = "as balanced, decoded and analysed at a quarter of the size",
			    .strategy = NEAR,
			    .reduction = {1, 1, 2, 4, 4}},
	[PF_PRESET_DRAFT] = {.name = "draft",
			     .summary = "as fast, with two thirds of the pose network's input, without faces",
			     .strategy = PF_STRATEGY_INT8,
			     .left_out = PF_LEAVE_OUT_FACES,
			     .pose_longest_px = 256,
			     .reduction = {1, 2, 2, 4, 4}},
};

const pf_preset_plan *pf_preset_plan_of(uint32_t preset)
{
	return preset < PF_PRESETS ? &plans[preset] : NULL;
}

uint32_t pf_preset_reduction(uint32_t preset, uint32_t width_px, uint32_t height_px)
{
	uint32_t longest = width_px > height_px ? width_px : height_px;
	uint32_t shortest = width_px > height_px ? height_px : width_px;
	if (preset >= PF_PRESETS) {
		return 1;
	}
	size_t size = 0;
	while (longest > pf_size_class_longest_px[size]) {
		size++;
	}
	uint32_t by = plans[preset].reduction[size];
	while (by > 1 && shortest < by * PF_REDUCED_SHORTEST_PX) {
		by /= 2;
	}
	return by;
}

pf_status pf_preset_find(const char *name, uint32_t *preset, pf_error *error)
{
	char names[128] = "";
	for (uint32_t i = 0; i < PF_PRESETS; i++) {
		size_t used = strlen(names);
		if (strcmp(plans[i].name, name) == 0) {
			*preset = i;
			return PF_OK;
		}
		snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", plans[i].name);
	}
	return pf_fail(error, PF_ERR_USAGE, NULL, "\"%.64s\" is no preset; they are %s", name, names);
}

const char *pf_preset_problem(const pf_scorer_config *config)
{
	const uint32_t all = PF_LEAVE_OUT_QUALITY | PF_LEAVE_OUT_POSE | PF_LEAVE_OUT_FACES;
	const pf_preset_plan *plan = pf_preset_plan_of(config->preset);
	if (plan && plan->left_out && ((config->left_out | plan->left_out) & all) == all) {
		return "it leaves out the only stage that takes part";
	}
	return plan ? pf_scorer_strategy_problem(config, plan->strategy) : "it is none that there is";
}
