/* What a run from a cold page cache says of storage. */
#ifndef HARNESS_CACHE_LINES_H
#define HARNESS_CACHE_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* Static text for the heading. */
const char *pf_cache_heading(const pf_run *run);

/* Nothing unless run->cold_cache: the proof, and for each step what storage gave and whether storage or
 * decoding bounds it. */
void pf_cache_print(const pf_run *run, int columns, FILE *stream);

#endif
