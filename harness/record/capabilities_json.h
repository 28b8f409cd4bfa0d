/* What a variant is or needs (enum pf_cap), as records have it. */
#ifndef HARNESS_CAPABILITIES_JSON_H
#define HARNESS_CAPABILITIES_JSON_H

#include <jansson.h>

/* An array of names: "floor", "workers", "threads", "gpu", "may-crash", "command", "approx",
 * "server". */
json_t *pf_capabilities_json(unsigned caps);

/* The reverse; names that are not known are ignored. */
unsigned pf_capabilities_of(const json_t *names);

#endif
