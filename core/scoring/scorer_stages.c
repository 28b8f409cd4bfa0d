/* Which stages a configuration has, and which factors can be judged by them. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/scoring/fusion.h"

/* In the order in which a photo meets them. */
static const struct stage {
	const char *name;
	uint32_t bit; /* 0: always there */
} stages[] = {
	{"facts", 0},
	{"decode", 0},
	{"quality", PF_LEAVE_OUT_QUALITY},
	{"pose", PF_LEAVE_OUT_POSE},
	{"faces", PF_LEAVE_OUT_FACES},
};

enum { STAGES = sizeof stages / sizeof *stages };

static const uint32_t all = PF_LEAVE_OUT_QUALITY | PF_LEAVE_OUT_POSE | PF_LEAVE_OUT_FACES;

pf_status pf_scorer_config_stages(pf_scorer_config *config, const char *list, pf_error *error)
{
	uint32_t named = 0;
	for (const char *at = list; at;) {
		size_t length = strcspn(at, ","), i = 0;
		while (i < STAGES &&
		       (strlen(stages[i].name) != length || strncmp(stages[i].name, at, length) != 0)) {
			i++;
		}
		if (i == STAGES) {
			return pf_fail(
				error, PF_ERR_USAGE, NULL,
				"\"%.*s\" is no stage; they are facts, decode, quality, pose and faces",
				length < 64 ? (int)length : 64, at);
		}
		named |= stages[i].bit;
		at = at[length] ? at + length + 1 : NULL;
	}
	if (!named) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "nothing would be judged: one of quality, pose and faces has to take part");
	}
	config->left_out = all & ~named;
	return PF_OK;
}

static void add(char text[PF_STAGES_TEXT], const char *name)
{
	size_t used = strlen(text);
	snprintf(text + used, PF_STAGES_TEXT - used, "%s%s", used ? ", " : "", name);
}

void pf_scorer_stages_text(const pf_scorer_config *config, char in[PF_STAGES_TEXT], char out[PF_STAGES_TEXT])
{
	const pf_preset_plan *plan = pf_preset_plan_of(config->preset);
	uint32_t left_out = config->left_out | (plan ? plan->left_out : 0);
	in[0] = out[0] = '\0';
	for (size_t i = 0; i < STAGES; i++) {
		add(left_out & stages[i].bit ? out : in, stages[i].name);
	}
}

/* Composition asks where the athlete is: the pose knows, or the sharpest tiles do. */
bool pf_fusion_can_judge(const pf_scorer_config *config, pf_factor factor)
{
	bool quality = !(config->left_out & PF_LEAVE_OUT_QUALITY);
	bool pose = config->model_file[0] && !(config->left_out & PF_LEAVE_OUT_POSE);
	switch (factor) {
	case PF_FACTOR_FORM:
		return pose;
	case PF_FACTOR_FACES:
		return !(config->left_out & PF_LEAVE_OUT_FACES);
	case PF_FACTOR_COMPOSITION:
		return quality || pose;
	default:
		return quality;
	}
}

const char *pf_scorer_no_pose(const pf_scorer_config *config)
{
	if (config->model_file[0] || config->left_out & PF_LEAVE_OUT_POSE) {
		return "";
	}
	return config->no_pose[0] ? config->no_pose : "there is no pose network";
}

void pf_scorer_weights(const pf_scorer_config *config, double weights[PF_FACTOR_COUNT])
{
	double sum = 0.0;
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		weights[i] = pf_fusion_can_judge(config, (pf_factor)i) ? config->weights[i] : 0.0;
		sum += weights[i];
	}
	if (sum <= 0.0) {
		memcpy(weights, config->weights, sizeof config->weights);
	}
}
