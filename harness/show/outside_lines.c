#include "harness/show/outside_lines.h"

#include "harness/base/text.h"

const char *pf_scores_text(const pf_contestant *contestant, char *out, size_t capacity)
{
	char figures[112];
	for (size_t i = contestant->trial_count; i-- > 0;) {
		const pf_trial *trial = &contestant->trials[i];
		if (trial->checked && trial->tolerance.declared) {
			pf_tolerance_text(&trial->tolerance, figures, sizeof figures);
			snprintf(out, capacity, "approximate: %s", figures);
			return out;
		}
	}
	return "identical";
}

void pf_unchecked_print(const pf_run *run, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		pf_interval seconds;
		char time[PF_TEXT];
		if (pf_run_unchecked_time(contestant, &seconds)) {
			fprintf(stream,
				"\nScores not checked: %s wrote none. It took %s; that stands in no ratio.\n",
				contestant->label, pf_text_time(&seconds, time));
		}
	}
}
