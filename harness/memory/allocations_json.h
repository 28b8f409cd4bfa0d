/* Counted allocations of a trial, as records have them. */
#ifndef HARNESS_ALLOCATIONS_JSON_H
#define HARNESS_ALLOCATIONS_JSON_H

#include <jansson.h>

#include "harness/memory/allocations.h"

json_t *pf_allocations_json(const pf_allocations *counted); /* new reference */

/* The reverse, freed by pf_allocations_free; NULL where nothing was counted. */
pf_allocations *pf_allocations_of(const json_t *object);

#endif
