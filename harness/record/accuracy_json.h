/* The figures of an accuracy measurement as JSON. */
#ifndef HARNESS_ACCURACY_JSON_H
#define HARNESS_ACCURACY_JSON_H

#include "harness/model/accuracy.h"

/* Writes {"schema": "photofinish.accuracy/1", ...}, keys sorted, to `path` ("-": standard output). */
pf_status pf_accuracy_write(const pf_accuracy *accuracy, const pf_dataset *dataset, const char *path,
			    pf_error *error);

#endif
