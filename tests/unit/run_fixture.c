#include "run_fixture.h"

#include <stdio.h>
#include <string.h>

void pf_fixture_run_open(pf_fixture_run *fixture, size_t photos)
{
	memset(fixture, 0, sizeof *fixture);
	fixture->dataset = (pf_dataset){
		.name = (char *)"made", .root = (char *)"/made", .photos = fixture->photos, .count = photos};
	for (size_t i = 0; i < photos; i++) {
		fixture->photos[i] = (pf_dataset_photo){.path = "IMG.jpg", .size_bytes = 4000000};
	}
	fixture->session = (pf_session){.dataset = &fixture->dataset, .manifest_fd = -1};
	fixture->outcomes = (pf_outcomes){.scored = photos};
	fixture->run = (pf_run){.session = &fixture->session,
				.command = "journey",
				.contestants = fixture->contestants,
				.reference = {.outcomes = &fixture->outcomes}};
}

pf_contestant *pf_fixture_run_add(pf_fixture_run *fixture, const char *name, const char *parent,
				  uint32_t workers, const double *seconds)
{
	size_t index = fixture->run.contestant_count++;
	struct pf_variant *variant = &fixture->variants[index];
	pf_contestant *contestant = &fixture->contestants[index];
	*variant = (struct pf_variant){
		.name = name, .parent = parent, .caps = workers > 1 ? PF_CAP_WORKERS : 0};
	*contestant = (pf_contestant){
		.variant = variant, .workers = workers, .trials = fixture->trials[index]};
	snprintf(contestant->label, sizeof contestant->label, "%s", name);
	for (size_t i = 0; seconds && seconds[i] > 0; i++) {
		contestant->trials[contestant->trial_count++] = (pf_trial){
			.round = (uint32_t)i + 1,
			.workers = workers,
			.ending = PF_ENDED_OK,
			.checked = true,
			.wall_ns = (uint64_t)(seconds[i] * 1e9),
			.cpu_ns = (uint64_t)(seconds[i] * 1e9) * workers,
			.first_result_ns = (uint64_t)(seconds[i] * 1e8),
			.photos_scored = fixture->dataset.count,
			.peak_rss_bytes = 100000000,
		};
	}
	if (contestant->trial_count > fixture->run.rounds) {
		fixture->run.rounds = fixture->run.rounds_done = (uint32_t)contestant->trial_count;
	}
	return contestant;
}

void pf_fixture_run_stage(pf_contestant *contestant, pf_stage stage, double share)
{
	for (size_t i = 0; i < contestant->trial_count; i++) {
		pf_trial *trial = &contestant->trials[i];
		trial->stage_ns[stage] = (uint64_t)((double)trial->wall_ns * share);
		trial->stage_spans[stage] = 1;
	}
}
