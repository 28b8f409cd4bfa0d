/* Decisions of a journey (harness/run/decision.h) in a record, written and read back. */
#ifndef HARNESS_DECISION_JSON_H
#define HARNESS_DECISION_JSON_H

#include <jansson.h>

#include "harness/run/decision.h"

json_t *pf_decision_json(const pf_decision *decision);

/* False where it is null or none. */
bool pf_decision_of(const json_t *decision, pf_decision *out);

/* Gives the variants of a journey's record the member "decision" where an older version wrote none. It did
 * not say either what figure a variant is there to improve: it is taken for the time. */
void pf_decisions_complete(json_t *record);

#endif
