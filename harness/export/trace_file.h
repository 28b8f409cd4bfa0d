/* The spans of a run, one by one, as a file that trace viewers read. */
#ifndef HARNESS_TRACE_FILE_H
#define HARNESS_TRACE_FILE_H

#include "harness/run/run.h"

/* Writes Chrome trace events to `path` (output.h): the median trial of each contestant that has a checked one
 * with its spans kept is a process, its workers are threads, photos are arguments. PF_ERR_INVALID if there is
 * none. */
pf_status pf_trace_file_write(const pf_run *run, const char *path, pf_error *error);

#endif
