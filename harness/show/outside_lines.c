#include "harness/show/outside_lines.h"

#include "harness/base/text.h"

const char *pf_scores_text(const pf_contestant *contestant)
{
	return pf_run_tolerance(contestant) ? "-" : "identical";
}

void pf_approximate_print(const pf_run *run, int columns, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		const pf_tolerance *tolerance = pf_run_tolerance(contestant);
		char limits[PF_TOLERANCE_TEXT], text[PF_TOLERANCE_TEXT + 32];
		pf_interval seconds;
		if (tolerance && pf_run_time(contestant, &seconds)) {
			snprintf(text, sizeof text, "approximate: %s",
				 pf_tolerance_text(tolerance, limits, sizeof limits));
			fprintf(stream, "%s  ", contestant->label);
			pf_text_wrap(stream, text, columns, 4, (int)pf_text_width(contestant->label) + 2);
		}
	}
}

void pf_tolerance_print(const pf_tolerance *tolerance, FILE *stream)
{
	char limits[PF_TOLERANCE_TEXT];
	if (tolerance->declared) {
		fprintf(stream, "Scores are approximate: %s.\n",
			pf_tolerance_text(tolerance, limits, sizeof limits));
	}
}

void pf_unchecked_print(const pf_run *run, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		pf_interval seconds;
		char time[PF_TEXT];
		if (pf_run_unchecked_time(contestant, &seconds)) {
			pf_text_say(
				stream,
				"\nScores not checked: %s wrote none. It took %s; that stands in no ratio.\n",
				contestant->label, pf_text_time(&seconds, time));
		}
	}
}

void pf_refused_print(const pf_run *run, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		pf_refusals sum = {.total = 0};
		char text[PF_REFUSALS_TEXT];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_refusals *one = &contestant->trials[k].refusals;
			for (uint32_t j = 0; j < one->kinds; j++) {
				pf_refusals_add(&sum, one->calls[j].number, one->calls[j].count);
			}
		}
		if (sum.total) {
			pf_text_say(stream, "\n%s: its processes were refused: %s.\n", contestant->label,
				    pf_refusals_text(&sum, text));
		}
	}
}
