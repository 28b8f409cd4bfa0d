/* What a load scenario gave: percentiles or throughput, and the objectives. */
#ifndef HARNESS_LOAD_TABLE_H
#define HARNESS_LOAD_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* The record of a load (load_json.h), of any scenario; texts of a stored one have to be plain
 * (plain_json.h). */
void pf_load_print(const json_t *record, FILE *stream);

/* Parts of it, which loads on servers have, too (url_load_table.h). */
void pf_load_print_percentiles(const json_t *record, FILE *stream);
void pf_load_print_slos(const json_t *record, FILE *stream);
const json_t *pf_load_percentile(const json_t *list, double p); /* the entry for `p`, or NULL */

#endif
