#include "harness/trial/trial_figures.h"

#include "harness/trial/trial.h"

#define FIGURE(field, unit, shown, what) {#field, offsetof(pf_trial, field), unit, PF_SHOWN_##shown, what},

const pf_trial_figure pf_trial_figures[PF_TRIAL_FIGURE_COUNT] = {PF_TRIAL_FIGURES(FIGURE)};

uint64_t *pf_trial_figure_at(pf_trial *trial, const pf_trial_figure *figure)
{
	return (uint64_t *)((char *)trial + figure->offset);
}

bool pf_trial_figure_told(const pf_trial *trial, const pf_trial_figure *figure, uint64_t *value)
{
	bool zero_tells = figure->shown == PF_SHOWN_ALWAYS || figure->shown == PF_SHOWN_CHECKED;
	*value = *(const uint64_t *)((const char *)trial + figure->offset);
	return (zero_tells || *value) && (trial->checked || !pf_trial_figure_is_time(figure));
}
