#include "harness/show/placement_lines.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/run/run_facts.h"

static bool same(const pf_cpus *a, const pf_cpus *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* The first slot that did not get, or not keep, what was asked for; NULL if there is none. */
static const pf_place *first_misplaced(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			const pf_trial *trial = &contestant->trials[k];
			for (uint32_t slot = 0; trial->places && slot <= trial->workers; slot++) {
				const pf_place *place = &trial->places[slot];
				bool bound = place->entered && pf_cpus_count(&place->asked);
				if (bound && (!same(&place->asked, &place->got) ||
					      (place->left && !same(&place->asked, &place->kept)))) {
					return place;
				}
			}
		}
	}
	return NULL;
}

static void print_misplaced(const pf_place *place, FILE *stream)
{
	char asked[128], got[128];
	pf_cpus_text(&place->asked, asked, sizeof asked);
	if (place->bind_errno) {
		pf_text_say(stream,
			    "\nWorkers could not be bound (%s): they ran where the kernel put them.\n",
			    strerror(place->bind_errno));
	} else if (!same(&place->asked, &place->got)) {
		pf_text_say(stream, "\nNot all workers got their places: %s was asked for, %s was got.\n",
			    asked, pf_cpus_text(&place->got, got, sizeof got));
	} else {
		pf_text_say(stream, "\nNot all workers kept their places: one began on %s and ended on %s.\n",
			    asked, pf_cpus_text(&place->kept, got, sizeof got));
	}
}

void pf_placement_print(const pf_run *run, FILE *stream)
{
	const pf_placement *placement = &run->session->placement;
	const pf_run_facts facts = pf_run_facts_of(run);
	uint32_t cores = placement->places ? placement->cores : facts.cores;
	uint32_t most = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		most = contestant->workers > most ? contestant->workers : most;
		if (contestant->workers > cores) {
			pf_text_say(stream, "\nMore workers than cores: %s has %u on %u core%s.\n",
				    contestant->label, contestant->workers, cores, pf_text_plural(cores));
		}
	}
	if (placement->kind == PF_PLACEMENT_NONE) {
		pf_text_say(stream, "\nWorkers were not bound: they ran where the kernel put them.\n");
	}
	const pf_place *misplaced = first_misplaced(run);
	if (misplaced) {
		print_misplaced(misplaced, stream);
	}
	if (facts.cpu_quota > 0 && facts.cpu_quota < (most < cores ? most : cores)) {
		pf_text_say(
			stream,
			"\n"
			"Control groups allow %.2g processors' time to this process: less than the workers could use.\n",
			facts.cpu_quota);
	}
}
