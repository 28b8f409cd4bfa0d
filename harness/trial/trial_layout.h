/* What a trial's process and the harness that starts it have to agree on, as one number: two builds with the
 * same one understand each other. */
#ifndef HARNESS_TRIAL_LAYOUT_H
#define HARNESS_TRIAL_LAYOUT_H

#include <stdint.h>

/* The first 64 bits of a SHA-256 over the headers that say what lies where in shared memory, frames and
 * queries. Made at build time (scripts/trial_layout.cmake): no list of fields has to be kept. */
uint64_t pf_trial_layout(void);

#endif
