#include "harness/scores/score_caveat.h"

#include <stdio.h>
#include <string.h>

#include "photofinish/preset.h"

void pf_score_caveat(const pf_scorer_config *scorer, char out[PF_SCORE_CAVEAT])
{
	char in[PF_STAGES_TEXT], left_out[PF_STAGES_TEXT];
	const char *no_pose = pf_scorer_no_pose(scorer);
	out[0] = '\0';
	if (no_pose[0]) {
		snprintf(out, PF_SCORE_CAVEAT, "WITHOUT POSE: %s", no_pose);
	}
	if (scorer->preset) {
		size_t used = strlen(out);
		snprintf(out + used, PF_SCORE_CAVEAT - used, "%sPRESET %s: not the usual scores",
			 used ? "; " : "", pf_preset_plan_of(scorer->preset)->name);
	}
	if (scorer->left_out) {
		size_t used = strlen(out);
		pf_scorer_stages_text(scorer, in, left_out);
		snprintf(out + used, PF_SCORE_CAVEAT - used, "%sONLY PART OF THE JOB: %s; without %s",
			 used ? "; " : "", in, left_out);
	}
}
