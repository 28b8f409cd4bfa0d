/* The machine and the build in records. */
#ifndef HARNESS_ENVIRONMENT_JSON_H
#define HARNESS_ENVIRONMENT_JSON_H

#include <jansson.h>

/* New reference: pf_environment as it is now. */
json_t *pf_environment_json(void);

#endif
