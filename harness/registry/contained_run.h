/* Work on a file of others in a process of its own, contained as a trial's is: what takes over the parser has
 * nothing, and what crashes it is an error. */
#ifndef HARNESS_CONTAINED_RUN_H
#define HARNESS_CONTAINED_RUN_H

#include <stdbool.h>

#include "photofinish/status.h"

/* Calls work(context) there, which may read `file` and what lies in its folder, write to descriptors that are
 * open already and to memory that is shared, and returns 0 to 125. *code is that. PF_ERR_CRASHED names the
 * file and the signal; PF_ERR_CANCELLED: an interrupt came. `devices`: device files can be used, too. Not for
 * a process with threads. */
pf_status pf_contained_run(const char *file, bool devices, int (*work)(void *context), void *context,
			   int *code, pf_error *error);

#endif
