/* What a trial read, wrote and moved, as records have it. */
#ifndef HARNESS_BYTES_JSON_H
#define HARNESS_BYTES_JSON_H

#include <jansson.h>

#include "harness/trial/trial.h"

/* New references. Bytes read and written by the kernel's count; null where it does not tell. */
json_t *pf_io_json(const pf_io_count *io);

/* Bytes that one process took from another, by sender, receiver and kind. */
json_t *pf_moved_json(const pf_trial *trial);

/* The reverse; what the record lacks is not known. */
void pf_io_of(const json_t *object, pf_io_count *out);
void pf_moved_of(const json_t *hops, pf_trial *out);

#endif
