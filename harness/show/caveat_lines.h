/* What is to be known before believing the figures of a record of one variant, below its heading. */
#ifndef HARNESS_CAVEAT_LINES_H
#define HARNESS_CAVEAT_LINES_H

#include <jansson.h>
#include <stdio.h>

/* A line for each entry of the record's "caveats". */
void pf_caveats_print(const json_t *record, FILE *stream);

#endif
