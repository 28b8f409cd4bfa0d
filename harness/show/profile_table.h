/* A profile on the terminal: how it was taken, stages, functions. */
#ifndef HARNESS_PROFILE_TABLE_H
#define HARNESS_PROFILE_TABLE_H

#include <stdio.h>

#include "harness/profile/profile.h"
#include "harness/stats/student.h"

/* `stages` has PF_STAGE_COUNT; NULL: nothing has stages. `cpu` is the CPU time with looking over that
 * without, of cpu->n pairs; NULL: not measured. */
void pf_profile_print(const pf_profile *profile, const pf_profiled_stage *stages, const pf_interval *cpu,
		      const pf_interval *wall, FILE *stream);

#endif
