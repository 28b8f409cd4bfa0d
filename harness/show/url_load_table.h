/* What a load on a server gave: percentiles, outcomes by phase, the knee. */
#ifndef HARNESS_URL_LOAD_TABLE_H
#define HARNESS_URL_LOAD_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* The record of a load that has a `url`; texts of a stored one have to be plain (plain_json.h). */
void pf_url_load_print(const json_t *record, FILE *stream);

#endif
