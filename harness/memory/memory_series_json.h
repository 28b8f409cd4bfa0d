/* The sampled memory of a trial, as records have it. */
#ifndef HARNESS_MEMORY_SERIES_JSON_H
#define HARNESS_MEMORY_SERIES_JSON_H

#include <jansson.h>

#include "harness/memory/memory_sampler.h"

/* A slot's number, null for PF_NO_SLOT; new reference. The reverse takes all else for PF_NO_SLOT. */
json_t *pf_slot_json(uint32_t slot);
uint32_t pf_slot_of(const json_t *object, const char *key);

json_t *pf_memory_series_json(const pf_memory_series *series); /* new reference */

/* The reverse, freed by pf_memory_series_free; NULL where there was no sample. */
pf_memory_series *pf_memory_series_of(const json_t *object);

#endif
