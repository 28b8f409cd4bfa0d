/* Another build of photofinish in records. */
#ifndef HARNESS_BUILD_JSON_H
#define HARNESS_BUILD_JSON_H

#include <jansson.h>
#include <stdbool.h>

struct pf_build;

/* What it says of itself; its path is left out, which may bear a user's name. Null for NULL. */
json_t *pf_build_json(const struct pf_build *build);

/* Reads one back, without a path; what is not there is "". `own`, the build that wrote the record, gets the
 * program's digest where the two have it in common. Texts are not plain. False where there is none. */
bool pf_build_of_json(const json_t *object, struct pf_build *build, struct pf_build *own);

#endif
