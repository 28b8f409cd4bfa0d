/* One run of any command, timed from outside. */
#ifndef HARNESS_TIMED_COMMAND_H
#define HARNESS_TIMED_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "photofinish/status.h"

/* How it is run. Zeroed: no time limit, standard input empty, what it prints is thrown away. */
typedef struct pf_timed_setting {
	double timeout_s;  /* 0: none */
	const char *input; /* file that its standard input is; NULL: an empty one */
	/* Where its standard output goes: NULL or "null": /dev/null; "inherit": as this process's, standard
	 * error too, which is thrown away otherwise; "pipe": into a pipe that is read and thrown away; else a
	 * file, written anew by each run. */
	const char *output;
	char *const *environment; /* NULL: this process's */
	/* May be NULL: called when the process is there that will start the command as its child, which it
	 * does once this has returned; about ten times a second while it runs; and when the command has ended
	 * and was reaped. */
	void (*starting)(void *context, pid_t launcher);
	void (*tick)(void *context);
	void (*ended)(void *context);
	void *context;
} pf_timed_setting;

typedef struct pf_timed_run {
	uint64_t wall_ns;            /* from before its start until it had ended */
	uint64_t user_ns, system_ns; /* of it and of those it waited for */
	uint64_t peak_rss_bytes;     /* of the largest of these processes */
	int status;                  /* its exit status, or 128 and the number of the signal that ended it */
	bool timed_out, stopped;     /* ended by us: at the time limit, on an interrupt */
	uint64_t held_up_ns; /* longest time beyond a tenth of a second that this process itself did not
				get to run meanwhile; 0: below a quarter of a second. wall_ns is right all the
				same: it is the launcher's (child.h) */
} pf_timed_run;

/* Runs arguments[0] (searched in PATH) in a process group of its own. At the time limit and on an interrupt
 * (interrupt.h) the group is asked to end (SIGTERM), and killed a second later; what a command leaves in its
 * group when it ends is killed, too. A command that fails is a result; one that cannot be started, and a file
 * that cannot be opened, an error. */
pf_status pf_timed_command_run(char *const *arguments, const pf_timed_setting *setting, pf_timed_run *out,
			       pf_error *error);

#endif
