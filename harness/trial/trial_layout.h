/* What a trial's process and the harness that starts it have to agree on, as one number: two builds with the
 * same one understand each other. */
#ifndef HARNESS_TRIAL_LAYOUT_H
#define HARNESS_TRIAL_LAYOUT_H

#include <stdint.h>

/* FNV-1a over sizes and offsets of everything in shared memory and in frames, and over the names of stages,
 * factors, measures and errors in their order. Never 0. */
uint64_t pf_trial_layout(void);

#endif
