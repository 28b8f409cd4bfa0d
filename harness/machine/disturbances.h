/* What else the machine did meanwhile, in words. */
#ifndef HARNESS_DISTURBANCES_H
#define HARNESS_DISTURBANCES_H

#include <stddef.h>

#include "harness/machine/machine_state.h"

#define PF_DISTURBANCES_TEXT 160

/* "others used 0.8 of 2 cores, steal 6 %"; "" where it was too little to tag a trial. Returns `out`. */
char *pf_disturbances_text(const pf_machine_state *state, char out[PF_DISTURBANCES_TEXT]);

#endif
