/* Another build of photofinish in records. */
#ifndef HARNESS_BUILD_JSON_H
#define HARNESS_BUILD_JSON_H

#include <jansson.h>

struct pf_build;

/* What it says of itself; its path is left out, which may bear a user's name. Null for NULL. */
json_t *pf_build_json(const struct pf_build *build);

#endif
