/* Records to notebooks, as files. */
#ifndef HARNESS_NOTEBOOK_FILE_H
#define HARNESS_NOTEBOOK_FILE_H

#include <jansson.h>

#include "photofinish/status.h"

/* Writes the notebook of a record to a file, or to standard output ("-"). */
pf_status pf_notebook_write(const json_t *record, const char *path, pf_error *error);

#endif
