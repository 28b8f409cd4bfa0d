/* The trends of a soak, as a table. */
#ifndef HARNESS_SOAK_TABLE_H
#define HARNESS_SOAK_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* The record of one (soak_json.h); texts of a stored one have to be plain (plain_json.h). */
void pf_soak_print(const json_t *record, FILE *stream);

#endif
