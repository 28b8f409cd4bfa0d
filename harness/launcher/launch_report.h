/* What the launcher (launcher.c) and the harness tell each other. */
#ifndef HARNESS_LAUNCH_REPORT_H
#define HARNESS_LAUNCH_REPORT_H

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

/* Arguments of the launcher, before those of the command, which begin with its name. */
enum {
	PF_LAUNCH_REPORT_FD = 1, /* where the report is written */
	PF_LAUNCH_PARENT,        /* process id of the harness */
	PF_LAUNCH_FLAGS,         /* letters of the next four */
	PF_LAUNCH_PROGRAM,
	PF_LAUNCH_ARGUMENTS
};
#define PF_LAUNCH_IN_GROUP 'g' /* the command stays in the launcher's process group */
#define PF_LAUNCH_TERMINAL 't' /* it is given the terminal before it starts */
#define PF_LAUNCH_HELD 'h'     /* the command starts once a byte has come on the report's descriptor */
#define PF_LAUNCH_PLAIN '-'    /* none of them */

/* Signals to the launcher: the command's group is asked to end (SIGTERM), or is killed. */
#define PF_LAUNCH_ASK SIGTERM
#define PF_LAUNCH_KILL SIGUSR2

typedef enum pf_launch_kind {
	PF_LAUNCH_ENDED,      /* the command ran and ended */
	PF_LAUNCH_FAILED,     /* it could not be started: status is an errno */
	PF_LAUNCH_NO_TERMINAL /* it asked for a terminal that could not be given to it, and was killed */
} pf_launch_kind;

/* Written once, by one write. */
typedef struct pf_launch_report {
	uint32_t kind;
	int32_t status;            /* as wait4 has it */
	uint32_t had_terminal;     /* 1: it was given the terminal */
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC: before its start, and when it was seen to have ended */
	struct rusage usage;       /* of the command and those it waited for, nothing of the launcher */
} pf_launch_report;

#endif
