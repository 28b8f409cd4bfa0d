/* A library with workloads: loading it, and its table. */
#ifndef HARNESS_WORKLOAD_LIBRARY_H
#define HARNESS_WORKLOAD_LIBRARY_H

#include "photofinish/status.h"
#include "photofinish/workload.h"

/* Loads a shared object; it stays loaded. */
pf_status pf_workload_library_load(const char *path, void **handle, pf_error *error);

/* Of a handle of dlopen, or RTLD_DEFAULT: what this program itself is linked with. NULL: it has none that can
 * be used. It may have been built with an older workload.h, and then lacks the last fields of workloads:
 * pf_workload_ways. */
const pf_workloads *pf_workload_table(void *handle);

/* The ways of a workload, ended by NULL; NULL: one way. */
const char *const *pf_workload_ways(const pf_workloads *table, const pf_workload *workload);

#endif
