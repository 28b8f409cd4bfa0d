/* Where the time of a variant went, by its spans: nested stages, how many workers were busy at once, what
 * each did when it was idle, and the critical path. */
#ifndef HARNESS_SPANS_TABLE_H
#define HARNESS_SPANS_TABLE_H

#include <stdio.h>

#include "harness/run/run.h"

/* Of the contestant's median trial; nothing where it has none that was checked. */
void pf_spans_print(const pf_contestant *contestant, int columns, FILE *stream);

#endif
