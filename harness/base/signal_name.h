/* Names of signals, those that have no name of their own included. */
#ifndef HARNESS_SIGNAL_NAME_H
#define HARNESS_SIGNAL_NAME_H

#define PF_SIGNAL_NAME 24 /* bytes */

/* "SIGKILL", "SIGRTMIN+3", "signal 32". Returns `out`. */
char *pf_signal_name(int number, char out[PF_SIGNAL_NAME]);

#endif
