/* The record of a soak: photofinish.soak/1 (docs/load.md). */
#ifndef HARNESS_SOAK_JSON_H
#define HARNESS_SOAK_JSON_H

#include "harness/load/soak.h"

/* Writes it to `path` ("-": standard output), all or nothing. */
pf_status pf_soak_write(const pf_soak *soak, const char *path, pf_error *error);

#endif
