/* What all trials of a record have in common: configuration and photos. */
#ifndef HARNESS_SESSION_JSON_H
#define HARNESS_SESSION_JSON_H

#include <jansson.h>

#include "harness/trial/trial.h"

/* New references. Everything beside the photos that decides scores and endings; NULL on failure. */
json_t *pf_configuration_json(const pf_session *session);

/* Name, hash and number of the photos, as records of loads, soaks and audits have them. */
json_t *pf_session_dataset_json(const pf_session *session);

#endif
