/* How a trial was contained, in its record. */
#ifndef HARNESS_CONTAINMENT_JSON_H
#define HARNESS_CONTAINMENT_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/trial/trial.h"

json_t *pf_containment_json(const pf_trial *trial); /* new reference */

/* What was refused, back into the trial. */
void pf_containment_of(const json_t *containment, pf_trial *out);

/* "its processes were refused: socket 2 times, execve": of all trials of a step's record; false where none
 * was. */
bool pf_refused_text(const json_t *variant, char *out, size_t capacity);

#endif
