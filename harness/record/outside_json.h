/* Variants from outside, as records have them. */
#ifndef HARNESS_OUTSIDE_JSON_H
#define HARNESS_OUTSIDE_JSON_H

#include <jansson.h>

#include "harness/scores/tolerance.h"
#include "photofinish/variant.h"

/* Where it came from: the file's name and digest of a plug-in, the digest of a command line (which may hold
 * names of users). Null for a variant that was built in. */
json_t *pf_outside_json(const struct pf_variant *variant);

/* The figures that were checked, with their largest differences; null where all were, bit by bit. */
json_t *pf_tolerance_json(const pf_tolerance *tolerance);

/* How the ranks agreed, as counts. Null for exact scores. */
json_t *pf_agreement_json(const pf_tolerance *tolerance, const pf_agreement *agreement);
void pf_agreement_of_json(const json_t *object, pf_agreement *agreement);

/* The reverse of pf_tolerance_json: what is no tolerance declares nothing. */
void pf_tolerance_of(const json_t *object, pf_tolerance *tolerance);

#endif
