/* How a contestant of a run is named on a command line. */
#ifndef HARNESS_CONTESTANT_H
#define HARNESS_CONTESTANT_H

#include "harness/run/run.h"

/* Contestant of a text NAME[:option=value,...]; "workers" is an option of variants with PF_CAP_WORKERS,
 * others get one worker. `workers` is the default. PF_ERR_USAGE says what is wrong with the text. */
pf_status pf_contestant_parse(const char *text, uint32_t workers, pf_contestant *out, pf_error *error);

#endif
