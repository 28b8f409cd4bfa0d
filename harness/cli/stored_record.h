/* A stored record, printed as the run printed itself. */
#ifndef HARNESS_STORED_RECORD_H
#define HARNESS_STORED_RECORD_H

#include <stdio.h>

#include "photofinish/status.h"

/* Reads the record at `path` and prints the table of its command. */
pf_status pf_stored_record_print(const char *path, FILE *stream, pf_error *error);

#endif
