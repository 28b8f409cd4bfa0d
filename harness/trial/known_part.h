/* Trials of which some photos are known already, from a journal or a cache: the variant gets a dataset of the
 * others, whatever its way of working. Bursts are found over all photos, in the trial's process, before it
 * begins; ranks are made of all scores in the harness, after its end. So the outcomes are those of a trial
 * that scored everything. */
#ifndef HARNESS_KNOWN_PART_H
#define HARNESS_KNOWN_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/scores/outcomes.h"
#include "harness/trial/frames.h"
#include "photofinish/dataset.h"
#include "photofinish/scorer.h"
#include "photofinish/variant.h"

/* A bit for each photo, in whole slots of the trial's memory; 0 for NULL. */
size_t pf_known_bytes(const pf_outcomes *known);

/* Copies what is known to `outcomes`, of as many photos, but for bursts and ranks, and sets the bits of those
 * photos; nothing for NULL. */
void pf_known_take(const pf_outcomes *known, pf_outcomes *outcomes, uint8_t *bits);

/* The photo that the variant calls number `index`; PF_NO_PHOTO where there is none. */
uint32_t pf_known_index(const pf_outcomes *known, uint32_t index);

/* In the trial's process. PF_ERR_NO_MEMORY, what detection or the variant end with. */
pf_status pf_known_part_run(const struct pf_variant *variant, const struct pf_env *env,
			    const pf_dataset *dataset, const uint8_t *bits, struct pf_pipe_sink *pipe,
			    pf_error *error);

/* Ranks the bursts all of whose photos are done and placed (their burst and place are known); what was known
 * and not placed, because the trial ended before, is done no more. */
pf_status pf_known_rank(pf_outcomes *outcomes, const bool *placed, const pf_scorer_config *config,
			pf_error *error);

#endif
