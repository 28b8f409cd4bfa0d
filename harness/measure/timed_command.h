/* One run of any command, timed from outside. */
#ifndef HARNESS_TIMED_COMMAND_H
#define HARNESS_TIMED_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/status.h"

typedef struct pf_timed_run {
	uint64_t wall_ns;            /* from before its start until it had ended */
	uint64_t user_ns, system_ns; /* of it and of those it waited for */
	uint64_t peak_rss_bytes;     /* of the largest of these processes */
	int status;                  /* its exit status, or 128 and the number of the signal that ended it */
	bool timed_out, stopped;     /* ended by us: at the time limit, on an interrupt */
} pf_timed_run;

/* Runs arguments[0] (searched in PATH) in a process group of its own, standard input empty, its output thrown
 * away unless `show_output`. At the time limit (0: none) and on an interrupt (interrupt.h) the group is asked
 * to end (SIGTERM), and killed a second later; what a command leaves in its group when it ends is killed,
 * too. A command that fails is a result; one that cannot be started an error. */
pf_status pf_timed_command_run(char *const *arguments, double timeout_s, bool show_output, pf_timed_run *out,
			       pf_error *error);

#endif
