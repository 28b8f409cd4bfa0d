/* Instructions under callgrind, below a run's table. */
#ifndef HARNESS_CALLGRIND_LINES_H
#define HARNESS_CALLGRIND_LINES_H

#include <stdio.h>

#include "harness/run/callgrind.h"

/* NULL prints nothing. */
void pf_callgrind_print(const pf_callgrind *callgrind, FILE *stream);

#endif
