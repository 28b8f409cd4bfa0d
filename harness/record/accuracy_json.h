/* The figures of an accuracy measurement as JSON. */
#ifndef HARNESS_ACCURACY_JSON_H
#define HARNESS_ACCURACY_JSON_H

#include "harness/model/accuracy.h"

/* Writes {"schema": "photofinish.accuracy/1", ...}, keys sorted, to `path` ("-": standard output). With
 * `variant` (else NULL) also what was compared with the plain path, as "compared". */
pf_status pf_accuracy_write(const pf_accuracy_pair *pair, const char *variant, const pf_dataset *dataset,
			    const char *path, pf_error *error);

#endif
